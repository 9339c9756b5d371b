"""Quoting an application, and what is still owed on it."""

from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from billing.models import Instalment, Payment, Quote, QuoteLine
from billing.pricing import Line, Price, Term, instalments, price
from connections.actors import Actor
from connections.lifecycle import Refused, record
from connections.models import Application, Offering, PriceLine
from connections.vocabulary import PaymentStatus


def price_offering(offering: Offering, load_kw: Decimal | None) -> Price:
    """The offering's price for a load (kW), from its lines as staff keep them."""
    lines = [
        Line(row.title, row.amount, row.kind == PriceLine.Kind.PER_KW, row.included_kw)
        for row in offering.price_lines.all()
    ]
    return price(lines, load_kw, offering.provider.currency)


def quote_application(application: Application) -> Quote:
    """Freeze the price and the instalments of a draft, replacing what it was told before. Inside a transaction."""
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
    application.instalments.all().delete()
    QuoteLine.objects.bulk_create(
        QuoteLine(quote=quote, title=line.title, amount=line.amount, position=n) for n, line in enumerate(quoted.lines)
    )
    Instalment.objects.bulk_create(
        Instalment(
            application=application,
            type=asked.type,
            collected_by=asked.collected_by,
            currency=quoted.currency,
            amount=asked.amount,
            position=n,
        )
        for n, asked in enumerate(instalments(terms, quoted))
    )
    return quote


@transaction.atomic
def record_payment(instalment: Instalment, *, amount: Decimal, reference: str, actor: Actor) -> Payment:
    """Money came in. The same reference again is the same payment, not a second one.

    Raises `Refused("reference_taken")` where the reference stands for another payment: money must not vanish silently.
    """
    payment, is_new = Payment.objects.get_or_create(
        reference=reference, defaults={"instalment": instalment, "amount": amount}
    )
    if is_new:
        record(payment, "recorded", actor=actor, amount=amount, reference=reference)
    elif (payment.instalment_id, payment.amount) != (instalment.pk, amount):
        raise Refused("reference_taken", f"{reference} is already recorded for another payment: {payment}.")
    return payment


def paid(instalment: Instalment) -> Decimal:
    """What came in for it so far."""
    return instalment.payments.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)


def payment_status(instalment: Instalment) -> PaymentStatus:
    """The guide's payment-status, derived from what came in."""
    received = paid(instalment)
    if received >= instalment.amount:
        return PaymentStatus.PAID
    return PaymentStatus.PARTIALLY_PAID if received else PaymentStatus.PENDING
