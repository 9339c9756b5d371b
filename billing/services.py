"""Quoting an application, charging its order, and settling what ends early."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from billing.accounts import Account
from billing.ledger import account_of, accounts_of, charge, payment_status, take_charges_back, use_what_is_over
from billing.models import Instalment, Quote, QuoteLine
from billing.pricing import Asked, Line, Price, QuotedLine, Term, cancellation_fee, instalments, price
from connections.actors import Actor
from connections.models import Application, Offering, PriceLine
from connections.vocabulary import ApplicationState, CollectedBy, EntryKind, PaymentStatus, PaymentType


def price_offering(offering: Offering, load_kw: Decimal | None) -> Price:
    """The offering's price for a load (kW), from its lines as staff keep them."""
    lines = [
        Line(row.title, row.amount, row.kind == PriceLine.Kind.PER_KW, row.included_kw)
        for row in offering.price_lines.all()
    ]
    return price(lines, load_kw, offering.provider.currency)


def quote_application(application: Application, *, actor: Actor, is_first: bool = False) -> Quote:
    """Freeze the price and what is asked for of it, replacing what was told before. Inside a transaction.

    `is_first`: nothing was told before, so there is nothing to look for.
    """
    offering = application.offering
    quoted = price_offering(offering, application.requested_load_kw)
    terms = [Term(row.type, row.collected_by, row.amount, row.percent) for row in offering.payment_terms.all()]
    asked = instalments(terms, quoted)
    values: dict[str, Any] = {
        "currency": quoted.currency,
        "valid_until": timezone.now() + timedelta(days=application.provider.quote_valid_days),
    }
    if application.fulfillment_state == ApplicationState.DRAFT:
        values["balance"] = sum((row.amount for row in asked), Decimal(0))
    if is_first:
        quote = Quote.objects.create(application=application, **values)
    else:
        quote, _ = Quote.objects.update_or_create(application=application, defaults=values)
        quote.lines.all().delete()
    QuoteLine.objects.bulk_create(
        QuoteLine(quote=quote, title=line.title, amount=line.amount, position=n) for n, line in enumerate(quoted.lines)
    )
    if application.fulfillment_state == ApplicationState.DRAFT:
        if not is_first:
            application.instalments.all().delete()
        Instalment.objects.bulk_create(
            _instalment(application, row, quoted.currency, position=n, term=n, balance=row.amount)
            for n, row in enumerate(asked)
        )
    else:
        application.quote = quote
        _ask_anew(application, asked, actor=actor)
    return quote


def _instalment(
    application: Application, asked: Asked, currency: str, *, position: int, term: int, balance: Decimal = Decimal(0)
) -> Instalment:
    return Instalment(
        application=application,
        type=asked.type,
        collected_by=asked.collected_by,
        currency=currency,
        amount=asked.amount,
        position=position,
        term=term,
        balance=balance,
    )


def charge_order(application: Application, *, actor: Actor) -> None:
    """From the order on, what is asked for stands in the ledger."""
    for row in application.instalments.all():
        charge(application, row.amount, title=str(row), actor=actor, instalment=row, in_balance=True)


def _ask_anew(application: Application, asked: tuple[Asked, ...], *, actor: Actor) -> None:
    """The order costs something else now: each term's difference is put on what is open of it.

    What is paid never becomes unpaid: where a term is paid in full, a higher price is an instalment of its own.
    """
    for term, wanted in enumerate(asked):
        rows = list(application.instalments.filter(term=term))
        difference = wanted.amount - sum((row.amount for row in rows), Decimal(0))
        if difference > 0:
            _raise(application, rows, wanted, difference, term=term, actor=actor)
        for row in reversed(rows):
            if difference >= 0:
                break
            lowered = max(row.amount + difference, Decimal(0))
            difference += row.amount - lowered
            _change(row, lowered, actor=actor)
    use_what_is_over(application, actor=actor)


