"""Money that moves: it comes in, goes back, is taken back, or is only said to have come in.

Each act locks the application, adds to the ledger and records its event, all or nothing; each may be repeated safely.
"""

import uuid
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from billing.accounts import Account, share_out
from billing.ledger import account_of, accounts_of, add_entry, by_due_date, payment_status, reverse
from billing.models import Instalment, Payment, PaymentReport, ReportState, Waiver, WaiverState
from billing.pricing import in_words, say_what_is_wrong
from connections.actors import Actor
from connections.lifecycle import Refused, advance, record
from connections.models import Application
from connections.vocabulary import ApplicationState, EntryKind, PaymentMethod, PaymentStatus


@transaction.atomic
def record_payment(
    application: Application,
    *,
    amount: Decimal,
    method: str = PaymentMethod.CASH,
    actor: Actor,
    reference: str = "",
    key: uuid.UUID | None = None,
    towards: Instalment | None = None,
    note: str = "",
) -> Payment:
    """Money came in: for `towards` first, then for what falls due next. What is over is due back.

    The same key, or the same reference and amount by the same method, is the same payment. Raises `Refused`:
    `not_allowed`, `not_ordered`, `amount_wrong`, `reference_taken`, `key_taken`.
    """
    application, known, currency = _begin(
        application, key, method, reference, is_refund=False, amount=amount, actor=actor
    )
    if known:
        return known
    payment = _move(
        application,
        key,
        actor,
        is_refund=False,
        currency=currency,
        amount=amount,
        method=method,
        reference=reference,
        note=note,
    )
    slots = _wanting(application, towards)
    shares = share_out(amount, [still_open for _, still_open in slots])
    for (slot, _), share in zip(slots, shares, strict=True):
        if share:
            _book(payment, EntryKind.PAYMENT, share, slot, actor)
    record(payment, "recorded", actor=actor, amount=amount, reference=reference, method=method)
    return payment


def _wanting(application: Application, towards: Instalment | None) -> list[tuple[Instalment | None, Decimal]]:
    """What a payment counts for, in this order, with what is open of each; None is the fee of an order that ended,
    which owes nothing else."""
    accounts, parts = accounts_of(application), by_due_date(application)
    if towards:
        parts.sort(key=lambda row: row.pk != towards.pk)
    slots: list[tuple[Instalment | None, Decimal]] = [(row, accounts[row.pk].open) for row in parts]
    if accounts.get(None, Account()).charged or not slots:
        of_parts = sum((still_open for _, still_open in slots), Decimal(0))
        slots.append((None, max(account_of(application).open - of_parts, Decimal(0))))
    return slots


@transaction.atomic
def return_payment(
    application: Application,
    *,
    amount: Decimal,
    method: str,
    actor: Actor,
    reference: str = "",
    key: uuid.UUID | None = None,
    note: str = "",
) -> Payment:
    """Money goes back to the applicant: never more than is due back.

    Taken from the instalments that hold too much, then from the last one that holds any. Raises `Refused`:
    `not_allowed`, `amount_wrong`, `nothing_due_back`, `reference_taken`, `key_taken`.
    """
    application, known, currency = _begin(
        application, key, method, reference, is_refund=True, amount=amount, actor=actor
    )
    if known:
        return known
    due_back = account_of(application).refund_due
    if amount > due_back:
        raise Refused("nothing_due_back", f"{in_words(due_back, currency)} is due back, not more.")
    payment = _move(
        application,
        key,
        actor,
        is_refund=True,
        currency=currency,
        amount=amount,
        method=method,
        reference=reference,
        note=note,
    )
    for instalment_id, share in _sources(application, amount):
        slot = next((row for row in application.instalments.all() if row.pk == instalment_id), None)
        _book(payment, EntryKind.REFUND, share, slot, actor)
    record(payment, "returned", actor=actor, amount=amount, reference=reference, method=method)
    return payment


def _sources(application: Application, amount: Decimal) -> list[tuple[int | None, Decimal]]:
    """Where the money to be paid back lies: first what is over, then what is there, the last instalment first."""
    accounts = accounts_of(application)
    order: list[int | None] = [None, *[row.pk for row in reversed(by_due_date(application))]]
    sources: list[tuple[int | None, Decimal]] = []
    for most in ("refund_due", "kept"):
        for key in order:
            account = accounts.get(key, Account())
            taken = sum((share for slot, share in sources if slot == key), Decimal(0))
            share = min(max(getattr(account, most) - taken, Decimal(0)), amount)
            if share:
                sources.append((key, share))
                amount -= share
    return sources


@transaction.atomic
def reverse_payment(payment: Payment, *, reason: str, actor: Actor) -> None:
    """A payment turned out to be none: a cheque bounced, it was typed for the wrong order. Once, with a reason.

    Raises `Refused`: `not_allowed`, `reason_missing`, `already_taken_back`.
    """
    application = _locked(payment.application)
    check_permission(actor, "billing.reverse_payment")
    if not reason.strip():
        raise Refused("reason_missing", "Say why the payment is taken back.")
    entries = list(payment.entries.exclude(kind=EntryKind.REVERSAL).filter(reversal=None))
    if not entries:
        raise Refused("already_taken_back", "This payment is taken back already.")
    for entry in entries:
        reverse(entry, actor=actor, why="taken back")
    payment.application = application
    record(payment, "reversed", actor=actor, amount=payment.amount, reason=reason.strip())


