"""Whatever is done to an order's money: the books add up, and nothing that is paid becomes unpaid."""

from decimal import Decimal as D

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from billing.accounts import Account, Posting, add_up, share_out, status_of
from billing.ledger import account_of, accounts_of, statuses_of
from billing.models import Entry, Payment, Quote
from billing.payments import approve_waiver, ask_waiver, record_payment, return_payment, reverse_payment
from connections.actors import Actor
from connections.lifecycle import Refused, advance
from connections.models import Application
from connections.services import amend_application
from connections.vocabulary import ApplicationState as S
from connections.vocabulary import PaymentStatus
from tests.factories import SYSTEM, application_in, offering, staff

LINES = (
    {"title": "Fee", "amount": D("200")},
    {"title": "Cable", "kind": "PER_KW", "amount": D("12.50"), "included_kw": D("5")},
)
TERMS = (
    {"type": "PRE_ORDER", "amount": D("20")},
    {"type": "PRE_FULFILLMENT", "percent": D("40")},
    {"type": "ON_FULFILLMENT", "percent": D("33.33")},
)
SIGN = {"CHARGE": 1, "REFUND": 1, "PAYMENT": -1, "WAIVER": -1}
UNPAYING = {"bounce", "refund"}
# Shares of what is open or due back, so that whole instalments are met, and a little more or less.
shares = some.sampled_from([D("0.12"), D("0.6"), D("0.999"), D(1), D("1.01"), D("1.5")])
acts = some.one_of(
    some.tuples(some.sampled_from(["pay", "pay", "refund", "waive"]), shares),
    some.tuples(some.just("load"), some.integers(1, 10).map(D)),
    some.tuples(some.sampled_from(["bounce", "pay"]), some.just(D(1))),
    some.tuples(some.sampled_from(["cancel", "pay", "refund"]), shares),
)


def do(order: Application, what: str, value: D, clerks: tuple[Actor, Actor]) -> None:
    if what == "pay":
        record_payment(order, amount=round(value * (account_of(order).open or 50), 2), actor=SYSTEM)
    elif what == "refund":
        return_payment(order, amount=round(value * account_of(order).refund_due, 2), method="CASH", actor=SYSTEM)
    elif what == "waive":
        row = max(order.instalments.all(), key=lambda row: accounts_of(order)[row.pk].open)
        amount = round(value * accounts_of(order)[row.pk].open, 2)
        approve_waiver(ask_waiver(row, amount=amount, reason="x", actor=clerks[0]), actor=clerks[1])
    elif what == "load":
        amend_application(order, changes={"requested_load_kw": value}, actor=SYSTEM)
    elif what == "bounce" and Payment.objects.filter(application=order).exists():
        reverse_payment(Payment.objects.filter(application=order).latest("id"), reason="x", actor=SYSTEM)
    elif what == "cancel":
        advance(order, "cancel", actor=Actor.buyer_app("bap.example"), reason="x")


@pytest.mark.django_db
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(story=some.lists(acts, min_size=1, max_size=12))
def test_the_books_add_up_whatever_happens(db: None, story: list[tuple[str, D]]) -> None:
    order = application_in(S.SCHEDULED, offering=offering(lines=LINES, terms=TERMS, code=f"o{Entry.objects.count()}"))
    both = ("billing.add_waiver", "billing.approve_waiver")
    clerks = Actor.staff(staff(*both)), Actor.staff(staff(*both))
    paid_before: set[int] = set()

    for what, value in story:
        try:
            do(order, what, value, clerks)
        except Refused:
            continue
        finally:
            order = Application.objects.get(pk=order.pk)
        check_the_sums(order)
        paid = {key for key, status in statuses_of(order).items() if status == PaymentStatus.PAID}
        assert what in UNPAYING or paid_before <= paid, f"{what} made unpaid what was paid"
        paid_before = paid


def check_the_sums(order: Application) -> None:
    entries = list(order.entries.select_related("reverses"))
    signed = [
        SIGN[row.kind] * row.amount if row.kind in SIGN else -SIGN[row.reverses.kind] * row.amount for row in entries
    ]
    account, accounts = account_of(order), accounts_of(order)
    unused_waivers = sum((max(part.waived - part.charged, D(0)) for part in accounts.values()), D(0))
    assert sum(signed, D(0)) + unused_waivers == account.open - account.refund_due
    assert 0 in (account.open, account.refund_due)
    parts = accounts_of(order).items()
    net = {key: part.charged - part.waived - part.kept for key, part in parts}
    assert {row.pk: net[row.pk] for row in order.instalments.all()} == dict(
        order.instalments.values_list("pk", "balance")
    )
    assert Application.objects.get(pk=order.pk).owes or max(net.values()) <= 0
    assert sum(net.values()) == Quote.objects.get(application=order).balance
    moved = {row.pk: row.amount for row in order.payments.all()}
    for row in entries:
        if row.kind in {"PAYMENT", "REFUND"} and not hasattr(row, "reversal"):
            moved[row.payment_id] -= row.amount
    assert all(left == 0 or not is_standing(order, key) for key, left in moved.items()), (
        "a payment is not shared out whole"
    )
    if order.fulfillment_state == S.SCHEDULED:
        assert all(accounts[row.pk].charged == row.amount for row in order.instalments.all())
        assert account.refund_due == 0 or account.kept > account.asked


def is_standing(order: Application, payment: int) -> bool:
    return order.entries.filter(payment=payment, kind__in=["PAYMENT", "REFUND"], reversal=None).exists()


# --- The pure part --------------------------------------------------------------------------------------------------

amounts = some.integers(0, 10**9).map(lambda n: D(n) / 1000)


@given(charged=amounts, waived=amounts, received=amounts, returned=amounts)
def test_nobody_owes_and_gets_back_at_once(charged: D, waived: D, received: D, returned: D) -> None:
    account = Account(charged, waived, received, returned)

    assert account.open - account.refund_due == account.asked - account.kept
    assert min(account.open, account.refund_due) == 0


@given(some.lists(some.tuples(some.sampled_from(["CHARGE", "WAIVER", "PAYMENT", "REFUND"]), amounts)))
def test_an_entry_and_its_reversal_are_nothing(rows: list[tuple[str, D]]) -> None:
    postings = [Posting(kind, amount) for kind, amount in rows]
    undone = [Posting("REVERSAL", amount, undoes=kind) for kind, amount in rows]

    assert add_up([*postings, *undone]) == Account()


@given(amount=amounts, wanted=some.lists(amounts, min_size=1))
def test_a_payment_is_shared_out_whole(amount: D, wanted: list[D]) -> None:
    shares = share_out(amount, wanted)

    assert sum(shares) == amount
    assert all(share <= most for share, most in zip(shares[:-1], wanted, strict=False))


@given(told=amounts, charged=amounts, waived=amounts, received=amounts, returned=amounts, failed=some.booleans())
def test_a_status_is_one_of_the_guides_and_paid_means_that_nothing_is_open(
    told: D, charged: D, waived: D, received: D, returned: D, failed: bool
) -> None:
    account = Account(charged, waived, received, returned)

    status = status_of(account, told=told, last_attempt_failed=failed)

    assert status in PaymentStatus.values
    if status == PaymentStatus.PAID:
        assert told == 0 or account.open == 0
    if status == PaymentStatus.PARTIALLY_PAID:
        assert account.kept > 0
        assert account.open > 0
