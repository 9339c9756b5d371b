"""Counting: in memory at once, in the table together, and bounded whoever is counted."""

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from beckn_adapter import drain, figures, metrics, outbox, settling, tally
from beckn_adapter.caller import Caller
from beckn_adapter.models import Tally
from beckn_adapter.resend import send_again
from beckn_adapter.settling import Result
from tests.beckn_adapter.conversation import answer, receive, request
from tests.conftest import AtOnce

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_is_counted_yet() -> None:
    tally.forget()


def test_equal_things_are_one_row_that_grows() -> None:
    tally.add((("door", "search"), 2), (("door", "init"), 1))
    tally.flush()
    tally.add((("door", "search"), 3))
    tally.flush()
    tally.flush()

    found = {tuple(json.loads(row.series)): row.number for row in Tally.objects.all()}
    assert found == {("door", "search"): 5, ("door", "init"): 1}


def test_what_can_not_be_written_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        raise DatabaseError("gone")

    tally.add((("door", "search"), 2))
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(connection, "cursor", away)
        tally.flush()
    tally.add((("door", "search"), 1))
    tally.flush()

    assert Tally.objects.get().number == 3


@pytest.mark.django_db(transaction=True)
def test_twenty_processes_that_write_at_once_lose_nothing(at_once: AtOnce) -> None:
    names = [("door", f"action {n}") for n in range(20)]

    def write() -> None:
        tally._write(dict.fromkeys(names if threading.get_ident() % 2 else reversed(names), 1))

    outcomes = at_once(20, write)

    assert outcomes == [None] * 20
    assert set(Tally.objects.values_list("number", flat=True)) == {20}


def test_a_network_of_ten_thousand_buyer_apps_is_two_hundred_names(monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(10_000):
        metrics.received("search", f"app{n}.test", kind="new", seconds=0.001)
    tally.flush()
    one_process = Tally.objects.filter(series__contains="messages_received").count()
    tally.forget()
    for n in range(10_000, 10_300):  # another process, which met others first
        metrics.received("search", f"app{n}.test", kind="new", seconds=0.001)

    (received,) = [family for family in figures.families() if family.name == "servicedrop_messages_received"]

    assert one_process == tally.MOST_NAMES + 1
    assert len(received.samples) == tally.MOST_NAMES + 1
    assert sum(sample.value for sample in received.samples) == 10_300
    assert received.samples[0].labels["bap"] == "app0.test"


def test_what_a_stranger_claims_is_no_label() -> None:
    metrics.refused(Caller("203.0.113.9", "drop table", "evil.test", "k1"), "signature")
    metrics.refused(Caller("203.0.113.9", "search", "buyer.test", "k1", proven=True), "context")
    tally.flush()

    found = {tuple(json.loads(series)) for series in Tally.objects.values_list("series", flat=True)}
    assert found == {
        ("messages_refused", "other", "stranger", "signature"),
        ("messages_refused", "search", "buyer.test", "context"),
    }


@pytest.mark.parametrize(("seconds", "within"), [(0.001, "0.001"), (0.0011, "0.0025"), (1.0, "1"), (7.0, "+Inf")])
def test_a_time_falls_into_its_bucket_and_all_that_are_wider(seconds: float, within: str) -> None:
    metrics.received("search", "buyer.test", kind="new", seconds=seconds)

    (family,) = [family for family in figures.families() if family.name == "servicedrop_ack_seconds"]
    buckets = [(s.labels["le"], s.value) for s in family.samples if s.name.endswith("_bucket")]

    assert next(edge for edge, number in buckets if number) == within
    assert buckets[-1] == ("+Inf", 1)
    assert [s.value for s in family.samples if s.name.endswith("_sum")] == [pytest.approx(seconds)]


def attempts() -> dict[str, float]:
    """Tries by outcome, and how many of them were timed as answers."""
    found = {family.name.removeprefix("servicedrop_"): family for family in figures.families()}
    tries = {sample.labels["outcome"]: sample.value for sample in found["callback_attempts"].samples}
    timed = [sample.value for sample in found["answer_seconds"].samples if sample.name.endswith("_count")]
    return {**tries, "timed": sum(timed)}


def test_each_try_is_counted_by_its_outcome_and_only_the_first_delivery_is_timed(guide: None) -> None:
    row = receive(request("search", {"intent": {}}))
    answer(row)

    def settle(**how: Any) -> None:
        row.callbacks.update(state="DUE", due_at=row.received_at, lease_until=None)
        (callback,) = outbox.claim()
        settling.settle([callback], [Result(callback.pk, timezone.now(), 5, 200, "said", **how)])

    settle()
    assert attempts() == {"postponed": 1, "timed": 0}
    settle(delivered=True)
    assert attempts() == {"postponed": 1, "delivered": 1, "timed": 1}
    settle(delivered=True)  # the buyer app asked again
    assert attempts() == {"postponed": 1, "delivered": 2, "timed": 1}
    settle(final=True)
    assert attempts() == {"postponed": 1, "delivered": 2, "refused": 1, "timed": 1}
    row.callbacks.update(life_seconds=0)
    settle()
    assert attempts() == {"postponed": 1, "delivered": 2, "refused": 1, "given_up": 1, "timed": 1}


def test_what_staff_send_again_is_not_timed_again(guide: None) -> None:
    row = receive(request("search", {"intent": {}}))
    answer(row)
    row.callbacks.update(due_at=row.received_at, lease_until=None)
    for _ in range(2):
        (callback,) = outbox.claim()
        settling.settle([callback], [Result(callback.pk, timezone.now(), 5, 200, "said", delivered=True)])
        row.callbacks.update(delivered_at=timezone.now() - timedelta(days=3))
        send_again(row.callbacks.all())

    assert attempts() == {"delivered": 2, "timed": 1}


def test_how_a_message_ended_is_counted_once(guide: None) -> None:
    for message in ({"intent": {}}, {"intent": {"item": {"id": "no-such-thing"}}}):
        row = receive(request("search", message))
        answer(row)
        drain.work(row)  # a second worker, whose lease ran out

    (family,) = [family for family in figures.families() if family.name == "servicedrop_messages_handled"]

    assert sum(sample.value for sample in family.samples) == 2
