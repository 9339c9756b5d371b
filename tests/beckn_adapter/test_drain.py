"""Each message is handled once, in order, and a poisonous one harms nobody else."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from beckn_adapter import departures, drain, handlers, nudge, questions, tasks
from beckn_adapter.models import Callback, Message
from beckn_adapter.sandbox.buyer import BuyerApp
from beckn_adapter.sandbox.participant import Participant
from beckn_adapter.sandbox.registry import Registry
from connections.models import Application
from tests.beckn_adapter.conversation import application, ask, new_id, receive, request, selection
from tests.beckn_adapter.test_door import post
from tests.conftest import AtOnce
from tests.factories import scheduled_application

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]


@pytest.fixture
def a_fault_in_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake of ours, put where one might be made."""

    def fail(row: Message, body: Any) -> Any:
        raise ZeroDivisionError("a mistake")

    monkeypatch.setitem(handlers.HANDLERS, "search", fail)


def make_due(row: Message) -> None:
    Message.objects.filter(pk=row.pk).update(due_at=timezone.now())


def test_the_answer_echoes_the_message_id_and_turns_the_context_round() -> None:
    asked = request("search", {"intent": {}})

    row = receive(asked)
    drain.work(row)

    context = json.loads(bytes(row.callbacks.get().body))["context"]
    assert context["action"] == "on_search"
    for name in ("message_id", "transaction_id", "domain", "version", "location", "ttl", "bap_id", "bap_uri"):
        assert context[name] == asked["context"][name]
    assert context["bpp_id"] == settings.BECKN_SUBSCRIBER_ID
    assert context["bpp_uri"] == settings.BECKN_SUBSCRIBER_URI
    assert context["timestamp"] > asked["context"]["timestamp"]


def test_a_message_without_a_ttl_is_answered_with_one() -> None:
    assert ask("search", {"intent": {}}, ttl=None)["context"]["ttl"] == "PT10M"


def test_messages_of_one_transaction_are_taken_in_order() -> None:
    transaction = new_id()
    first = receive(request("select", {"order": selection()}, transaction_id=transaction))
    receive(request("init", {"order": application()}, transaction_id=transaction))
    other = receive(request("search", {"intent": {}}))

    assert [row.pk for row in drain.claim()] == [first.pk, other.pk]


def test_a_whole_conversation_that_lies_in_the_inbox_is_worked_in_one_go() -> None:
    transaction = new_id()
    for action, message in (
        ("search", {"intent": {}}),
        ("select", {"order": selection()}),
        ("init", {"order": application()}),
        ("confirm", {"order": application()}),
    ):
        receive(request(action, message, transaction_id=transaction))

    assert sum(iter(questions.work_some, 0)) == 4
    told = list(Callback.objects.order_by("id").values_list("action", flat=True))
    assert told == ["on_search", "on_select", "on_init", "on_confirm"]


def test_a_message_is_not_handled_twice_though_two_workers_hold_it() -> None:
    row = receive(request("search", {"intent": {}}))

    drain.work(row)
    drain.work(row)

    assert row.callbacks.count() == 1


@pytest.mark.usefixtures("a_fault_in_search")
def test_a_poisonous_message_is_tried_again_and_others_flow() -> None:
    poison = receive(request("search", {"intent": {}}))
    healthy = receive(request("select", {"order": selection()}))

    questions.work_some()

    poison.refresh_from_db()
    assert (poison.state, poison.error) == ("RECEIVED", "ZeroDivisionError: a mistake")
    assert Message.objects.get(pk=healthy.pk).state == "HANDLED"


@pytest.mark.usefixtures("a_fault_in_search")
def test_after_its_last_attempt_the_sender_is_told_and_the_message_stays_visible() -> None:
    poison = receive(request("search", {"intent": {}}))

    for _ in range(drain.MAX_ATTEMPTS):
        make_due(poison)
        questions.work_some()

    poison.refresh_from_db()
    assert poison.state == "FAILED"
    answer = json.loads(bytes(poison.callbacks.get().body))
    assert answer["error"]["code"] == "40000"


def test_an_init_that_fails_after_its_draft_ends_as_any_other_and_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def open_and_fail(row: Message, body: Any) -> Any:
        row.application = scheduled_application(source=row.bap_id, source_reference=row.transaction_id)
        raise ZeroDivisionError("a mistake")

    monkeypatch.setitem(handlers.HANDLERS, "init", open_and_fail)
    poison = receive(request("init", {"order": application()}))

    for _ in range(drain.MAX_ATTEMPTS):
        make_due(poison)
        questions.work_some()

    poison.refresh_from_db()
    assert (poison.state, poison.application) == ("FAILED", None)
    assert json.loads(bytes(poison.callbacks.get().body))["error"]["code"] == "40000"


def test_a_message_that_ends_its_worker_each_time_is_given_up() -> None:
    """Whoever dies with it says nothing of it: only its number of attempts does."""
    deadly = receive(request("search", {"intent": {}}))
    Message.objects.filter(pk=deadly.pk).update(attempts=drain.PATIENCE)
    make_due(deadly)

    for row in drain.claim():
        drain.work(row)

    deadly.refresh_from_db()
    assert (deadly.state, deadly.error) == ("FAILED", "RuntimeError: whoever worked on it never came to an end")


