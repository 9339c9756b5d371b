"""Money that moves: once however often it is sent, never for nothing, never by whom it is not allowed to."""

from decimal import Decimal as D
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from billing.ledger import account_of, accounts_of, is_taken_back, payment_status
from billing.models import Entry, Payment
from billing.payments import (
    ask_waiver,
    record_payment,
    return_payment,
    reverse_payment,
)
from connections.actors import Actor
from connections.lifecycle import Refused
from connections.models import Application, Event
from connections.vocabulary import ApplicationState as S
from connections.vocabulary import PaymentStatus
from tests.conftest import AtOnce
from tests.factories import SYSTEM, application, application_in, offering, staff

pytestmark = pytest.mark.django_db
BAP = Actor.buyer_app("bap.example")
TWO_PARTS = (
    {"type": "PRE_FULFILLMENT", "collected_by": "BPP", "amount": D("50")},
    {"type": "ON_FULFILLMENT", "collected_by": "BPP", "amount": D("150")},
)


@pytest.fixture
def order() -> Application:
    return application_in(S.SCHEDULED)


def events(kind: str) -> int:
    return Event.objects.filter(kind=kind).count()


# --- Once -----------------------------------------------------------------------------------------------------------


def test_a_payment_is_an_event_of_its_order(order: Application) -> None:
    payment = record_payment(order, amount=D("150"), method="CARD", reference="C-1", actor=SYSTEM)

    event = Event.objects.get(kind="payment.recorded")
    assert (event.application, event.subject) == (order, str(payment))
    assert event.data == {"amount": "150", "reference": "C-1", "method": "CARD"}


def test_the_same_key_again_is_the_same_payment(order: Application) -> None:
    key = uuid4()

    first = record_payment(order, amount=D("100"), key=key, actor=SYSTEM)
    second = record_payment(order, amount=D("100"), key=key, actor=SYSTEM)

    assert first == second
    assert (account_of(order).kept, events("payment.recorded")) == (D("100"), 1)


def test_the_same_reference_again_is_the_same_payment(order: Application) -> None:
    first = record_payment(order, amount=D("100"), reference="R-1", actor=SYSTEM)
    second = record_payment(order, amount=D("100"), reference="R-1", actor=SYSTEM)

    assert first == second
    assert account_of(order).kept == D("100")


def test_two_payments_in_cash_need_no_reference(order: Application) -> None:
    for _ in range(2):
        record_payment(order, amount=D("75"), actor=SYSTEM)

    assert payment_status(order.instalments.get()) == PaymentStatus.PAID


def test_a_reference_that_stands_for_another_amount_is_refused(order: Application) -> None:
    record_payment(order, amount=D("100"), reference="R-1", actor=SYSTEM)

    with pytest.raises(Refused, match=r"R-1 is already recorded for another payment: 100\.00 USD") as refused:
        record_payment(order, amount=D("50"), reference="R-1", actor=SYSTEM)

    assert (refused.value.code, account_of(order).kept) == ("reference_taken", D("100"))


def test_a_key_that_stands_for_another_order_is_refused(order: Application) -> None:
    key, other = uuid4(), application_in(S.SCHEDULED)
    record_payment(order, amount=D("100"), key=key, actor=SYSTEM)

    with pytest.raises(Refused, match="sent before") as refused:
        record_payment(other, amount=D("100"), key=key, actor=SYSTEM)

    assert (refused.value.code, account_of(other).kept) == ("key_taken", 0)


@pytest.mark.django_db(transaction=True)
def test_the_same_payment_from_ten_at_once_is_one(at_once: AtOnce) -> None:
    order, key = application_in(S.SCHEDULED), uuid4()

    outcomes = at_once(10, lambda: record_payment(order, amount=D("150"), key=key, actor=SYSTEM).pk)

    assert outcomes == [Payment.objects.get().pk] * 10
    assert events("payment.recorded") == 1


@pytest.mark.django_db(transaction=True)
def test_of_ten_refunds_at_once_only_what_is_due_goes_back(at_once: AtOnce) -> None:
    order = application_in(S.SCHEDULED)
    record_payment(order, amount=D("200"), actor=SYSTEM)

    def pay_back() -> str:
        try:
            return str(return_payment(order, amount=D("50"), method="CASH", actor=SYSTEM))
        except Refused as refusal:
            return refusal.code

    assert sorted(at_once(10, pay_back)) == ["50.00 USD", *["nothing_due_back"] * 9]


