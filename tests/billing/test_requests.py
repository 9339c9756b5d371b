"""What somebody says about money and somebody else must settle: reported payments, and waivers with four eyes."""

from decimal import Decimal as D

import pytest
from django.db import IntegrityError, transaction

from billing.cash_desk import AboveDue, match_report
from billing.ledger import account_of, payment_status
from billing.models import Entry, PaymentReport, Waiver
from billing.payments import approve_waiver, ask_waiver, record_payment, report_payment
from connections.actors import Actor
from connections.lifecycle import Refused, advance
from connections.models import Application, Event
from connections.vocabulary import ApplicationState as S
from connections.vocabulary import PaymentStatus
from tests.factories import SYSTEM, application_in, offering, staff, verify_documents

pytestmark = pytest.mark.django_db
BAP = Actor.buyer_app("bap.example")
TWO_PARTS = (
    {"type": "PRE_FULFILLMENT", "collected_by": "BPP", "amount": D("50")},
    {"type": "ON_FULFILLMENT", "collected_by": "BPP", "amount": D("150")},
)


@pytest.fixture
def order() -> Application:
    return application_in(S.SCHEDULED)


# --- What a buyer app reports ---------------------------------------------------------------------------------------


def test_a_report_is_no_money(order: Application) -> None:
    report_payment(order.instalments.get(), amount=D("150"), reference="UPI-7", actor=BAP)

    assert (account_of(order).kept, payment_status(order.instalments.get())) == (0, PaymentStatus.PENDING)


def test_a_report_that_is_told_twice_is_one(order: Application) -> None:
    for _ in range(2):
        report_payment(order.instalments.get(), amount=D("150"), reference="UPI-7", actor=BAP)

    assert (PaymentReport.objects.count(), Event.objects.filter(kind="paymentreport.reported").count()) == (1, 1)


def test_staff_match_a_report_with_the_money_that_they_found(order: Application) -> None:
    report = report_payment(order.instalments.get(), amount=D("150"), reference="UPI-7", actor=BAP)
    clerk = Actor.staff(staff("billing.add_payment", "billing.match_paymentreport"))
    assert report is not None

    found = {"amount": D("150"), "method": "BANK_TRANSFER", "reference": "UPI-7", "actor": clerk}
    payment = match_report(report, **found)

    matched = PaymentReport.objects.get()
    assert (matched.state, matched.payment) == ("MATCHED", payment)
    assert payment_status(order.instalments.get()) == PaymentStatus.PAID
    assert match_report(matched, **found) == payment


def test_a_report_that_staff_do_not_find_makes_the_payment_failed(order: Application) -> None:
    report = report_payment(order.instalments.get(), amount=D("150"), reference="UPI-7", actor=BAP)
    assert report is not None

    with pytest.raises(Refused, match="Say why"):
        advance(report, "reject", actor=SYSTEM, reason="")
    advance(report, "reject", actor=SYSTEM, reason="No such transfer at our bank")

    assert payment_status(order.instalments.get()) == PaymentStatus.FAILED


def test_what_is_known_already_is_not_reported_again(order: Application) -> None:
    record_payment(order, amount=D("150"), method="BANK_TRANSFER", reference="UPI-7", actor=SYSTEM)

    echoed = report_payment(order.instalments.get(), amount=D("150"), actor=BAP)
    known = report_payment(order.instalments.get(), amount=D("150"), reference="UPI-7", actor=BAP)

    assert (echoed, known) == (None, None)


def test_a_second_payment_for_what_is_paid_is_reported_and_due_back_once_it_is_found(order: Application) -> None:
    record_payment(order, amount=D("150"), actor=SYSTEM)

    report = report_payment(order.instalments.get(), amount=D("150"), reference="UPI-8", actor=BAP)
    assert report is not None
    found = {"amount": D("150"), "method": "BANK_TRANSFER", "reference": "UPI-8", "actor": SYSTEM}
    with pytest.raises(AboveDue) as asked:
        match_report(report, **found)
    match_report(report, over_seen=asked.value.over, **found)

    assert account_of(order).refund_due == D("150")


