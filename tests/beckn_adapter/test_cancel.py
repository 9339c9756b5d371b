"""Cancelling: on the terms of the state, for a reason that exists, not too late, and never for somebody else."""

from decimal import Decimal
from typing import Any

import pytest

from beckn_adapter.announce import announce_events
from beckn_adapter.models import Callback
from beckn_adapter.translate.order import write_order
from billing.payments import record_payment, return_payment
from connections.actors import Actor
from connections.lifecycle import advance
from connections.models import Application, CancellationTerm, Event
from connections.privacy.erasure import erase_application
from fieldwork.models import Visit
from tests.beckn_adapter.conversation import ask, new_id, place_order
from tests.factories import bring_to

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]
SYSTEM = Actor.system("test")


def cancel(reason: str = "c1", **details: Any) -> dict[str, Any]:
    order = Application.objects.get()
    message = {"order_id": order.number, "cancellation_reason_id": reason, **details}
    return ask("cancel", message, transaction_id=order.source_reference)


def test_an_order_is_cancelled_for_the_applicants_reason() -> None:
    place_order()

    order = cancel("c2")["message"]["order"]

    assert order["status"] == "CANCELLED"
    assert order["fulfillments"][0]["state"]["descriptor"]["code"] == "CANCELLED"
    assert order["fulfillments"][0]["tracking"] is False
    assert order["cancellation"]["cancelled_by"] == "CONSUMER"
    assert order["cancellation"]["reason"] == {"id": "c2", "descriptor": {"name": "I am moving somewhere else"}}
    assert set(Visit.objects.values_list("state", flat=True)) == {"CANCELLED"}


WORDS = {"name": "We moved", "short_desc": "To Oakland", "long_desc": "The house was sold. Thank you."}


def test_the_words_beside_a_reason_are_told_back_and_stand_in_the_timeline() -> None:
    place_order()

    cancellation = cancel("c2", descriptor={"code": "CONFIRM_CANCEL", **WORDS})["message"]["order"]["cancellation"]

    assert cancellation["reason"] == {"id": "c2", "descriptor": {"name": "I am moving somewhere else"}}
    assert cancellation["additional_description"] == WORDS
    assert Event.objects.get(kind="application.cancelled").data["beside_it"] == WORDS


def test_without_a_reason_the_name_is_the_reason_and_the_rest_stands_beside_it() -> None:
    place_order()
    CancellationTerm.objects.update(reason_required=False)

    cancellation = cancel("", descriptor=WORDS)["message"]["order"]["cancellation"]

    assert cancellation["reason"] == {"descriptor": {"name": "We moved"}}
    assert cancellation["additional_description"] == {key: WORDS[key] for key in ("short_desc", "long_desc")}


def test_the_words_beside_a_reason_go_with_the_person() -> None:
    place_order()
    cancel("c2", descriptor=WORDS)
    for callback in Callback.objects.all():
        callback.state = Callback.State.DELIVERED
        callback.save()

    erase_application(Application.objects.get(), reason="asked to", actor=SYSTEM)

    assert "additional_description" not in write_order(Application.objects.get(), "guide")["cancellation"]


@pytest.mark.parametrize(
    ("state", "paid", "price", "refund"),
    [
        ("SCHEDULED", 0, "0", "0"),
        ("SCHEDULED", 150, "-150", "150"),
        ("TECHNICIAN_ASSIGNED", 0, "20", "0"),
        ("TECHNICIAN_ASSIGNED", 150, "-130", "130"),
        ("ASSESSMENT_COMPLETED", 150, "-100", "100"),
        ("APPROVED", 150, "-50", "50"),
        ("APPROVED", 60, "40", "0"),
    ],
)
def test_the_fee_grows_with_the_state_and_the_rest_goes_back(state: str, paid: int, price: str, refund: str) -> None:
    place_order()
    application = bring_to(Application.objects.get(), state)
    if paid:
        record_payment(application, amount=Decimal(paid), reference="cash", actor=SYSTEM)

    order = cancel()["message"]["order"]

    assert order["quote"]["price"] == {"value": price, "currency": "USD"}
    assert sum(Decimal(line["price"]["value"]) for line in order["quote"]["breakup"]) == Decimal(price)
    assert order["refund_terms"][0]["refund_amount"] == {"value": refund, "currency": "USD"}


