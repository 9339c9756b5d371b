"""Finding the order that a person at the counter means."""

from django.db.models import Q

from billing.models import Payment, PaymentReport, Voucher
from connections.admin.application_list import find_more
from connections.models import Application
from connections.vocabulary import ApplicationState

AT_MOST = 20


def find_orders(term: str) -> list[Application]:
    """The orders that a cashier may mean, at most twenty, newest first; drafts owe nothing and are left out.

    An order id, the number of a paper or a reference that is given in full names its order alone; else everything
    that holds the words: part of an order id, the names, a telephone number however it is spaced.
    """
    orders = Application.objects.exclude(fulfillment_state=ApplicationState.DRAFT).select_related("provider")
    for meant in (Q(number__iexact=term), _named_by(term)):
        found = list(orders.filter(meant)[:AT_MOST])
        if found:
            return found
    names = Q()
    for word in term.split():
        names &= Q(applicant_name__icontains=word) | Q(billing_name__icontains=word)
    wanted = orders.filter(Q(number__icontains=term) | names)
    by_phone = find_more(orders, term)
    return list((wanted | by_phone if by_phone is not None else wanted)[:AT_MOST])


def _named_by(term: str) -> Q:
    """A reference: of a payment, of what a buyer app reported, of who brought the order, or a paper's number."""
    holders = (
        Payment.objects.filter(reference__iexact=term),
        PaymentReport.objects.filter(reference__iexact=term),
        Voucher.objects.filter(number__iexact=term),
    )
    named = Q(source_reference__iexact=term)
    for rows in holders:
        named |= Q(pk__in=rows.values("application"))
    return named