# --- What is no payment ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "said"), [("0", "above nothing"), ("-150", "above nothing"), ("0.001", "no more than 2 decimals")]
)
def test_an_amount_that_no_purse_holds_is_refused(order: Application, amount: str, said: str) -> None:
    with pytest.raises(Refused, match=said) as refused:
        record_payment(order, amount=D(amount), actor=SYSTEM)

    assert (refused.value.code, Payment.objects.count()) == ("amount_wrong", 0)


def test_a_draft_takes_no_money() -> None:
    with pytest.raises(Refused, match="not ordered yet"):
        record_payment(application(), amount=D("150"), actor=SYSTEM)


def test_more_than_is_due_back_is_not_paid_back(order: Application) -> None:
    record_payment(order, amount=D("160"), actor=SYSTEM)

    with pytest.raises(Refused, match=r"10\.00 USD is due back, not more") as refused:
        return_payment(order, amount=D("10.01"), method="CASH", actor=SYSTEM)

    assert refused.value.code == "nothing_due_back"


@pytest.mark.parametrize(
    ("permission", "act"),
    [
        ("billing.add_payment", lambda order, actor: record_payment(order, amount=D("1"), actor=actor)),
        (
            "billing.refund_payment",
            lambda order, actor: return_payment(order, amount=D("1"), method="CASH", actor=actor),
        ),
        (
            "billing.reverse_payment",
            lambda order, actor: reverse_payment(Payment.objects.get(), reason="x", actor=actor),
        ),
        (
            "billing.add_waiver",
            lambda order, actor: ask_waiver(order.instalments.get(), amount=D("1"), reason="x", actor=actor),
        ),
    ],
)
def test_nobody_moves_money_without_the_permission_for_it(permission: str, act: object) -> None:
    order = application_in(S.SCHEDULED)
    record_payment(order, amount=D("149"), actor=SYSTEM)
    others = {"billing.add_payment", "billing.refund_payment", "billing.reverse_payment", "billing.add_waiver"}

    with pytest.raises(Refused, match="may not do this with money") as refused:
        act(order, Actor.staff(staff(*others - {permission})))  # type: ignore[operator]

    assert refused.value.code == "not_allowed"


# --- Taken back -----------------------------------------------------------------------------------------------------


def test_a_payment_is_taken_back_once_and_with_a_reason(order: Application) -> None:
    payment = record_payment(order, amount=D("150"), actor=SYSTEM)

    with pytest.raises(Refused, match="Say why"):
        reverse_payment(payment, reason=" ", actor=SYSTEM)
    reverse_payment(payment, reason="The cheque bounced", actor=SYSTEM)
    with pytest.raises(Refused, match="taken back already"):
        reverse_payment(payment, reason="The cheque bounced", actor=SYSTEM)

    assert is_taken_back(payment)
    assert (account_of(order).kept, events("payment.reversed")) == (0, 1)


def test_a_payment_for_two_instalments_is_taken_back_from_both() -> None:
    order = application_in(S.SCHEDULED, offering=offering(terms=TWO_PARTS))
    payment = record_payment(order, amount=D("120"), actor=SYSTEM)

    reverse_payment(payment, reason="Typed for the wrong order", actor=SYSTEM)

    assert [account.kept for account in accounts_of(order).values()] == [0, 0]


# --- The books ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [Entry, Payment])
def test_the_books_are_never_changed(order: Application, model: type[Entry] | type[Payment]) -> None:
    record_payment(order, amount=D("150"), actor=SYSTEM)
    row = model.objects.latest("id")

    for change in (row.save, row.delete, model.objects.all().delete, lambda: model.objects.update(amount=1)):
        with pytest.raises(TypeError, match="never changed"):
            change()


def test_an_entry_is_undone_once(order: Application) -> None:
    payment = record_payment(order, amount=D("150"), actor=SYSTEM)
    reverse_payment(payment, reason="Bounced", actor=SYSTEM)
    undone = Entry.objects.get(kind="PAYMENT")
    again = {"application": order, "kind": "REVERSAL", "currency": "USD", "amount": D("150")}
    again |= {"payment": payment, "till": payment.provider}

    with pytest.raises(IntegrityError), transaction.atomic():
        Entry.objects.create(**again, reverses=undone)
    with pytest.raises(IntegrityError, match="a_reversal_names_what_it_undoes"), transaction.atomic():
        Entry.objects.create(**again)
