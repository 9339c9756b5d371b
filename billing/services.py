"""Quoting an application, and what is still owed on it."""

from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from billing.models import Instalment, Payment, Quote, QuoteLine, Settlement
from billing.pricing import Line, Price, QuotedLine, Term, cancellation_fee, instalments, price
from connections.actors import Actor
from connections.lifecycle import Refused, record
from connections.models import Application, Offering, PriceLine
from connections.vocabulary import ApplicationState, CollectedBy, PaymentStatus


def price_offering(offering: Offering, load_kw: Decimal | None) -> Price:
    """The offering's price for a load (kW), from its lines as staff keep them."""
    lines = [
        Line(row.title, row.amount, row.kind == PriceLine.Kind.PER_KW, row.included_kw)
        for row in offering.price_lines.all()
    ]
    return price(lines, load_kw, offering.provider.currency)


def quote_application(application: Application) -> Quote:
    """Freeze the price and the instalments, replacing what was told before. Inside a transaction."""
    offering = application.offering
    quoted = price_offering(offering, application.requested_load_kw)
    terms = [Term(row.type, row.collected_by, row.amount, row.percent) for row in offering.payment_terms.all()]
    quote, _ = Quote.objects.update_or_create(
        application=application,
        defaults={
            "currency": quoted.currency,
            "total": quoted.total,
            "valid_until": timezone.now() + timedelta(days=application.provider.quote_valid_days),
        },
    )
    quote.lines.all().delete()
    QuoteLine.objects.bulk_create(
        QuoteLine(quote=quote, title=line.title, amount=line.amount, position=n) for n, line in enumerate(quoted.lines)
    )
    asked = instalments(terms, quoted)
    Instalment.objects.bulk_create(
        [
            Instalment(
                application=application,
                type=row.type,
                collected_by=row.collected_by,
                currency=quoted.currency,
                amount=row.amount,
                position=n,
            )
            for n, row in enumerate(asked)
        ],
        update_conflicts=True,  # an instalment keeps what was paid on it when its amount changes
        unique_fields=["application", "position"],
        update_fields=["type", "collected_by", "currency", "amount"],
    )
    application.instalments.filter(position__gte=len(asked), payments=None).delete()
    return quote


def quoted_price(application: Application) -> Price:
    """The quote that the applicant was told, as pricing's own type."""
    quote = application.quote
    return Price(quote.currency, tuple(QuotedLine(line.title, line.amount) for line in quote.lines.all()))


def preview_settlement(application: Application, *, at_state: str, by_applicant: bool) -> Settlement:
    """What ending now would cost, not saved. The applicant owes the share that the provider's term for the state
    names; where there is no term, and where the utility ends it, nothing."""
    term = application.provider.cancellation_terms.filter(state=at_state).first() if by_applicant else None
    quoted = quoted_price(application)
    paid_so_far = Payment.objects.filter(instalment__application=application).aggregate(sum=Sum("amount"))["sum"]
    return Settlement(
        application=application,
        currency=quoted.currency,
        fee=cancellation_fee(quoted, term.fee_percent) if term else Decimal(0),
        paid=paid_so_far or Decimal(0),
    )


@transaction.atomic
def record_payment(instalment: Instalment, *, amount: Decimal, reference: str, actor: Actor) -> Payment:
    """Money came in. The same reference again is the same payment, not a second one.

    Raises `Refused("reference_taken")` where the reference stands for another payment: money must not vanish silently.
    """
    # Locked and read anew: the event must not tell a state that has passed.
    instalment.application = Application.objects.select_for_update().get(pk=instalment.application_id)
    payment, is_new = Payment.objects.get_or_create(
        reference=reference, defaults={"instalment": instalment, "amount": amount}
    )
    if is_new:
        record(payment, "recorded", actor=actor, amount=amount, reference=reference)
    elif (payment.instalment_id, payment.amount) != (instalment.pk, amount):
        raise Refused("reference_taken", f"{reference} is already recorded for another payment: {payment}.")
    return payment


def still_owed(application: Application) -> Decimal:
    """What the utility still has to get of an application that ended: the fee that was kept, or its instalments
    (those that a buyer app collects are its own business)."""
    came_in = Payment.objects.filter(instalment__application=application).aggregate(sum=Sum("amount"))["sum"]
    settlement = Settlement.objects.filter(application=application).first()
    if settlement:
        return settlement.fee - (came_in or Decimal(0))
    if application.fulfillment_state != ApplicationState.CONNECTION_ESTABLISHED:
        return Decimal(0)
    ours = application.instalments.filter(collected_by=CollectedBy.BPP)
    return sum((max(row.amount - paid(row), Decimal(0)) for row in ours), Decimal(0))


def paid(instalment: Instalment) -> Decimal:
    """What came in for it so far."""
    return instalment.payments.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)


def payment_status(instalment: Instalment) -> PaymentStatus:
    """The guide's payment-status, derived from what came in."""
    received = paid(instalment)
    if received >= instalment.amount:
        return PaymentStatus.PAID
    return PaymentStatus.PARTIALLY_PAID if received else PaymentStatus.PENDING
