"""What a cashier asks: what is due of an order, what is due back, and whether this payment is here already.

Money that a person found and typed comes in here, so that more than is owed is asked about first."""

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from billing.accounts import Account, total
from billing.ledger import account_of, accounts_by_slot, accounts_of
from billing.models import Entry, Instalment, Payment, PaymentReport, Quote
from billing.payments import check_permission, known_payment, record_payment
from connections.actors import Actor
from connections.lifecycle import Refused, advance
from connections.models import Application
from connections.vocabulary import BEFORE_THE_WORK, ENDED_STATES, ApplicationState, EntryKind

ZERO = Decimal(0)


@dataclass(frozen=True)
class Standing:
    """How an order stands at the desk. `now` is due today, `later` is asked for but falls due when the power is on."""

    account: Account
    now: Decimal
    later: Decimal
    rows: list[tuple[Instalment, Account]]
    fee: Account

    @property
    def proposed(self) -> Decimal:
        """What a cashier most likely takes: what is due now; where that is nothing, what is open at all."""
        return self.now or self.account.open


def standing_of(application: Application) -> Standing:
    """The order's account as the desk needs it. The fee of an order that ended is due now."""
    accounts = accounts_of(application)
    rows = [(row, accounts[row.pk]) for row in application.instalments.all()]
    account = total(accounts.values())
    if application.fulfillment_state in ENDED_STATES:
        return Standing(account, account.open, ZERO, rows, accounts.get(None, Account()))
    power_is_on = application.fulfillment_state == ApplicationState.CONNECTION_ESTABLISHED
    due = [part.open for row, part in rows if power_is_on or row.type in BEFORE_THE_WORK]
    now = min(sum(due, ZERO), account.open)
    return Standing(account, now, account.open - now, rows, Account())


def orders_with_refund_due() -> list[tuple[Application, Account]]:
    """The orders that hold more than is asked for, oldest first, each with its account. Three queries, however many.

    Their balances say where to look; whether a waiver counts in full is for the account to say.
    """
    held = Quote.objects.filter(balance__lt=0).values_list("application", flat=True)
    return [(order, account) for order, account in _with_accounts(held) if account.refund_due]


def orders_with_fee_open() -> list[tuple[Application, Account]]:
    """The orders that ended with a fee that is not paid yet, in the same way."""
    fees = Entry.objects.filter(kind=EntryKind.CHARGE, instalment=None, application__quote__balance__gt=0)
    owing = fees.values_list("application", flat=True)
    return [(order, account) for order, account in _with_accounts(owing) if account.open]


def _with_accounts(application_ids: Iterable[int]) -> list[tuple[Application, Account]]:
    entries = Entry.objects.filter(application__in=list(application_ids)).select_related("reverses")
    of_order: dict[int, list[Entry]] = defaultdict(list)
    for entry in entries:
        of_order[entry.application_id].append(entry)
    orders = Application.objects.select_related("provider", "quote").in_bulk(of_order)
    return [(orders[pk], total(accounts_by_slot(lines).values())) for pk, lines in sorted(of_order.items())]


# --- Taking it ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """The payment, and whether this act made it or found it."""

    payment: Payment
    is_new: bool


class AboveDue(Exception):
    """`amount` is more than is `owed`: a person should say yes to it first. `over` would be due back."""

    def __init__(self, amount: Decimal, owed: Decimal) -> None:
        super().__init__(f"{amount} is more than {owed}.")
        self.amount, self.owed, self.over = amount, owed, amount - owed


@transaction.atomic
def take_payment(
    application: Application,
    *,
    amount: Decimal,
    method: str,
    reference: str,
    key: uuid.UUID | None,
    actor: Actor,
    over_seen: Decimal | None = None,
    towards: Instalment | None = None,
    note: str = "",
) -> Outcome:
    """Record a payment once, whatever is pressed how often. `over_seen` is the surplus that a person agreed to.

    Raises `AboveDue` for any other surplus, and `Refused` as `record_payment` does.
    """
    check_permission(actor, "billing.add_payment")
    application = Application.objects.select_for_update().get(pk=application.pk)
    known = known_payment(application, key, method, reference, is_refund=False, amount=amount)
    if known:
        return Outcome(known, is_new=False)
    owed = account_of(application).open
    if amount > owed and amount - owed != over_seen:
        raise AboveDue(amount, owed)
    payment = record_payment(
        application,
        amount=amount,
        method=method,
        reference=reference,
        key=key,
        actor=actor,
        towards=towards,
        note=note,
    )
    return Outcome(payment, is_new=True)


@transaction.atomic
def match_report(
    report: PaymentReport,
    *,
    amount: Decimal,
    method: str,
    reference: str,
    actor: Actor,
    key: uuid.UUID | None = None,
    over_seen: Decimal | None = None,
) -> Payment:
    """Staff found the money that a buyer app reported: it is recorded for the instalment that was named.

    Raises `AboveDue`, `Refused`: `already_matched`, and as `take_payment` and `advance` do.
    """
    payment = take_payment(
        report.application,
        amount=amount,
        method=method,
        reference=reference,
        key=key,
        actor=actor,
        over_seen=over_seen,
        towards=report.instalment,
        note=f"Reported by {report.reported_by}",
    ).payment
    matched = PaymentReport.objects.filter(payment=payment).first()
    if matched and matched.pk != report.pk:
        raise Refused("already_matched", f"{reference or payment} is matched with another report already.")
    if matched:
        return payment
    advance(report, "match", actor=actor, payment=payment)
    return payment
