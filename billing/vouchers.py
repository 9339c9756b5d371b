"""Issuing the numbered papers: demand note, invoice, receipt, refund note. Each is frozen as it is issued."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from billing.accounts import Account
from billing.ledger import account_of, accounts_of, by_due_date
from billing.models import Payment, Series, Voucher
from billing.models.voucher import VoucherKind
from billing.pricing import to_minor_unit
from billing.services import quoted_price, settlement_of
from connections.actors import Actor
from connections.lifecycle import Refused, record
from connections.models import Application, Provider
from connections.vocabulary import BEFORE_THE_WORK, ENDED_STATES, ApplicationState

Json = dict[str, Any]
LETTERS = {
    VoucherKind.DEMAND_NOTE: "DN",
    VoucherKind.INVOICE: "INV",
    VoucherKind.RECEIPT: "RCP",
    VoucherKind.REFUND_NOTE: "RFN",
}


def issue_demand_note(application: Application, *, actor: Actor, everything: bool = False) -> Voucher | None:
    """Ask on paper for what is open of the instalments before the work; with `everything`, for all that is open.

    None where nothing is. Inside a transaction, the application locked.
    """
    voucher = draft_demand_note(application, everything=everything)
    return _issue(voucher, actor) if voucher.total else None


@transaction.atomic
def send_demand_note(application: Application, *, actor: Actor, everything: bool = False) -> Voucher:
    """Staff ask for what is open. Raises `Refused`: `not_allowed`, `not_ordered`, `nothing_open`."""
    application = Application.objects.select_for_update().get(pk=application.pk)
    if actor.user is None or not actor.user.has_perm("billing.issue_voucher"):
        raise Refused("not_allowed", f"{actor} may not issue a demand note.")
    if application.fulfillment_state == ApplicationState.DRAFT:
        raise Refused("not_ordered", "This application is not ordered yet: nothing is asked for.")
    voucher = issue_demand_note(application, actor=actor, everything=everything)
    if voucher is None:
        hint = "" if everything else " before the work; ask for everything that is open instead"
        raise Refused("nothing_open", f"Nothing is open{hint}.")
    return voucher


def issue_invoice(application: Application, *, actor: Actor) -> Voucher | None:
    """The bill when the power is on, or for the fee of an order that ended; None where that is nothing."""
    voucher = draft_invoice(application)
    return _issue(voucher, actor) if voucher.total or application.fulfillment_state not in ENDED_STATES else None


def issue_receipt(payment: Payment, *, actor: Actor) -> Voucher:
    """What confirms that money came in, or went back. The payment's own event tells of it."""
    application = payment.application
    kind = VoucherKind.REFUND_NOTE if payment.is_refund else VoucherKind.RECEIPT
    voucher = _paper(application, kind, payment.amount)
    voucher.payment = payment
    lines = [[entry.title, _text(entry.amount, payment.currency)] for entry in payment.entries.all()]
    voucher.content |= {"lines": lines, "method": payment.get_method_display(), "reference": payment.reference}
    return _number(voucher, actor)


def draft_demand_note(application: Application, *, everything: bool = False) -> Voucher:
    """The demand note as it would be issued now, not saved and without a number."""
    accounts = accounts_of(application)
    rows = [
        (row, accounts[row.pk].open)
        for row in by_due_date(application)
        if accounts[row.pk].open and (everything or row.type in BEFORE_THE_WORK)
    ]
    voucher = _paper(application, VoucherKind.DEMAND_NOTE, sum((amount for _, amount in rows), Decimal(0)))
    asked = [[f"Due {row.get_type_display().lower()}", _text(amount, voucher.currency)] for row, amount in rows]
    voucher.content |= {**_priced(application), "asked": asked, "due": _text(voucher.total, voucher.currency)}
    voucher.content["instalments"] = [row.pk for row, _ in rows]
    voucher.due_on = _pay_by(application.provider)
    return voucher


def draft_invoice(application: Application) -> Voucher:
    """The invoice as it would be issued now, not saved and without a number."""
    account = account_of(application)
    if application.fulfillment_state in ENDED_STATES:
        fee = settlement_of(application).fee
        voucher = _paper(application, VoucherKind.INVOICE, fee)
        lines = [["Cancellation fee", _text(fee, voucher.currency)]]
    else:
        quoted = quoted_price(application)
        voucher = _paper(application, VoucherKind.INVOICE, quoted.total)
        lines = [[line.title, _text(line.amount, quoted.currency)] for line in quoted.lines]
    voucher.content |= {"lines": lines, **_sums(account, voucher)}
    if account.open:
        voucher.due_on = _pay_by(application.provider)
    return voucher


def _priced(application: Application) -> Json:
    quoted = quoted_price(application)
    return {
        "lines": [[line.title, _text(line.amount, quoted.currency)] for line in quoted.lines],
        "total": _text(quoted.total, quoted.currency),
    }


def _sums(account: Account, voucher: Voucher) -> Json:
    sums = {
        "total": voucher.total,
        "received": account.kept,
        "waived": account.waived,
        "due": account.open,
        "refund": account.refund_due,
    }
    return {name: _text(amount, voucher.currency) for name, amount in sums.items()}


def _paper(application: Application, kind: VoucherKind, total: Decimal) -> Voucher:
    provider = application.provider
    issuer = {
        "name": provider.name,
        "legal_name": provider.legal_name or provider.name,
        "address": provider.postal_address,
        "tax_number": provider.tax_number,
        "phone": provider.support_phone,
        "email": provider.support_email,
        "payment_instructions": provider.payment_instructions,
        "logo_url": provider.logo_url,
        "colour": provider.brand_colour,
    }
    addressee = {
        "name": application.billing_name or application.applicant_name,
        "address": application.billing_address or application.address,
        "tax_id": application.tax_id,
        "premises": application.address,
    }
    about = {
        "order": application.number,
        "offering": application.offering.name,
        "issued_on": provider.today().isoformat(),
    }
    if application.consumer_number:
        about["consumer_number"] = application.consumer_number
    return Voucher(
        provider=provider,
        application=application,
        kind=kind,
        currency=application.quote.currency,
        total=total,
        content={"issuer": issuer, **about},
        addressee=addressee,
    )


def _issue(voucher: Voucher, actor: Actor) -> Voucher:
    record(_number(voucher, actor), "issued", actor=actor, number=voucher.number)
    return voucher


def _number(voucher: Voucher, actor: Actor) -> Voucher:
    voucher.number = _next_number(voucher.provider, VoucherKind(voucher.kind))
    voucher.issued_by = str(actor)
    voucher.save()
    return voucher


def _next_number(provider: Provider, kind: VoucherKind) -> str:
    """INV-2026-000001: a series for each provider, kind and year of its time zone, without a gap: the row stays
    locked until the paper is saved or forgotten."""
    year = provider.today().year
    series, _ = Series.objects.select_for_update().get_or_create(provider=provider, kind=kind, year=year)
    series.last += 1
    series.save(update_fields=["last"])
    return f"{LETTERS[kind]}-{year}-{series.last:06d}"


def _pay_by(provider: Provider) -> date:
    return provider.today() + timedelta(days=provider.payment_days)


def _text(amount: Decimal, currency: str) -> str:
    return str(to_minor_unit(amount, currency))