@transaction.atomic
def report_payment(
    instalment: Instalment, *, amount: Decimal, actor: Actor, reference: str = ""
) -> PaymentReport | None:
    """A buyer app says that an instalment was paid. Told twice it is one report.

    None where we know it: the reference is recorded, or the instalment is paid and no reference names other money.
    """
    application = _locked(instalment.application)
    if reference and application.payments.filter(reference=reference).exists():
        return None
    if not reference and payment_status(instalment) == PaymentStatus.PAID:
        return None
    report, is_new = PaymentReport.objects.exclude(state=ReportState.REJECTED).get_or_create(
        instalment=instalment,
        reference=reference,
        defaults={
            "application": application,
            "currency": instalment.currency,
            "amount": amount,
            "reported_by": str(actor),
        },
    )
    if is_new:
        record(report, "reported", actor=actor, amount=amount, reference=reference)
    return report


@transaction.atomic
def ask_waiver(instalment: Instalment, *, amount: Decimal, reason: str, actor: Actor) -> Waiver:
    """Ask that a part of an instalment be forgone; somebody else decides. Raises `Refused`: `not_allowed`,
    `reason_missing`, `amount_wrong`, `too_much`, `already_asked`."""
    application = _locked(instalment.application)
    if actor.kind != "staff":
        raise Refused("not_allowed", "Only a member of staff can ask for a waiver.")
    check_permission(actor, "billing.add_waiver")
    _check_money(application, amount)
    if not reason.strip():
        raise Refused("reason_missing", "Say why it should be waived: the second person will read it.")
    still_open = accounts_of(application)[instalment.pk].open
    if amount > still_open:
        raise Refused("too_much", f"Only {in_words(still_open, instalment.currency)} is open of this instalment.")
    if instalment.waivers.filter(state=WaiverState.ASKED).exists():
        raise Refused("already_asked", "A waiver of this instalment is already asked for and not decided yet.")
    waiver = Waiver.objects.create(
        application=application,
        instalment=instalment,
        currency=instalment.currency,
        amount=amount,
        reason=reason.strip(),
        asked_by=actor.user,
    )
    record(waiver, "asked", actor=actor, amount=amount, reason=waiver.reason)
    return waiver


def approve_waiver(waiver: Waiver, *, actor: Actor) -> Waiver:
    """The second pair of eyes. Raises `Refused`: `four_eyes`, `too_much`, and as `advance` does."""
    return advance(waiver, "approve", actor=actor, by=actor.user.pk if actor.user else 0)


# --- What every act asks first ---------------------------------------------------------------------------------------


def _begin(
    application: Application,
    key: uuid.UUID | None,
    method: str,
    reference: str,
    *,
    is_refund: bool,
    amount: Decimal,
    actor: Actor,
) -> tuple[Application, Payment | None, str]:
    """Money is to come in, or to go back: the application under its lock, the payment if it is recorded already, and
    the currency. Raises `Refused`."""
    application = _locked(application)
    check_permission(actor, "billing.refund_payment" if is_refund else "billing.add_payment")
    known = known_payment(application, key, method, reference, is_refund=is_refund, amount=amount)
    return application, known, known.currency if known else _check_money(application, amount)


def _locked(application: Application) -> Application:
    """Read anew under its lock: what is recorded must not tell a state that has passed."""
    return Application.objects.select_for_update().get(pk=application.pk)


def check_permission(actor: Actor, permission: str) -> None:
    if actor.kind == "system" or (actor.kind == "staff" and actor.user.has_perm(permission)):
        return
    raise Refused("not_allowed", f"{actor} may not do this with money.")


def _check_money(application: Application, amount: Decimal) -> str:
    """The order's currency. Money moves for orders only, above zero, in whole minor units."""
    if application.fulfillment_state == ApplicationState.DRAFT:
        raise Refused("not_ordered", "This application is not ordered yet: nothing is asked for.")
    currency: str = application.quote.currency
    wrong = say_what_is_wrong(amount, currency)
    if wrong:
        raise Refused("amount_wrong", wrong)
    return currency


def known_payment(
    application: Application, key: uuid.UUID | None, method: str, reference: str, *, is_refund: bool, amount: Decimal
) -> Payment | None:
    """The payment that this key or reference stands for. Raises `Refused` where it stands for another one."""
    by_key = Payment.objects.filter(key=key).first() if key else None
    same = {"provider": application.provider_id, "method": method, "is_refund": is_refund, "reference": reference}
    found = by_key or (Payment.objects.filter(**same).first() if reference else None)
    if found is None or (found.application_id, found.amount, found.is_refund) == (application.pk, amount, is_refund):
        return found
    if by_key:
        raise Refused("key_taken", f"This form was sent before, for another payment: {found}.")
    raise Refused("reference_taken", f"{reference} is already recorded for another payment: {found}.")


def _book(payment: Payment, kind: EntryKind, share: Decimal, slot: Instalment | None, actor: Actor) -> None:
    """A part of a payment for an instalment; None is the fee of an order that ended."""
    add_entry(
        payment.application,
        kind,
        share,
        actor=actor,
        title=str(slot) if slot else "Cancellation fee",
        instalment=slot,
        payment=payment,
        at=payment.at,
    )


def _move(application: Application, key: uuid.UUID | None, actor: Actor, **moved: Any) -> Payment:
    try:
        with transaction.atomic():
            return Payment.objects.create(
                provider=application.provider,
                application=application,
                key=key or uuid.uuid4(),
                actor=str(actor),
                user=actor.user,
                **moved,
            )
    except IntegrityError:  # at the same moment, for another order
        raise Refused("reference_taken", "This form or reference is already recorded for another order.") from None
