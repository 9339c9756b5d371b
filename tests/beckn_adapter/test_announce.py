"""Whatever happens to an order after its confirm is told without being asked."""

import json
from typing import Any

import pytest
from django.utils import timezone

from beckn_adapter import announce
from beckn_adapter.announce import NOT_TOLD, TOLD, announce_events
from beckn_adapter.models import Callback
from connections.actors import Actor
from connections.lifecycle import advance, record
from connections.models import Application, Document, Event
from fieldwork.models import Technician, Visit
from fieldwork.services import assign_visit
from tests.beckn_adapter.conversation import place_order
from tests.factories import scheduled_application

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]
SYSTEM = Actor.system("test")


def announce_all() -> None:
    while announce_events():
        pass


def told() -> list[dict[str, Any]]:
    rows = Callback.objects.filter(action="on_status").order_by("id")
    return [json.loads(bytes(row.body)) for row in rows]


@pytest.fixture
def order() -> Application:
    place_order()
    announce_all()
    return Application.objects.get()


def assign(order: Application) -> None:
    david = Technician.objects.create(provider=order.provider, name="David C", phone="+14155550101")
    assign_visit(order.visits.get(), technician=david, actor=SYSTEM)


def test_what_init_and_confirm_answer_is_not_told_a_second_time(order: Application) -> None:
    assert told() == []
    assert not Event.objects.filter(announced_at=None).exists()


def test_a_technician_is_told_with_name_telephone_and_state(order: Application) -> None:
    assign(order)
    announce_all()

    fulfillment = told()[-1]["message"]["order"]["fulfillments"][0]
    assert fulfillment["state"]["descriptor"] == {"code": "TECHNICIAN_ASSIGNED", "name": "Technician Assigned"}
    assert fulfillment["agent"]["person"] == {"name": "David C"}
    assert fulfillment["agent"]["contact"] == {"phone": "+14155550101"}


def test_an_unsolicited_callback_brings_its_own_message_id_in_the_same_transaction(order: Application) -> None:
    assign(order)
    announce_all()

    contexts = [message["context"] for message in told()]
    assert {context["transaction_id"] for context in contexts} == {order.source_reference}
    assert len({context["message_id"] for context in contexts}) == len(contexts)


def test_the_time_of_the_visit_is_told(order: Application) -> None:
    start = timezone.now().replace(microsecond=0)
    Visit.objects.filter(application=order).update(window_start=start)
    assign(order)
    announce_all()

    stop = told()[-1]["message"]["order"]["fulfillments"][0]["stops"][0]
    assert stop["time"]["timestamp"] == start.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def test_the_state_that_is_told_is_the_events_not_the_rows_of_now(order: Application) -> None:
    record(order, "technician_assigned", actor=SYSTEM)
    Event.objects.filter(announced_at=None).update(state="TECHNICIAN_ASSIGNED")
    advance(order, "cancel", actor=SYSTEM, reason="Moved away")

    announce_all()

    codes = [message["message"]["order"]["fulfillments"][0]["state"]["descriptor"]["code"] for message in told()]
    assert codes[0] == "TECHNICIAN_ASSIGNED"
    assert codes[-1] == "CANCELLED"


def test_a_verdict_on_a_document_is_told_as_a_tag(order: Application) -> None:
    document = Document.objects.filter(application=order).first()
    assert document is not None
    advance(document, "submit", actor=SYSTEM)
    advance(document, "reject", actor=SYSTEM, reason="The stamp is missing")
    announce_all()

    tags = {tag["descriptor"]["code"]: tag["value"] for tag in told()[-1]["message"]["order"]["tags"][0]["list"]}
    assert tags["document-id-proof"] == "REJECTED"


def test_what_happens_at_the_counter_is_told_to_nobody() -> None:
    scheduled_application()

    announce_all()

    assert not Callback.objects.exists()
    assert not Event.objects.filter(announced_at=None).exists()


def test_an_event_that_can_not_be_put_into_words_is_seen_and_stops_nobody(
    order: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError("a mistake")

    monkeypatch.setattr(announce, "write_order", fail)
    assign(order)
    announce_all()

    buried = Callback.objects.filter(state="DEAD")
    assert {row.outcome for row in buried} == {"could not be built: ZeroDivisionError: a mistake"}
    assert not Event.objects.filter(announced_at=None).exists()


def test_every_transition_is_told_or_has_its_reason_for_not_being_told() -> None:
    kinds = {
        f"{model._meta.model_name}.{rule.target.lower()}"
        for model, field in ((Application, "fulfillment_state"), (Document, "state"), (Visit, "state"))
        for rule in model._meta.get_field(field).get_all_transitions(model)  # type: ignore[union-attr]
    }

    assert kinds - TOLD.keys() - NOT_TOLD.keys() == set()