def test_what_went_back_before_is_not_promised_again_and_what_goes_back_after_changes_nothing() -> None:
    place_order()
    application = Application.objects.get()
    record_payment(application, amount=Decimal(200), reference="cash", actor=SYSTEM)
    return_payment(application, amount=Decimal(50), method="CASH", actor=SYSTEM)
    foretold = cancel(descriptor={"code": "SOFT_CANCEL"})["message"]["order"]
    order = cancel()["message"]["order"]
    return_payment(Application.objects.get(), amount=Decimal(150), method="CASH", actor=SYSTEM)

    later = cancel()["message"]["order"]

    told = [said["refund_terms"][0]["refund_amount"]["value"] for said in (foretold, order, later)]
    assert told == ["150", "150", "150"]
    assert later["quote"]["price"]["value"] == "-150"


def test_a_soft_cancel_says_what_it_would_cost_and_ends_nothing() -> None:
    place_order()
    bring_to(Application.objects.get(), "ASSESSMENT_COMPLETED")

    order = cancel(descriptor={"code": "SOFT_CANCEL"})["message"]["order"]

    assert order["status"] == "ACTIVE"
    assert order["quote"]["price"] == {"value": "50", "currency": "USD"}
    assert Application.objects.get().fulfillment_state == "ASSESSMENT_COMPLETED"


def test_a_second_cancel_is_told_the_same() -> None:
    place_order()

    assert cancel()["message"]["order"] == cancel("c3")["message"]["order"]


@pytest.mark.parametrize("reason", ["c99", ""])
def test_a_reason_that_does_not_exist_is_refused_with_those_that_do(reason: str) -> None:
    place_order()

    assert cancel(reason)["error"] == {
        "code": "30011",
        "message": "The reason is none of c1, c2, c3, c4, c5.",
        "paths": "/message/cancellation_reason_id",
    }


def test_where_no_reason_is_required_none_is_needed() -> None:
    place_order()
    CancellationTerm.objects.update(reason_required=False)

    assert cancel("")["message"]["order"]["status"] == "CANCELLED"


def test_with_the_power_on_it_is_too_late() -> None:
    place_order()
    bring_to(Application.objects.get(), "CONNECTION_ESTABLISHED")

    error = cancel()["error"]

    assert (error["code"], error["message"]) == ("50001", "Too late to cancel: the order is connection established.")


def test_what_the_applicant_cancelled_is_not_told_a_second_time() -> None:
    place_order()
    cancel()

    while announce_events():
        pass

    assert Callback.objects.filter(action="on_cancel").count() == 1


def test_after_the_utility_ended_it_a_cancel_is_too_late() -> None:
    place_order()
    advance(Application.objects.get(), "fail", actor=SYSTEM, reason="condemned")

    assert cancel()["error"]["code"] == "50001"


def test_the_reasons_can_be_asked_for() -> None:
    answer = ask("get_cancellation_reasons", {})

    assert answer["context"]["action"] == "cancellation_reasons"
    assert answer["message"]["cancellation_reasons"][0] == {
        "id": "c1",
        "descriptor": {"code": "NO_LONGER_NEEDED", "name": "I no longer need the connection"},
    }


def test_an_order_that_does_not_exist_is_not_found() -> None:
    error = ask("cancel", {"order_id": "conn-order-999", "cancellation_reason_id": "c1"}, transaction_id=new_id())[
        "error"
    ]

    assert error == {"code": "30010", "message": "No order has this id.", "paths": "/message/order_id"}