# --- Four eyes ------------------------------------------------------------------------------------------------------

BOTH = ("billing.add_waiver", "billing.approve_waiver")


def test_whoever_asks_for_a_waiver_can_not_approve_it(order: Application) -> None:
    clerk = Actor.staff(staff(*BOTH))
    waiver = ask_waiver(order.instalments.get(), amount=D("30"), reason="Hardship", actor=clerk)

    with pytest.raises(Refused, match="ask somebody else") as refused:
        approve_waiver(waiver, actor=clerk)

    assert (refused.value.code, account_of(order).waived) == ("four_eyes", 0)


def test_the_database_wants_four_eyes_as_well(order: Application) -> None:
    clerk = staff(*BOTH)
    waiver = ask_waiver(order.instalments.get(), amount=D("30"), reason="Hardship", actor=Actor.staff(clerk))
    waiver.approve(by=clerk.pk)

    with pytest.raises(IntegrityError, match="a_waiver_needs_four_eyes"), transaction.atomic():
        waiver.save()


def test_another_person_approves_and_it_is_forgone(order: Application) -> None:
    waiver = ask_waiver(order.instalments.get(), amount=D("30"), reason="Hardship", actor=Actor.staff(staff(*BOTH)))

    approve_waiver(waiver, actor=Actor.staff(staff(*BOTH)))

    assert (account_of(order).waived, account_of(order).open) == (D("30"), D("120"))
    assert Entry.objects.get(kind="WAIVER").title == "150.00 USD, when power is on, waived"


def test_no_more_is_waived_than_is_open(order: Application) -> None:
    owed, clerk = order.instalments.get(), Actor.staff(staff(*BOTH))
    with pytest.raises(Refused, match=r"Only 150\.00 USD is open"):
        ask_waiver(owed, amount=D("150.01"), reason="Hardship", actor=clerk)
    waiver = ask_waiver(owed, amount=D("150"), reason="Hardship", actor=clerk)
    record_payment(order, amount=D("1"), actor=SYSTEM)

    with pytest.raises(Refused, match=r"Only 149\.00 USD is still open"):
        approve_waiver(waiver, actor=Actor.staff(staff(*BOTH)))


def test_a_waiver_waits_for_one_decision_at_a_time(order: Application) -> None:
    owed, clerk = order.instalments.get(), Actor.staff(staff(*BOTH))
    waiver = ask_waiver(owed, amount=D("10"), reason="Hardship", actor=clerk)

    with pytest.raises(Refused, match="already asked for"):
        ask_waiver(owed, amount=D("10"), reason="Hardship", actor=clerk)
    advance(waiver, "refuse", actor=Actor.staff(staff(*BOTH)), reason="No proof")
    ask_waiver(owed, amount=D("10"), reason="Proof attached", actor=clerk)

    assert list(Waiver.objects.values_list("state", flat=True)) == ["REFUSED", "ASKED"]


# --- What it means for the order ------------------------------------------------------------------------------------


def test_a_waiver_opens_the_way_to_the_approval_as_money_does() -> None:
    waiting = application_in(S.ASSESSMENT_COMPLETED, offering=offering(terms=TWO_PARTS))
    verify_documents(waiting)
    early = waiting.instalments.get(type="PRE_FULFILLMENT")
    waiver = ask_waiver(early, amount=D("50"), reason="Hardship", actor=Actor.staff(staff(*BOTH)))

    approve_waiver(waiver, actor=Actor.staff(staff(*BOTH)))

    assert advance(waiting, "approve", actor=SYSTEM).fulfillment_state == S.APPROVED


def test_a_payment_that_is_only_reported_does_not_open_the_way() -> None:
    waiting = application_in(S.ASSESSMENT_COMPLETED, offering=offering(terms=TWO_PARTS))
    verify_documents(waiting)
    report_payment(waiting.instalments.get(type="PRE_FULFILLMENT"), amount=D("50"), reference="UPI-9", actor=BAP)

    with pytest.raises(Refused, match="A payment was reported that is not matched yet"):
        advance(waiting, "approve", actor=SYSTEM)
