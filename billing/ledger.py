"""An order's account: how it stands, and the rows that change it. Always under the application's lock."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, F, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from billing.accounts import Account, Posting, add_up, status_of, total
from billing.models import Entry, Instalment, Payment, Quote, ReportState
from billing.owing import note_whether_it_owes
from connections.actors import Actor
from connections.models import Application
from connections.vocabulary import BEFORE_THE_WORK, ApplicationState, EntryKind, PaymentStatus

DUE_ORDER = {"PRE_ORDER": 0, "PRE_FULFILLMENT": 1, "ON_FULFILLMENT": 2, "POST_FULFILLMENT": 3}


def account_of(application: Application) -> Account:
    """How the whole order stands."""
    return total(accounts_of(application).values())


def accounts_of(application: Application) -> dict[int | None, Account]:
    """How each instalment stands, by its id; under None what is about the order as a whole."""
    return _accounts(application.instalments.all(), _entries(application))


def accounts_of_all(application_ids: Iterable[int]) -> dict[int, dict[int | None, Account]]:
    """The same for many ordered applications at once, by their ids, for lists."""
    ids = set(application_ids)
    instalments: dict[int, list[Instalment]] = {pk: [] for pk in ids}
    entries: dict[int, list[Entry]] = {pk: [] for pk in ids}
    for row in Instalment.objects.filter(application__in=ids):
        instalments[row.application_id].append(row)
    for entry in Entry.objects.filter(application__in=ids).select_related("reverses"):
        entries[entry.application_id].append(entry)
    return {pk: _accounts(instalments[pk], entries[pk]) for pk in ids}


def statuses_of(application: Application) -> dict[int, PaymentStatus]:
    """The guide's payment-status of each instalment, by its id."""
    instalments, entries = application.instalments.all(), _entries(application)
    accounts, failed = _accounts(instalments, entries), _failed_attempts(application, entries)
    return {
        row.pk: PaymentStatus(status_of(accounts[row.pk], told=row.amount, last_attempt_failed=row.pk in failed))
        for row in instalments
    }


def statuses_at_first(application: Application) -> dict[int, PaymentStatus]:
    """The same for an order of this very transaction: nothing can have come in, so the ledger is not looked into."""
    return {
        row.pk: PaymentStatus(status_of(Account(charged=row.amount), told=row.amount))
        for row in application.instalments.all()
    }


def payment_status(instalment: Instalment) -> PaymentStatus:
    """The guide's payment-status of one instalment, derived from the ledger."""
    return statuses_of(instalment.application)[instalment.pk]


def _entries(application: Application) -> list[Entry]:
    """The order's part of the ledger; a draft has none."""
    if application.fulfillment_state == ApplicationState.DRAFT:
        return []
    return list(application.entries.select_related("reverses"))


def _accounts(instalments: Iterable[Instalment], entries: list[Entry]) -> dict[int | None, Account]:
    return {**{row.pk: Account() for row in instalments}, **accounts_by_slot(entries)}


def accounts_by_slot(entries: Iterable[Entry]) -> dict[int | None, Account]:
    """The accounts that an order's entries make, by instalment id; `reverses` is read of each."""
    rows: dict[int | None, list[Posting]] = {}
    for entry in entries:
        undoes = entry.reverses.kind if entry.reverses else ""
        rows.setdefault(entry.instalment_id, []).append(Posting(entry.kind, entry.amount, undoes))
    return {key: add_up(postings) for key, postings in rows.items()}


def _failed_attempts(application: Application, entries: list[Entry]) -> set[int | None]:
    """Instalments whose last attempt was a report that staff did not find, or money that was taken back again."""
    if not entries:
        return set()
    standing = {entry.payment_id for entry in still_standing(entries)}
    attempts: list[tuple[datetime, int | None, bool]] = [
        (entry.at, entry.instalment_id, entry.payment_id not in standing)
        for entry in entries
        if entry.kind == EntryKind.PAYMENT
    ]
    attempts += [
        (report.reported_at, report.instalment_id, report.state == ReportState.REJECTED)
        for report in application.payment_reports.exclude(state=ReportState.MATCHED)
    ]
    last = {instalment_id: failed for _, instalment_id, failed in sorted(attempts, key=lambda row: row[0])}
    return {instalment_id for instalment_id, failed in last.items() if failed}


def still_standing(entries: list[Entry]) -> list[Entry]:
    """The entries that no reversal among them has undone."""
    undone = {entry.reverses_id for entry in entries}
    return [entry for entry in entries if entry.kind != EntryKind.REVERSAL and entry.pk not in undone]


def is_taken_back(payment: Payment) -> bool:
    """True where nothing of the payment stands any more."""
    return not still_standing(list(payment.entries.all()))


def payments_that_count(ids: Iterable[int]) -> set[int]:
    """Those of these payments of which something was not taken back, with one query for a page of them."""
    entries = list(Entry.objects.filter(payment__in=set(ids)))
    return {entry.payment_id for entry in still_standing(entries) if entry.payment_id}