def test_a_search_that_ends_its_worker_is_counted_by_the_next_one_before_it_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What no `except Exception` catches stands for the end of a process: nothing is written that was not before."""
    counted = []

    def die(row: Message, body: Any) -> Any:
        counted.append(Message.objects.get(pk=row.pk).attempts)
        raise SystemExit

    monkeypatch.setitem(handlers.HANDLERS, "search", die)
    monkeypatch.setattr(questions, "_careful", False)  # and so again for whatever is tested next
    deadly = receive(request("search", {"intent": {}}))
    with pytest.raises(SystemExit):
        questions.work_some()
    questions.begin_carefully()  # as each worker process does

    with pytest.raises(SystemExit):
        questions.work_some()

    assert counted == [0, 1]
    assert Message.objects.get(pk=deadly.pk).attempts == 1


def test_a_new_worker_is_careful_with_its_first_batch_only() -> None:
    questions.begin_carefully()
    questions.work_some()  # nothing was there, so nothing is known yet
    first = receive(request("search", {"intent": {}}))
    questions.work_some()
    second = receive(request("search", {"intent": {}}))

    questions.work_some()

    rows = [Message.objects.get(pk=row.pk) for row in (first, second)]
    assert [(row.state, row.attempts) for row in rows] == [("HANDLED", 1), ("HANDLED", 0)]


def test_a_message_that_nobody_can_be_told_of_fails_by_itself_and_stops_nobody() -> None:
    unreadable = receive(request("search", {"intent": {}}))
    Message.objects.filter(pk=unreadable.pk).update(body=b'{"context": {}}', attempts=drain.MAX_ATTEMPTS)
    make_due(unreadable)
    other = receive(request("search", {"intent": {}}))

    questions.work_some()

    unreadable.refresh_from_db()
    assert (unreadable.state, unreadable.callbacks.count()) == ("FAILED", 0)
    assert Message.objects.get(pk=other.pk).state == "HANDLED"


def test_an_answer_in_hand_is_sent_though_the_next_message_breaks_the_task(
    buyer: BuyerApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = {"bap_id": buyer.me.subscriber_id, "bap_uri": buyer.me.url}
    asked = receive(request("search", {"intent": {}}, **context), buyer.me.subscriber_id)
    receive(request("init", {"order": application()}))
    monkeypatch.setattr(drain, "_set_back", lambda *_: 1 / 0)
    monkeypatch.setitem(handlers.HANDLERS, "init", lambda *_: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        tasks.work()

    assert buyer.wait_for("on_search", asked.transaction_id).good
    assert Callback.objects.get(request=asked).state == "DELIVERED"


def test_what_a_failing_handler_wrote_is_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def init_then_fail(row: Message, body: Any) -> Any:
        handlers.init(row, body)
        raise ZeroDivisionError("a mistake")

    monkeypatch.setitem(handlers.HANDLERS, "init", init_then_fail)
    receive(request("init", {"order": application()}))

    questions.work_some()

    assert not Application.objects.exists()


def test_a_message_whose_worker_vanished_is_due_again_after_its_lease() -> None:
    row = receive(request("search", {"intent": {}}))
    drain.claim()

    assert drain.claim() == []
    Message.objects.filter(pk=row.pk).update(due_at=timezone.now() - timedelta(seconds=1))
    assert [again.pk for again in drain.claim()] == [row.pk]


@pytest.mark.django_db(transaction=True)
def test_workers_share_the_inbox_without_taking_anything_twice(at_once: AtOnce) -> None:
    for _ in range(40):
        receive(request("search", {"intent": {}}))

    taken = at_once(8, lambda: [row.pk for row in drain.claim(limit=10)])

    everything = [pk for batch in taken for pk in batch]
    assert len(everything) == len(set(everything))


def test_a_repeated_message_gets_its_stored_answer_again() -> None:
    body = request("search", {"intent": {}})
    row = receive(body)
    drain.work(row)
    stored = bytes(row.callbacks.get().body)
    row.callbacks.update(state="DELIVERED")

    receive(body)

    callback = row.callbacks.get()
    assert (callback.state, bytes(callback.body)) == ("DUE", stored)


# --- A callback never overtakes its ACK -------------------------------------------------------------------------------


def test_a_message_is_not_worked_before_its_ack_has_left() -> None:
    row = receive(request("search", {"intent": {}}), acknowledged=False)
    assert drain.claim() == []

    departures.door.left([row.pk])

    assert [claimed.pk for claimed in drain.claim()] == [row.pk]


def test_a_message_whose_web_process_died_before_it_could_say_so_is_worked_a_little_later() -> None:
    row = receive(request("search", {"intent": {}}), acknowledged=False)

    assert row.due_at - row.received_at == departures.UNRELEASED
    make_due(row)
    assert [claimed.pk for claimed in drain.claim()] == [row.pk]


def test_a_late_release_does_not_give_a_message_out_a_second_time() -> None:
    row = receive(request("search", {"intent": {}}))
    drain.claim()

    departures.door.left([row.pk])

    assert drain.claim() == []


@pytest.mark.django_db(transaction=True)
def test_the_door_releases_a_message_when_its_answer_is_sent(network: Registry) -> None:
    bap = Participant("buyer.test", "https://buyer.test/beckn", "BAP")
    bap.subscribe(network.url)
    raw = json.dumps(request("search", {"intent": {}})).encode()

    status, *_ = post(raw, bap.sign(raw))
    nudge.rest()

    assert status == 200
    assert len(drain.claim()) == 1
