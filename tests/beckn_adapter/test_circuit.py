"""A dead or slow buyer app takes no more than its share, and gets what it is owed soon after it is back."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from beckn_adapter import circuit, outbox, tasks
from beckn_adapter.models import Callback, Circuit
from tests.beckn_adapter.conversation import new_id
from tests.beckn_adapter.rude import Rude, says, says_nothing
from tests.beckn_adapter.test_replies import ACK, again, free_port, owe
from tests.beckn_adapter.test_tally import attempts
from tests.conftest import AtOnce

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("network")]
DEAD = "127.0.0.1:1"


@pytest.fixture(autouse=True)
def a_second_is_enough(settings: Any) -> None:
    settings.BECKN_CALLBACK_TIMEOUT = 1


def owe_many(host: str, count: int, **fields: Any) -> list[Callback]:
    return [owe(host, **fields) for _ in range(count)]


def let_time_pass(seconds: int) -> None:
    """As if what is planned had been planned that much earlier."""
    for row in Circuit.objects.exclude(probe_at=None):
        earlier = {name: getattr(row, name) - timedelta(seconds=seconds) for name in ("probe_at", "waiting_since")}
        Circuit.objects.filter(pk=row.pk).update(**earlier)
    for callback in Callback.objects.filter(state="DUE"):
        Callback.objects.filter(pk=callback.pk).update(due_at=callback.due_at - timedelta(seconds=seconds))


def test_five_failures_in_a_row_open_the_circuit_and_nothing_more_is_sent() -> None:
    with Rude(says("500 Oh")) as host:
        owe_many(host.host, circuit.THRESHOLD)
        tasks.work()
        waiting = owe(host.host)

        tasks.work()

        assert len(host.heard) == circuit.THRESHOLD
    row = Circuit.objects.get(host=host.host)
    assert circuit.state_of(row, timezone.now()) == "OPEN"
    assert (row.failures, row.reason) == (circuit.THRESHOLD, "500")
    assert again(waiting).attempts == 0


def test_one_answer_in_between_keeps_it_closed() -> None:
    failure, answer = circuit.Report("a.test", False, "500"), circuit.Report("a.test", True, "400 refused")

    circuit.learn([failure] * 4 + [answer] + [failure] * 4, timezone.now())

    row = Circuit.objects.get(host="a.test")
    assert (row.failures, row.probe_at, row.reason) == (4, None, "500")


def test_when_the_pause_is_over_one_callback_is_the_probe_though_none_is_due() -> None:
    with Rude(*[says("500 Oh")] * 6) as host:
        owe_many(host.host, 5)
        tasks.work()
        Circuit.objects.update(probe_at=timezone.now())
        Callback.objects.update(due_at=timezone.now() + timedelta(minutes=5))

        tasks.work()

        assert len(host.heard) == 6
    row = Circuit.objects.get(host=host.host)
    assert row.openings == 2
    assert circuit.state_of(row, timezone.now()) == "OPEN"


def test_a_host_that_is_back_gets_all_that_waits_at_once_and_in_order() -> None:
    with Rude(*[says("503 Oh")] * 5, says("200 OK", ACK)) as host:
        owed = [owe(host.host, transaction_id=new_id()) for _ in range(5)]
        tasks.work()
        owed += [owe(host.host, transaction_id=owed[0].transaction_id) for _ in range(3)]
        Circuit.objects.update(probe_at=timezone.now())

        tasks.work()

    assert {again(callback).state for callback in owed} == {"DELIVERED"}
    assert Circuit.objects.get().probe_at is None
    times = [again(callback).delivered_at for callback in owed[5:]]
    assert times == sorted(times, key=lambda at: at or timezone.now())


def test_a_buyer_app_that_was_down_for_ten_minutes_has_its_callbacks_half_a_minute_after_it_is_back() -> None:
    port = free_port()
    owed = owe_many(f"127.0.0.1:{port}", 6)
    for _ in range(60):
        tasks.work()
        let_time_pass(10)
    assert {again(callback).state for callback in owed} == {"DUE"}

    with Rude(says("200 OK", ACK)) as host:
        Callback.objects.update(host=host.host, url=f"http://{host.host}/on_search")
        Circuit.objects.update(host=host.host)
        let_time_pass(36)
        tasks.work()

    assert {again(callback).state for callback in owed} == {"DELIVERED"}


def test_what_waits_behind_an_open_circuit_is_given_up_when_its_life_is_over() -> None:
    owe_many(DEAD, 5)
    tasks.work()
    Callback.objects.update(due_at=timezone.now() - timedelta(minutes=1))
    waiting, longer = owe(DEAD, life_seconds=1), owe(DEAD, life_seconds=600)

    let_time_pass(3)
    tasks.work()

    assert again(waiting).state == "DEAD"
    assert again(waiting).outcome.startswith("given up, its host does not answer: it can not be reached")
    assert again(longer).state == "DUE"


def test_what_is_given_up_behind_an_open_circuit_is_counted_as_given_up() -> None:
    owe_many(DEAD, 5)
    tasks.work()
    Callback.objects.update(due_at=timezone.now() - timedelta(minutes=1))
    owe_many(DEAD, 3, life_seconds=1)
    before = attempts().get("given_up", 0)

    let_time_pass(3)
    tasks.work()

    assert Callback.objects.filter(state="DEAD").count() == 3
    assert attempts()["given_up"] - before == 3


def test_the_time_in_which_nobody_is_there_to_try_counts_for_no_waiting() -> None:
    owe_many(DEAD, 5)
    tasks.work()
    owe(DEAD)  # the probe
    waiting = owe(DEAD, life_seconds=600)

    let_time_pass(3600)
    tasks.work()

    assert again(waiting).state == "DUE"
    assert circuit.waited(again(waiting), Circuit.objects.get(), timezone.now()) < 10


def test_waiting_begins_anew_when_a_circuit_opens_though_an_older_release_closed_it() -> None:
    """It knew nothing of `waiting_since`, and left it."""
    long_ago = timezone.now() - timedelta(days=2)
    Circuit.objects.create(host=DEAD, failures=circuit.THRESHOLD - 1, waiting_since=long_ago)
    first = owe(DEAD, due_at=long_ago, life_seconds=600)
    behind_it = owe(DEAD, due_at=long_ago, life_seconds=600, transaction_id=first.transaction_id)

    tasks.work()

    assert Circuit.objects.get().openings == 1
    assert again(behind_it).state == "DUE"


def test_a_pause_is_not_written_into_each_callback_that_waits() -> None:
    """There may be a hundred thousand, and a pause every half a minute."""
    owe_many(DEAD, 5)
    tasks.work()
    waiting = owe_many(DEAD, 20)

    let_time_pass(3)
    tasks.work()

    untried = Callback.objects.filter(pk__in=[callback.pk for callback in waiting], attempts=0)
    assert untried.count() >= 19  # but for the probe
    assert {callback.waited_seconds for callback in untried} == {0}
    assert all(circuit.waited(callback, Circuit.objects.get(), timezone.now()) >= 1 for callback in untried)


def test_a_dead_buyer_app_holds_up_no_other(settings: Any) -> None:
    settings.BECKN_CALLBACK_TIMEOUT = 2
    with Rude(says_nothing) as dead, Rude(says("200 OK", ACK)) as alive:
        owe_many(dead.host, 100)
        theirs = owe_many(alive.host, 30)
        began = timezone.now()

        tasks.work()

    delivered = [again(callback).delivered_at or timezone.now() for callback in theirs]
    assert max(delivered) - began < timedelta(seconds=2)  # before the first of the dead one's was given up waiting for
    tried = Callback.objects.filter(host=dead.host).exclude(attempts=0).count()
    assert circuit.THRESHOLD <= tried < outbox.SENDERS


def test_a_host_gets_its_share_and_leaves_room_for_who_comes_next() -> None:
    owe_many("127.0.0.1:1", outbox.SENDERS // 2)
    owe_many("127.0.0.1:2", outbox.SENDERS // 2)

    rows = outbox.claim()

    by_host = [sum(row.host == host for row in rows) for host in ("127.0.0.1:1", "127.0.0.1:2")]
    assert by_host == [outbox.SENDERS // 3] * 2
    owe("127.0.0.1:3")
    assert [row.host for row in outbox.claim(outbox.SENDERS - len(rows), dict(zip("ab", by_host, strict=True)))][0:1]


def test_what_a_process_has_in_hand_counts_as_its_share() -> None:
    owe_many("127.0.0.1:1", 5)

    assert outbox.claim(in_hand={"127.0.0.1:1": outbox.SENDERS // 2}) == []


@pytest.mark.django_db(transaction=True)
def test_of_several_workers_one_probes(at_once: AtOnce) -> None:
    owe_many(DEAD, 5)
    Circuit.objects.create(host=DEAD, failures=9, openings=3, probe_at=timezone.now())

    taken = at_once(6, outbox.claim)

    assert sum(len(rows) for rows in taken) == 1


def test_a_worker_that_dies_while_it_probes_lets_another_one_probe() -> None:
    owe(DEAD)
    Circuit.objects.create(host=DEAD, failures=9, openings=3, probe_at=timezone.now())
    assert len(outbox.claim()) == 1

    later = timezone.now() - outbox.lease()
    Circuit.objects.update(probe_at=later)
    Callback.objects.update(lease_until=later)

    assert len(outbox.claim()) == 1


def test_probe_now_lets_the_next_callback_try_at_once() -> None:
    with Rude(says("200 OK", ACK)) as host:
        Circuit.objects.create(host=host.host, failures=9, probe_at=timezone.now() + timedelta(seconds=30))
        callback = owe(host.host)
        tasks.work()
        assert again(callback).attempts == 0

        assert circuit.probe_now(Circuit.objects.all()) == 1
        tasks.work()

    assert again(callback).state == "DELIVERED"
    assert circuit.probe_now(Circuit.objects.all()) == 0


def test_our_own_unusable_key_opens_no_circuit(settings: Any) -> None:
    settings.BECKN_SIGNING_KEY = "c2hvcnQ="
    owe_many(DEAD, 6)

    tasks.work()

    assert not Circuit.objects.exclude(probe_at=None).exists()


def test_taking_work_costs_a_few_queries_however_much_waits() -> None:
    owe_many(DEAD, 30)

    with CaptureQueriesContext(
        connection,
    ) as queries:
        outbox.claim()

    assert len(queries) <= 10
