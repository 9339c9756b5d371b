"""Finding the order that a person at the counter means."""

from typing import Any

from django.db.models import QuerySet

from billing.models import Payment, PaymentReport, Voucher
from connections.models import Application
from connections.searching import as_written, brought_as, find
from connections.vocabulary import ApplicationState

AT_MOST = 20


def find_orders(term: str) -> list[Application]:
    """The orders that a cashier may mean, at most twenty, newest first; drafts owe nothing and are left out.

    An order id, the number of a paper or a reference that is given in full names its order alone; else every order that
    the words begin a word of, or that has the telephone number.
    """
    orders = Application.objects.exclude(fulfillment_state=ApplicationState.DRAFT)
    term = term.replace("\0", "").strip()
    for meant in (orders.filter(number__in=as_written(term)), orders.filter(pk__in=_named_by(term))):
        found = _first(meant)
        if found:
            return found
    return _first(orders.filter(pk__in=find(term, orders, AT_MOST)))


def _first(orders: QuerySet[Application]) -> list[Application]:
    return list(orders.select_related("provider").order_by("-pk")[:AT_MOST])


def _named_by(term: str) -> list[int]:
    """A reference: of a payment, of what a buyer app reported, of who brought the order, or a paper's number."""
    written = as_written(term)
    holders: tuple[QuerySet[Any], ...] = (
        Payment.objects.filter(reference__in=written),
        PaymentReport.objects.filter(reference__in=written),
        Voucher.objects.filter(number__in=written),
        brought_as(term),
    )
    return [pk for rows in holders for pk in rows.values_list("application_id", flat=True)[:AT_MOST]] if term else []
