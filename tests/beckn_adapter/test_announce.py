"""Whatever happens to an order after its confirm is told without being asked."""

import json
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from beckn_adapter import announce
from beckn_adapter.acts import the_act_is_over
from beckn_adapter.announce import NOT_TOLD, TOLD, announce_events
from beckn_adapter.models import Act, Callback
from billing.payments import record_payment
from connections.actors import Actor
from connections.lifecycle import advance, record
from connections.models import Application, Document, Event
from connections.services import amend_application
from fieldwork.models import Technician, Visit
from fieldwork.services import assign_visit
from tests.beckn_adapter.conversation import ask, place_order
from tests.factories import establish, scheduled_application

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]
SYSTEM = Actor.system("test")


def announce_all() -> None:
    while announce_events():
        pass


def told() -> list[dict[str, Any]]:
    rows = Callback.objects.exclude(event=None).order_by("id")
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


def test_what_nobody_is_told_of_waits_for_nobody() -> None:
    _, order = place_order()

    application = Application.objects.get(number=order["id"])
    assert {event.kind for event in application.events.all()} <= NOT_TOLD.keys()
    assert not application.events.filter(announced_at=None).exists()
    assert not Act.objects.exists()


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


def test_the_utilitys_own_cancellation_is_told_with_reason_and_refund(order: Application) -> None:
    record_payment(order, amount=Decimal(150), reference="cash-1", actor=SYSTEM)
    advance(order, "cancel", actor=SYSTEM, reason="The street is closed until spring")
    announce_all()

    callback = told()[-1]
    assert callback["context"]["action"] == "on_cancel"
    ended = callback["message"]["order"]
    assert ended["cancellation"]["cancelled_by"] == "PROVIDER"
    assert ended["cancellation"]["reason"] == {"descriptor": {"name": "The street is closed until spring"}}
    assert ended["quote"]["price"] == {"value": "-150", "currency": "USD"}
    assert ended["refund_terms"] == [{"refund_eligible": True, "refund_amount": {"value": "150", "currency": "USD"}}]


def test_a_rejection_is_told_as_a_cancellation_by_the_provider(order: Application) -> None:
    advance(order, "fail", actor=SYSTEM, reason="The building is condemned")
    announce_all()

    ended = told()[-1]["message"]["order"]
    assert (ended["status"], ended["cancellation"]["cancelled_by"]) == ("CANCELLED", "PROVIDER")
    assert ended["fulfillments"][0]["state"]["descriptor"]["code"] == "FAILED"


def test_a_payment_is_told_and_never_comes_back_as_unpaid(order: Application) -> None:
    record_payment(order, amount=Decimal(50), reference="cash-1", actor=SYSTEM)
    announce_all()
    record_payment(order, amount=Decimal(100), reference="cash-2", actor=SYSTEM)
    announce_all()

    payments = [message["message"]["order"]["payments"][0] for message in told()]
    assert [payment["status"] for payment in payments] == ["NOT-PAID", "PAID"]
    assert [payment["tags"][0]["list"][0]["value"] for payment in payments] == ["PARTIALLY_PAID", "PAID"]


def test_terms_that_staff_change_are_told_by_on_update(order: Application) -> None:
    amend_application(order, changes={"requested_load_kw": Decimal(7)}, actor=SYSTEM)
    announce_all()

    callback = told()[-1]
    assert callback["context"]["action"] == "on_update"


def test_an_established_connection_is_told_with_its_details(order: Application) -> None:
    for action in ("assign_technician", "complete_assessment"):
        order = advance(order, action, actor=SYSTEM)
    Document.objects.filter(application=order).update(waived_at=timezone.now(), waiver_reason="seen at the counter")
    order = establish(advance(order, "approve", actor=SYSTEM))
    announce_all()

    ended = told()[-1]["message"]["order"]
    details = next(tag for tag in ended["items"][0]["tags"] if tag["descriptor"]["code"] == "connection_details")
    values = {tag["descriptor"]["code"]: tag["value"] for tag in details["list"]}
    assert ended["status"] == "COMPLETE"
    assert details["display"] is True
    assert values == {
        "consumer_number": f"C{order.pk:08d}",
        "meter_id": "84469825",
        "meter_type": "SMART_METER",
        "connection_type": "Residential - Single Phase",
        "sanctioned_load_kw": "5",
        "connection_start_date": timezone.now().date().isoformat(),
        "billing_cycle": "MONTHLY",
        "tariff_category": "Residential",
        "subsidy_eligible": "No",
        "grid_zone": "SF-1",
    }


