"""Payments that a buyer app reports: its word until staff find the money; told by the guide's finer status."""

from decimal import Decimal
from typing import Any

import pytest

from beckn_adapter.sandbox import orders
from billing.cash_desk import match_report
from billing.payments import (
    approve_waiver,
    ask_waiver,
    record_payment,
    return_payment,
    reverse_payment,
)
from connections.actors import Actor
from connections.lifecycle import advance
from connections.models import Application
from tests.beckn_adapter.conversation import application as applied
from tests.beckn_adapter.conversation import ask, new_id, place_order
from tests.beckn_adapter.test_announce import announce_all, told
from tests.factories import staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]
SYSTEM = Actor.system()
PAID = {"status": "PAID", "params": {"transaction_id": "UPI-7", "amount": "150", "currency": "USD"}}


def update(*payments: dict[str, Any], target: str = "payments") -> dict[str, Any]:
    order = Application.objects.get()
    message = {"update_target": target, "order": {"id": order.number, "payments": list(payments)}}
    return ask("update", message, transaction_id=order.source_reference)


def status_and_tag(payment: dict[str, Any]) -> tuple[str, str]:
    tags = payment.get("tags") or [{"list": [{"value": ""}]}]
    return payment["status"], tags[0]["list"][0]["value"]


def test_a_payment_that_confirm_reports_waits_for_staff() -> None:
    transaction = new_id()
    offered = ask("init", {"order": applied()}, transaction_id=transaction)["message"]["order"]
    terms = {**offered, "payments": [{**offered["payments"][0], **PAID}]}

    answer = ask("confirm", {"order": orders.agreement(applied(), terms)}, transaction_id=transaction)

    report = Application.objects.get().payment_reports.get()
    assert (report.reference, report.amount, report.state) == ("UPI-7", Decimal(150), "REPORTED")
    assert answer["message"]["order"]["payments"][0]["status"] == "NOT-PAID"


def test_an_update_reports_a_payment_once() -> None:
    place_order()

    for _ in range(2):
        assert "error" not in update(PAID)

    assert Application.objects.get().payment_reports.count() == 1


def test_a_payment_outside_the_target_is_not_taken_as_a_report() -> None:
    place_order()

    update(PAID, target="billing")

    assert not Application.objects.get().payment_reports.exists()


def test_what_staff_find_is_told_as_paid() -> None:
    place_order()
    update(PAID)
    report = Application.objects.get().payment_reports.get()

    match_report(report, amount=Decimal(150), method="BANK_TRANSFER", reference="UPI-7", actor=SYSTEM)
    announce_all()

    assert status_and_tag(told()[-1]["message"]["order"]["payments"][0]) == ("PAID", "PAID")


def test_what_staff_do_not_find_is_told_as_failed() -> None:
    place_order()
    update(PAID)

    advance(Application.objects.get().payment_reports.get(), "reject", actor=SYSTEM, reason="No such transfer")
    announce_all()

    assert status_and_tag(told()[-1]["message"]["order"]["payments"][0]) == ("NOT-PAID", "FAILED")


def test_each_movement_of_money_is_told() -> None:
    place_order()
    order = Application.objects.get()
    before = len(told())

    first = record_payment(order, amount=Decimal(200), actor=SYSTEM)
    announce_all()
    return_payment(order, amount=Decimal(50), method="CASH", actor=SYSTEM)
    announce_all()
    reverse_payment(first, reason="Bounced", actor=SYSTEM)
    announce_all()

    statuses = [status_and_tag(message["message"]["order"]["payments"][0]) for message in told()[before:]]
    assert statuses == [("PAID", "PAID"), ("PAID", "PAID"), ("NOT-PAID", "FAILED")]


def test_a_waiver_is_told_with_the_whole_price_and_what_is_paid_without_it() -> None:
    _, placed = place_order()
    order = Application.objects.get()
    announce_all()
    before = len(told())
    (instalment,) = order.instalments.all()
    record_payment(order, amount=Decimal(100), actor=SYSTEM)
    waiver = ask_waiver(
        instalment, amount=Decimal(50), reason="Flooded street", actor=Actor.staff(staff("billing.add_waiver"))
    )
    announce_all()

    approve_waiver(waiver, actor=Actor.staff(staff("billing.approve_waiver")))
    announce_all()

    paid, waived = told()[before:]  # that somebody asked for a waiver is told to nobody
    order_told = waived["message"]["order"]
    assert waived["context"]["action"] == "on_status"
    assert order_told["quote"] == placed["quote"]  # what was agreed; a waiver forgoes money and changes no price
    assert status_and_tag(paid["message"]["order"]["payments"][0]) == ("NOT-PAID", "PARTIALLY_PAID")
    assert status_and_tag(order_told["payments"][0]) == ("PAID", "PAID")
    assert order_told["payments"][0]["params"] == {"amount": "150", "currency": "USD"}


def test_money_that_went_back_whole_is_told_as_refunded() -> None:
    place_order()
    order = Application.objects.get()
    record_payment(order, amount=Decimal(150), actor=SYSTEM)
    advance(order, "cancel", actor=SYSTEM, reason="The street is closed")

    return_payment(order, amount=Decimal(150), method="BANK_TRANSFER", reference="B-1", actor=SYSTEM)
    announce_all()

    last = told()[-1]["message"]["order"]
    assert status_and_tag(last["payments"][0]) == ("NOT-PAID", "REFUNDED")
    assert last["status"] == "CANCELLED"


@pytest.mark.parametrize("amount", ["all of it", "-1", "1.234", "NaN", "1e30"])
def test_an_amount_that_is_none_is_refused_with_its_path(amount: str) -> None:
    place_order()

    error = update({**PAID, "params": {"amount": amount}})["error"]

    assert error["paths"] == "/message/order/payments/0/params/amount"
    assert not Application.objects.get().payment_reports.exists()
