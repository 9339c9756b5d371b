"""What we owe is kept, sent in order, tried again, and given up in the open."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from beckn_adapter import drain, outbox, questions, sender, settling, tasks
from beckn_adapter.models import Attempt, Callback, Circuit
from beckn_adapter.sandbox.buyer import BuyerApp
from tests.beckn_adapter.conversation import application, new_id, receive, request, selection
from tests.conftest import AtOnce

pytestmark = pytest.mark.django_db


def owe(buyer: BuyerApp, *, transaction_id: str = "", **changes: Any) -> Callback:
    """A callback that is due now."""
    us = {"bpp_id": settings.BECKN_SUBSCRIBER_ID, "bpp_uri": settings.BECKN_SUBSCRIBER_URI}
    context = buyer.context("on_search", transaction_id or new_id(), None, us)
    callback = outbox.put(context, {"message": {"catalog": {"providers": []}}})
    for name, value in changes.items():
        setattr(callback, name, value)
    callback.save()
    return callback


def again(callback: Callback) -> Callback:
    return Callback.objects.get(pk=callback.pk)


def make_due(callback: Callback) -> None:
    Callback.objects.filter(pk=callback.pk).update(due_at=timezone.now())


def test_a_callback_arrives_signed_over_the_very_bytes_that_are_stored(buyer: BuyerApp) -> None:
    callback = owe(buyer)

    tasks.work()

    entry = buyer.wait_for("on_search", callback.transaction_id)
    assert entry.good
    assert entry.body == bytes(callback.body)
    assert again(callback).state == "DELIVERED"


def test_each_attempt_is_recorded_with_what_the_buyer_app_said(buyer: BuyerApp) -> None:
    callback = owe(buyer)

    tasks.work()

    attempt = Attempt.objects.get(callback=callback)
    assert (attempt.status, attempt.outcome) == (200, "200 ACK")


OUTCOMES = [
    ("ack", {}, "DELIVERED", 200),
    ("nack", {}, "DEAD", 400),
    ("nack", {"status": 200}, "DEAD", 200),
    ("error", {"status": 404}, "DEAD", 404),
    ("error", {"status": 410}, "DEAD", 410),
    ("error", {"status": 401}, "DUE", 401),
    ("error", {"status": 429}, "DUE", 429),
    ("error", {"status": 500}, "DUE", 500),
    ("error", {"status": 503}, "DUE", 503),
    ("closed", {}, "DUE", None),
    ("slow", {"seconds": 3}, "DUE", None),
]


@pytest.mark.parametrize(
    ("kind", "details", "state", "status"), OUTCOMES, ids=[f"{row[0]} {row[1].get('status', '')}" for row in OUTCOMES]
)
def test_what_a_buyer_app_answers_decides_what_becomes_of_a_callback(
    kind: str, details: dict[str, Any], state: str, status: int | None, buyer: BuyerApp, settings: Any
) -> None:
    settings.BECKN_CALLBACK_TIMEOUT = 1
    buyer.behave(kind, **details)
    callback = owe(buyer)

    tasks.work()

    assert (again(callback).state, Attempt.objects.get().status) == (state, status)


def test_a_buyer_app_that_is_down_is_told_later(buyer: BuyerApp) -> None:
    buyer.behave("error", times=1)
    callback = owe(buyer)

    tasks.work()
    waiting = again(callback)
    make_due(callback)
    tasks.work()

    assert (waiting.state, waiting.attempts, waiting.outcome) == ("DUE", 1, "500")
    assert (again(callback).state, again(callback).attempts) == ("DELIVERED", 2)


def test_retry_after_is_obeyed(buyer: BuyerApp) -> None:
    buyer.behave("error", status=429, headers={"Retry-After": "90"})
    callback = owe(buyer)

    tasks.work()

    pause = again(callback).due_at - timezone.now()
    assert timedelta(seconds=85) < pause <= timedelta(seconds=90)


def test_pauses_grow_with_jitter_up_to_ten_minutes() -> None:
    pauses = [settling.pause_before(n).total_seconds() for n in (1, 2, 3, 4, 5, 6, 7, 8, 50)]

    for pause, base in zip(pauses, (1, 3, 10, 30, 60, 120, 300, 600, 600), strict=True):
        assert 0.8 * base <= pause <= 1.2 * base


def test_past_its_life_a_callback_is_dead_with_its_reason(buyer: BuyerApp) -> None:
    buyer.behave("error", status=503)
    callback = owe(buyer, life_seconds=600, waited_seconds=600)

    tasks.work()

    assert (again(callback).state, again(callback).outcome) == ("DEAD", "503; given up after 10 min")


def test_a_callback_lives_at_least_as_long_as_the_setting_says(buyer: BuyerApp, settings: Any) -> None:
    settings.BECKN_CALLBACK_MIN_LIFE = 7200

    assert owe(buyer).life_seconds == 7200


def test_callbacks_of_one_transaction_go_out_in_order(buyer: BuyerApp) -> None:
    transaction = new_id()
    first, second = owe(buyer, transaction_id=transaction), owe(buyer, transaction_id=transaction)

    claimed = [row.pk for row in outbox.claim()]

    assert claimed == [first.pk]
    assert again(second).state == "DUE"


def test_a_callback_waits_for_the_one_before_it_that_is_tried_again(buyer: BuyerApp) -> None:
    transaction = new_id()
    buyer.behave("error", times=1)
    first, second = owe(buyer, transaction_id=transaction), owe(buyer, transaction_id=transaction)

    tasks.work()
    assert (again(first).state, again(second).attempts) == ("DUE", 0)

    make_due(first)
    tasks.work()
    received = [entry.message_id for entry in buyer.journal.entries() if not entry.sent]
    assert received == [first.message_id, first.message_id, second.message_id]


def test_a_dead_callback_holds_up_nobody(buyer: BuyerApp) -> None:
    transaction = new_id()
    buyer.behave("nack", times=1)
    first, second = owe(buyer, transaction_id=transaction), owe(buyer, transaction_id=transaction)

    tasks.work()

    assert (again(first).state, again(second).state) == ("DEAD", "DELIVERED")


def test_a_leased_callback_is_due_again_when_its_worker_vanished(buyer: BuyerApp) -> None:
    callback = owe(buyer)
    outbox.claim()

    assert outbox.claim() == []
    lease_until = again(callback).lease_until
    assert lease_until is not None
    assert timezone.now() < lease_until <= timezone.now() + outbox.lease()


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_take_the_same_callback(buyer: BuyerApp, at_once: AtOnce) -> None:
    for _ in range(40):
        owe(buyer)

    taken = at_once(8, lambda: [row.pk for row in outbox.claim(limit=10)])

    everything = [pk for batch in taken for pk in batch]
    assert len(everything) == len(set(everything))
    assert len(everything) > 0


def test_without_a_signing_key_nothing_is_sent_and_the_reason_is_said(buyer: BuyerApp, settings: Any) -> None:
    settings.BECKN_SIGNING_KEY = "c2hvcnQ="
    callback = owe(buyer)

    tasks.work()

    assert again(callback).outcome.startswith("our keys can not be used: BECKN_SIGNING_KEY: a private ed25519 key")
    assert buyer.journal.entries() == []


@pytest.mark.parametrize(
    "url",
    [
        "http://bap.example.com/on_search",
        "https://127.0.0.1/on_search",
        "https://[::1]/on_search",
        "https://[::ffff:10.0.0.1]/on_search",
        "https://localhost/on_search",
        "https://2130706433/on_search",
        "https://169.254.169.254/on_search",
    ],
)
def test_callbacks_never_go_inside(url: str, buyer: BuyerApp, settings: Any) -> None:
    settings.BECKN_ALLOW_PRIVATE_CALLBACKS = False
    sender.close()
    callback = owe(buyer, url=url)

    tasks.work()

    assert (again(callback).state, Attempt.objects.get().status) == ("DUE", None)
    assert re.search("not a public address|https addresses only|not a canonical", again(callback).outcome)
    sender.close()


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:4700::1111", True),
        ("10.0.0.1", False),
        ("100.64.0.1", False),
        ("169.254.0.1", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
    ],
)
def test_addresses_that_lead_inside_are_known_in_every_disguise(address: str, public: bool) -> None:
    assert sender.is_public(address) is public


def test_a_redirect_is_not_followed(buyer: BuyerApp) -> None:
    buyer.behave("error", status=307, headers={"Location": f"{buyer.uri}/on_search"})
    owe(buyer)

    tasks.work()

    assert Attempt.objects.get().status == 307
    assert len(buyer.journal.entries()) == 1


def test_the_body_is_compact_json_in_utf8(buyer: BuyerApp) -> None:
    context = buyer.context("on_search", new_id(), None, {"location": {"city": {"name": "São Paulo"}}})

    body = bytes(outbox.put(context, {"message": {"catalog": {}}}).body)

    assert "São Paulo".encode() in body
    assert json.loads(body)["context"]["location"]["city"]["name"] == "São Paulo"


# --- Sent by who wrote it ---------------------------------------------------------------------------------------------


def drafts(*hosts: str) -> list[Callback]:
    """Callbacks that are not kept yet."""
    return [Callback(host=host) for host in hosts]


def test_who_writes_an_answer_keeps_it_in_hand_within_the_share_of_its_host() -> None:
    many = drafts(*["a"] * outbox.SENDERS)

    mine = outbox.Hands({}).lease(many)

    assert len(mine) == outbox.SENDERS // 2
    assert all(row.lease_until and row.lease_until > timezone.now() for row in mine)
    assert not any(row.lease_until for row in many[len(mine) :])


def test_what_is_in_hand_already_counts() -> None:
    busy = {"a": outbox.SENDERS // 2, "b": outbox.SENDERS // 2}

    assert outbox.Hands(busy).lease(drafts("a", "c")) == []


def test_nothing_is_kept_in_hand_for_a_host_that_does_not_answer() -> None:
    Circuit.objects.create(host="a", failures=9, probe_at=timezone.now())
    there, here = drafts("a", "b")

    assert outbox.Hands({}).lease([there, here]) == [here]


@pytest.mark.usefixtures("guide")
def test_an_answer_is_not_sent_by_who_wrote_it_while_an_earlier_one_of_its_transaction_is_owed() -> None:
    first = receive(request("search", {"intent": {}}))
    questions.work_some()
    second = receive(request("select", {"order": selection()}, transaction_id=first.transaction_id))
    other = receive(request("search", {"intent": {}}))

    turn = questions.answer_together(outbox.Hands({}))

    assert len(turn.questions) == 2
    assert [row.request_id for row in turn.in_hand] == [other.pk]
    assert Callback.objects.get(request=second).lease_until is None


@pytest.mark.usefixtures("guide")
def test_what_is_in_hand_is_taken_by_nobody_else() -> None:
    receive(request("search", {"intent": {}}))

    (mine,) = questions.answer_together(outbox.Hands({})).in_hand

    assert mine.pk
    assert outbox.claim() == []


@pytest.mark.usefixtures("guide")
def test_who_handles_an_order_sends_its_answer_itself_unless_an_earlier_one_is_owed() -> None:
    first = receive(request("init", {"order": application()}))
    second = receive(request("init", {"order": application()}, transaction_id=first.transaction_id))

    mine = [drain.work(row, outbox.Hands({})) for row in (first, second)]

    assert [[row.request_id for row in rows] for rows in mine] == [[first.pk], []]
    assert Callback.objects.get(request=first).lease_until
    assert Callback.objects.get(request=second).lease_until is None