def test_a_visit_that_is_called_off_alone_is_told(order: Application) -> None:
    advance(order.visits.get(), "call_off", actor=SYSTEM, reason="Storm")
    announce_all()

    assert [message["context"]["action"] for message in told()] == ["on_status"]


def test_visits_called_off_with_the_order_are_told_once_by_its_end(order: Application) -> None:
    advance(order, "cancel", actor=SYSTEM, reason="Storm")
    announce_all()

    assert [message["context"]["action"] for message in told()] == ["on_cancel"]


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


def progress(message: dict[str, Any]) -> dict[str, str]:
    return {tag["descriptor"]["code"]: tag["value"] for tag in message["message"]["order"]["tags"][0]["list"]}


def test_each_step_of_a_visit_is_told_and_why_it_came_to_nothing(order: Application) -> None:
    assign(order)
    the_act_is_over()
    visit = advance(order.visits.get(), "set_out", actor=SYSTEM)
    the_act_is_over()
    advance(visit, "report_unsafe", actor=SYSTEM, reason="A loose wire")
    announce_all()

    assert [progress(message).get("visit-status") for message in told()] == ["ASSIGNED", "EN_ROUTE", "UNSAFE"]
    assert progress(told()[-1])["visit-reason"] == "A loose wire"


def test_the_time_of_a_visit_is_told_before_anybody_is_put_on_it(order: Application) -> None:
    start = timezone.now().replace(microsecond=0)
    Visit.objects.filter(application=order).update(window_start=start)
    record(order.visits.get(), "rescheduled", actor=SYSTEM)
    announce_all()

    fulfillment = told()[-1]["message"]["order"]["fulfillments"][0]
    assert fulfillment["stops"][0]["time"]["timestamp"] == start.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert "agent" not in fulfillment


def test_an_answer_never_overtakes_what_has_happened_before_it(order: Application) -> None:
    assign(order)
    answer = ask("status", {"order_id": order.number}, transaction_id=order.source_reference)
    announce_all()

    codes = [
        json.loads(bytes(row.body))["message"]["order"]["fulfillments"][0]["state"]["descriptor"]["code"]
        for row in Callback.objects.filter(action="on_status").order_by("id")
    ]
    assert codes == ["TECHNICIAN_ASSIGNED", "TECHNICIAN_ASSIGNED"]
    assert answer["message"]["order"]["fulfillments"][0]["state"]["descriptor"]["code"] == codes[-1]


# --- What was done at once is told once -------------------------------------------------------------------------------


def test_a_technician_and_the_state_that_comes_of_it_are_told_at_once(order: Application) -> None:
    assign(order)
    announce_all()

    (message,) = told()
    assert message["message"]["order"]["fulfillments"][0]["state"]["descriptor"]["code"] == "TECHNICIAN_ASSIGNED"
    assert progress(message)["visit-status"] == "ASSIGNED"
    assert not Event.objects.filter(announced_at=None).exists()
    assert not Act.objects.exists()


def test_a_rejection_and_the_hold_that_it_brings_are_one_piece_of_news(order: Application) -> None:
    document = Document.objects.filter(application=order).first()
    assert document is not None
    advance(document, "submit", actor=SYSTEM)
    announce_all()
    before = len(told())

    advance(document, "reject", actor=SYSTEM, reason="The stamp is missing")
    record(order, "held", actor=SYSTEM)
    announce_all()

    assert len(told()) == before + 1
    assert not Event.objects.filter(announced_at=None).exists()


def test_what_was_done_one_after_the_other_is_told_so(order: Application) -> None:
    for n in (1, 2):
        record_payment(order, amount=Decimal(50), reference=f"cash-{n}", actor=SYSTEM)
        the_act_is_over()
    announce_all()

    assert len(told()) == 2


def test_news_of_another_kind_keeps_its_own_callback(order: Application) -> None:
    amend_application(order, changes={"requested_load_kw": Decimal(7)}, actor=SYSTEM)
    record_payment(order, amount=Decimal(50), reference="cash-1", actor=SYSTEM)
    announce_all()

    assert [message["context"]["action"] for message in told()] == ["on_update", "on_status"]


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_was_undone_takes_its_number_with_it(order: Application) -> None:
    with transaction.atomic():
        record(order, "held", actor=SYSTEM)
        transaction.set_rollback(True)
    for kind in ("held", "released"):
        with transaction.atomic():
            record(order, kind, actor=SYSTEM)
    numbers = set(Act.objects.values_list("number", flat=True))
    announce_all()

    assert len(numbers) == 2
    assert len(told()) == 2