def _raise(
    application: Application, rows: list[Instalment], wanted: Asked, difference: Decimal, *, term: int, actor: Actor
) -> None:
    unpaid = next((row for row in rows if payment_status(row) != PaymentStatus.PAID), None)
    if unpaid:
        _change(unpaid, unpaid.amount + difference, actor=actor)
        return
    extra = Asked(wanted.type, wanted.collected_by, difference)
    _add_instalment(application, extra, term=term, actor=actor)


def _change(row: Instalment, amount: Decimal, *, actor: Actor) -> None:
    """What an instalment asks for: the old charge is taken back, the new one made."""
    take_charges_back(row.application, actor=actor, instalment=row)
    row.amount = amount
    row.save(update_fields=["amount"])
    charge(row.application, amount, title=str(row), actor=actor, instalment=row)


def _add_instalment(application: Application, asked: Asked, *, term: int, actor: Actor) -> None:
    last = application.instalments.order_by("-position").values_list("position", flat=True).first()
    position = 0 if last is None else last + 1
    row = _instalment(application, asked, application.quote.currency, position=position, term=term)
    row.save()
    charge(application, row.amount, title=str(row), actor=actor, instalment=row)


def charge_the_rest(application: Application, *, actor: Actor) -> None:
    """What the terms left of the price is asked for by invoice, now that the power is on."""
    asked_for = sum((row.amount for row in application.instalments.all()), Decimal(0))
    rest = application.quote.total - asked_for
    if rest > 0:
        term = application.offering.payment_terms.count()
        _add_instalment(application, Asked(PaymentType.POST_FULFILLMENT, "BPP", rest), term=term, actor=actor)
        use_what_is_over(application, actor=actor)


def quoted_price(application: Application) -> Price:
    """The quote that the applicant was told, as pricing's own type."""
    quote = application.quote
    return Price(quote.currency, tuple(QuotedLine(line.title, line.amount) for line in quote.lines.all()))


# --- When it ends early ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Settlement:
    """How an order stands that ends early: the fee that is kept of what came in. `due` below zero goes back."""

    currency: str
    fee: Decimal
    paid: Decimal

    @property
    def due(self) -> Decimal:
        return self.fee - self.paid


def preview_settlement(application: Application, *, at_state: str, by_applicant: bool) -> Settlement:
    """What ending now would cost. The applicant owes the share that the provider's term for the state names; where
    there is no term, and where the utility ends it, nothing."""
    term = application.provider.cancellation_terms.filter(state=at_state).first() if by_applicant else None
    quoted = quoted_price(application)
    fee = cancellation_fee(quoted, term.fee_percent) if term else Decimal(0)
    return Settlement(quoted.currency, fee, _received(application))


def settle(application: Application, *, at_state: str, by_applicant: bool, actor: Actor) -> None:
    """Nothing more is asked for but the fee; what came in beyond it is due back."""
    settlement = preview_settlement(application, at_state=at_state, by_applicant=by_applicant)
    take_charges_back(application, actor=actor)
    charge(application, settlement.fee, title="Cancellation fee", actor=actor, instalment=None)


def settlement_of(application: Application) -> Settlement:
    """How an order that ended was settled."""
    fee = accounts_of(application).get(None, Account()).charged
    return Settlement(application.quote.currency, fee, _received(application))


def still_owed(application: Application) -> Decimal:
    """What the utility still has to get of an application that ended: what is open of its account, less the instalments
    that a buyer app collects (those are its own business)."""
    accounts = accounts_of(application)
    theirs = application.instalments.filter(collected_by=CollectedBy.BAP)
    return account_of(application).open - sum((accounts[row.pk].open for row in theirs), Decimal(0))


def _received(application: Application) -> Decimal:
    """What came in, less what had gone back by the order's end: what goes back afterwards is the settlement's doing."""
    came_in = sum((account.received for account in accounts_of(application).values()), Decimal(0))
    went_back = application.entries.filter(kind=EntryKind.REFUND, reversal=None)
    if application.ended_at:
        went_back = went_back.filter(at__lt=application.ended_at)
    return came_in - sum(went_back.values_list("amount", flat=True), Decimal(0))
