"""A day's closing: its figures are the ledger's, it adds up, and it is frozen."""

import random
from datetime import UTC, date, timedelta
from decimal import Decimal as D
from typing import Any

import pytest

from billing.closing import AMOUNTS, expected_cash, figures_of, totals_of, window_of
from billing.ledger import account_of
from billing.models import Entry, Payment, Voucher
from billing.payments import return_payment, reverse_payment
from connections.actors import Actor
from connections.lifecycle import Refused
from connections.vocabulary import EntryKind
from tests.billing.days import DAY, NOON, dated, utility
from tests.billing.money import order, paid
from tests.factories import SYSTEM, provider, staff

pytestmark = pytest.mark.django_db


def by_method(day: date = DAY) -> dict[str, tuple[str, ...]]:
    """Taken, paid back, taken back, net."""
    rows = totals_of(figures_of(utility(), day)["rows"], "method")
    return {row["method"]: tuple(str(row[name]) for name in AMOUNTS) for row in rows}


def test_a_day_is_added_up_by_method_and_by_person() -> None:
    wanted, anna, ben = order(), staff("billing.add_payment"), staff("billing.add_payment")
    dated(NOON, lambda: paid(wanted, "50", actor=Actor.staff(anna)))
    dated(NOON, lambda: paid(wanted, "20", actor=Actor.staff(ben)))
    dated(NOON, lambda: paid(wanted, "100", method="CARD", reference="SLIP-1", actor=Actor.staff(anna)))

    rows = figures_of(utility(), DAY)["rows"]

    assert [(row["method"], row["who"], row["count"], row["taken"], row["net"]) for row in rows] == [
        ("CARD", f"staff {anna}", 1, "100.00", "100.00"),
        ("CASH", f"staff {anna}", 1, "50.00", "50.00"),
        ("CASH", f"staff {ben}", 1, "20.00", "20.00"),
    ]
    assert expected_cash(utility(), figures_of(utility(), DAY)) == D(70)


def test_what_goes_back_and_what_is_taken_back_is_told_apart() -> None:
    wanted = order()
    dated(NOON, lambda: paid(wanted, "250"))
    dated(NOON, lambda: return_payment(wanted, amount=D(50), method="CASH", actor=SYSTEM))
    wrong = dated(NOON, lambda: paid(order(), "30"))
    dated(NOON, lambda: reverse_payment(wrong, reason="Wrong order", actor=SYSTEM))

    assert by_method() == {"CASH": ("280.00", "50.00", "30.00", "200.00")}


def test_a_payment_of_yesterday_that_bounces_today_counts_today() -> None:
    cheque = dated(NOON - timedelta(days=1), lambda: paid(order(), "50", method="BANK_TRANSFER", reference="T-1"))
    dated(NOON, lambda: reverse_payment(cheque, reason="Returned by the bank", actor=SYSTEM))

    assert by_method() == {"BANK_TRANSFER": ("0.00", "0.00", "50.00", "-50.00")}
    assert by_method(DAY - timedelta(days=1)) == {"BANK_TRANSFER": ("50.00", "0.00", "0.00", "50.00")}


def test_a_refund_that_did_not_arrive_counts_as_money_again() -> None:
    wanted = order()
    dated(NOON - timedelta(days=1), lambda: paid(wanted, "250"))
    refund = dated(
        NOON, lambda: return_payment(wanted, amount=D(50), method="BANK_TRANSFER", reference="OUT-1", actor=SYSTEM)
    )
    dated(NOON, lambda: reverse_payment(refund, reason="Account closed", actor=SYSTEM))

    assert by_method() == {"BANK_TRANSFER": ("0.00", "50.00", "-50.00", "0.00")}


def test_the_day_is_the_providers_own() -> None:
    start, end = window_of(provider(), DAY)
    moments = [start - timedelta(seconds=1), start, end - timedelta(seconds=1), end]
    for moment in moments:
        dated(moment, lambda: paid(order(), "1"))

    assert by_method()["CASH"][0] == "2.00"


def test_a_day_on_which_the_clock_changes_is_an_hour_longer() -> None:
    start, end = window_of(provider(), date(2026, 11, 1))

    assert end.astimezone(UTC) - start.astimezone(UTC) == timedelta(hours=25)


def test_receipts_are_counted_from_the_first_number_to_the_last() -> None:
    wanted = order()
    for _ in range(3):
        dated(NOON, lambda: paid(wanted, "10"))
    numbers = list(Voucher.objects.filter(kind="RECEIPT").order_by("id").values_list("number", flat=True))

    figures = figures_of(utility(), DAY)

    assert figures["receipts"] == {"count": 3, "first": numbers[0], "last": numbers[2]}
    assert figures["refund_notes"] == {"count": 0, "first": "", "last": ""}


def test_another_providers_money_is_not_counted() -> None:
    dated(NOON, lambda: paid(order(), "50"))
    other = provider(code="oakland", area=False)

    assert figures_of(other, DAY)["rows"] == []


@pytest.mark.parametrize("seed", range(6))
def test_the_figures_of_random_days_are_the_sum_of_the_ledger(seed: int) -> None:
    chance = random.Random(seed)
    orders, clerks = [order() for _ in range(2)], [Actor.staff(staff(*MAY_ALL)) for _ in range(2)]
    days = [DAY + timedelta(days=n) for n in range(3)]
    for n in range(14):
        at = NOON + timedelta(days=chance.randrange(3), hours=chance.randrange(-6, 6))
        dated(at, lambda n=n: something_with(chance.choice(orders), chance, chance.choice(clerks), f"R-{seed}-{n}"))

    for day in days:
        start, end = window_of(utility(), day)
        entries = Entry.objects.filter(at__gte=start, at__lt=end, payment__isnull=False).select_related("reverses")
        by_hand = sum((felt_by_the_till(entry) for entry in entries), D(0))
        rows = figures_of(utility(), day)["rows"]
        payments = Payment.objects.filter(at__gte=start, at__lt=end)

        assert sum((D(row["net"]) for row in rows), D(0)) == by_hand
        assert sum((D(row["taken"]) for row in rows), D(0)) == sum(
            (payment.amount for payment in payments if not payment.is_refund), D(0)
        )
        assert all(D(row["taken"]) - D(row["paid_back"]) - D(row["taken_back"]) == D(row["net"]) for row in rows)
    kept = sum((account_of(one).kept for one in orders), D(0))
    assert sum((D(row["net"]) for day in days for row in figures_of(utility(), day)["rows"]), D(0)) == kept


MAY_ALL = ("billing.add_payment", "billing.refund_payment", "billing.reverse_payment")


def felt_by_the_till(entry: Entry) -> D:
    undone = entry.reverses
    came_in = (undone.kind == EntryKind.REFUND) if undone else entry.kind == EntryKind.PAYMENT
    return entry.amount if came_in else -entry.amount


def something_with(one: Any, chance: random.Random, actor: Actor, reference: str) -> None:
    """A payment, a refund where one is due, or a reversal."""
    method = chance.choice(["CASH", "CARD", "BANK_TRANSFER"])
    due_back, payments = account_of(one).refund_due, list(one.payments.all())
    what = chance.choice(["pay", "pay", "return", "reverse"])
    if what == "return" and due_back:
        return_payment(one, amount=due_back, method=method, reference=reference, actor=actor)
    elif what == "reverse" and payments:
        try:
            reverse_payment(chance.choice(payments), reason="A slip", actor=actor)
        except Refused as refused:
            assert refused.code == "already_taken_back"  # noqa: PT017
    else:
        paid(one, str(chance.randrange(1, 30000) / D(100)), method=method, reference=reference, actor=actor)
