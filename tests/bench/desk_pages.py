"""Every page of the desk that reads what grows, by its address; and the jobs that run beside them."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth.models import User
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from beckn_adapter import drain, figures, outbox, waiting
from beckn_adapter.announce import announce_events
from beckn_adapter.models import Callback, Message
from billing.models import Payment, Voucher
from connections import figures as order_figures
from connections import post
from connections.models import Application, Document
from fieldwork.models import Visit

MANY = 12  # choices of a filter
SEARCHED = ["{number}", "{name}", "{surname}", "{phone}", "{mail}", "{reference}", "nobody-has-this"]


def desk_pages() -> Iterator[str]:
    """Today, every list with its second page, filters and searches, the money's own pages, and one of each thing."""
    yield from (address for address, _ in desk_lists())
    yield from other_pages()


def desk_lists() -> Iterator[tuple[str, Any]]:
    """Every list by its addresses, with its pages' admin."""
    for model, pages in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        yield from ((address, pages) for address in list_pages(reverse(name), pages))


def other_pages() -> Iterator[str]:
    yield reverse("admin:index")
    yield from money_pages()
    yield from single_pages()
    yield from ("/readyz", "/metrics")


def read_list(address: str, pages: Any) -> int:
    """Ask the database all that the list asks, and draw nothing: how many rows it shows."""
    try:
        return len(pages.get_changelist_instance(_asked(address)).result_list)
    except IncorrectLookupParameters:  # there is no such page in a small house
        return 0


def _asked(address: str) -> Any:
    """A request by somebody who may do everything."""
    request: Any = RequestFactory().get(address)
    request.user = User.objects.filter(is_superuser=True).first() or User.objects.create_superuser("bench")
    request.session, request._messages = {}, SimpleNamespace(add=lambda *_: None)
    return request


def list_pages(address: str, pages: Any) -> Iterator[str]:
    yield address
    yield f"{address}?p=2"
    yield f"{address}?p=20"
    for query in filters(address, pages):
        yield f"{address}?{query}"
    for column in sortable(pages):
        yield f"{address}?o={column}"
        yield f"{address}?o=-{column}"
    if pages.search_fields:
        yield from (f"{address}?{urlencode({'q': term})}" for term in terms())


def filters(address: str, pages: Any) -> list[str]:
    """The query of each choice of each filter; of many choices (providers, crews) the first two stand for all."""
    queries = []
    listed = pages.get_changelist_instance(_asked(address))
    for spec in listed.filter_specs:
        choices = [choice["query_string"].lstrip("?") for choice in spec.choices(listed)][1:]
        queries += choices if len(choices) < MANY else choices[:2]
    return queries


def sortable(pages: Any) -> list[int]:
    """The columns with an arrow, by their place in the list as the address names it."""
    request = _asked("/")
    listed, may = pages.get_changelist_instance(request), pages.get_sortable_by(request)
    return [n for n, name in enumerate(listed.list_display) if name in may and listed.get_ordering_field(name)]


def terms() -> list[str]:
    """What people look for: some order in the middle, by all that they may know of it; and what is nowhere."""
    order = some_order()
    given = {
        "number": order.number,
        "name": order.applicant_name,
        "surname": order.applicant_name.split()[-1],
        "phone": order.applicant_phone,
        "mail": f"person{order.pk}@example.com",
        "reference": order.source_reference,
    }
    return [term.format(**given) for term in SEARCHED]


def some_order() -> Application:
    """An order from the middle of the house's life, of a buyer app, with power."""
    orders = Application.objects.filter(fulfillment_state="CONNECTION_ESTABLISHED").exclude(source="counter")
    highest = Application.objects.order_by("-pk").values_list("pk", flat=True)[0]
    return orders.filter(pk__gte=highest // 2).order_by("pk")[0]


def money_pages() -> Iterator[str]:
    yield reverse("admin:billing_cashier")
    yield from (f"{reverse('admin:billing_cashier')}?{urlencode({'q': term})}" for term in terms()[1:3])
    yield f"{reverse('admin:billing_cashier_order', args=[some_order().pk])}?key=00000000-0000-4000-8000-000000000000"
    yield reverse("admin:billing_refunds")
    yield reverse("admin:billing_ledger")
    yield reverse("admin:billing_closing_changelist")


def single_pages() -> Iterator[str]:
    """The page of one order and of one of each thing that hangs on it, of a technician's day, and the applicant's."""
    order = some_order()
    for row in (
        order,
        Document.objects.filter(application=order)[0],
        Visit.objects.filter(application=order)[0],
        Payment.objects.filter(application=order)[0],
        Voucher.objects.filter(application=order)[0],
        Message.objects.filter(application=order)[0],
        Callback.objects.filter(application=order)[0],
    ):
        yield reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    yield reverse("track:page", args=[order.tracking_id])


def jobs() -> dict[str, Callable[[], Any]]:
    """The look for work of each periodic job, and the figures for outside."""
    return {
        "job: claim the inbox": lambda: drain.claim(50),
        "job: claim the outbox": lambda: outbox.claim(64),
        "job: what waits": waiting.look,
        "job: announce events": announce_events,
        "job: post": post.work_post,
        "job: figures of the boxes": lambda: list(figures.families()),
        "job: letters waiting": order_figures.letters,
        "job: lateness": lambda: figures.lateness(timezone.now()),
    }