def with_received(instalments: QuerySet[Instalment]) -> QuerySet[Any]:
    """Each with `received` (what came in and stayed), `waived` and `open`, for lists over many orders."""

    def standing(kind: EntryKind) -> Coalesce:
        rows = Q(entries__kind=kind, entries__reversal=None)
        return Coalesce(Sum("entries__amount", filter=rows), Value(Decimal(0), output_field=DecimalField()))

    kept = standing(EntryKind.PAYMENT) - standing(EntryKind.REFUND)
    return instalments.annotate(received=kept, waived=standing(EntryKind.WAIVER)).annotate(
        open=F("amount") - F("received") - F("waived")
    )


def asked_before_the_work(application: Application) -> list[Instalment]:
    """The instalments that are to be paid before the work begins."""
    return [row for row in application.instalments.all() if row.type in BEFORE_THE_WORK]


def by_due_date(application: Application) -> list[Instalment]:
    """The instalments as they fall due."""
    return sorted(application.instalments.all(), key=lambda row: (DUE_ORDER[row.type], row.position))


# --- Charges --------------------------------------------------------------------------------------------------------


def charge(
    application: Application,
    amount: Decimal,
    *,
    title: str,
    actor: Actor,
    instalment: Instalment | None,
    in_balance: bool = False,
) -> None:
    """Ask for an amount, which the balances have already or have not yet. Nothing is written for nothing."""
    if amount > 0:
        add_entry(
            application,
            EntryKind.CHARGE,
            amount,
            actor=actor,
            title=title,
            instalment=instalment,
            in_balance=in_balance,
        )


def take_charges_back(application: Application, *, actor: Actor, instalment: Instalment | None = None) -> None:
    """Undo the charges of an instalment; without one, all of the order."""
    standing = application.entries.filter(kind=EntryKind.CHARGE, reversal=None)
    for entry in standing.filter(instalment=instalment) if instalment else standing:
        reverse(entry, actor=actor, why="no longer asked for")


def use_what_is_over(application: Application, *, actor: Actor) -> None:
    """What one instalment holds too much goes to those that are open, before anything more is asked for."""
    accounts = accounts_of(application)
    for wanting in by_due_date(application):
        for holding in by_due_date(application):
            amount = min(accounts[wanting.pk].open, accounts[holding.pk].refund_due)
            if amount > 0:
                _carry_over(holding, wanting, amount, actor=actor)
                accounts = accounts_of(application)


def _carry_over(holding: Instalment, wanting: Instalment, amount: Decimal, *, actor: Actor) -> None:
    """The payments stay what they are; the latest of them count for another instalment."""
    for entry in holding.entries.filter(kind=EntryKind.PAYMENT, reversal=None).order_by("-id"):
        share = min(entry.amount, amount)
        reverse(entry, actor=actor, why="carried over")
        for slot, part in ((holding, entry.amount - share), (wanting, share)):
            if part:
                add_entry(
                    entry.application,
                    EntryKind.PAYMENT,
                    part,
                    actor=actor,
                    title=f"{slot}, carried over",
                    instalment=slot,
                    payment=entry.payment,
                )
        amount -= share
        if not amount:
            return


def add_entry(
    application: Application,
    kind: EntryKind,
    amount: Decimal,
    *,
    actor: Actor,
    title: str,
    instalment: Instalment | None,
    payment: Payment | None = None,
    reverses: Entry | None = None,
    at: datetime | None = None,
    in_balance: bool = False,
) -> Entry:
    """A line of the account, as of now; what a payment is made of carries the payment's own moment, so that both
    belong to the same day. The balances move with it, so that lists need not add up the ledger, but for what they have
    already (`in_balance`)."""
    entry = Entry.objects.create(
        application=application,
        instalment=instalment,
        kind=kind,
        title=title[:200],
        currency=application.quote.currency,
        amount=amount,
        payment=payment,
        till_id=payment.provider_id if payment else None,
        reverses=reverses,
        actor=str(actor),
        at=at or timezone.now(),
    )
    if not in_balance:
        _move_balances(entry)
    return entry


def _move_balances(entry: Entry) -> None:
    moved = F("balance") + (entry.amount if entry.is_debit else -entry.amount)
    Quote.objects.filter(application=entry.application_id).update(balance=moved)
    if entry.instalment_id:
        Instalment.objects.filter(pk=entry.instalment_id).update(balance=moved)
        note_whether_it_owes(entry)


def reverse(entry: Entry, *, actor: Actor, why: str) -> Entry:
    return add_entry(
        entry.application,
        EntryKind.REVERSAL,
        entry.amount,
        actor=actor,
        title=f"{entry.title}, {why}",
        instalment=entry.instalment,
        payment=entry.payment,
        reverses=entry,
    )
