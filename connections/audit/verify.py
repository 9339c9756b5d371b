"""Proving the chains of the database, and their heads, in constant memory."""

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from itertools import chain
from typing import NamedTuple

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from connections.audit.chain import Break, Link, canonical, find_breaks
from connections.models import Application, Event

CHUNK = 2000
ALIASES = {"salt": F("words__salt"), "said": F("words__words"), "state_now": F("application__fulfillment_state")}
COLUMNS = [*Link._fields[: Link._fields.index("salt")], *ALIASES]


class Head(NamedTuple):
    """Where every chain ended at a moment, as one digest: kept elsewhere, it shows what was there."""

    at: datetime
    digest: str
    chains: int
    events: int


def verify(events: QuerySet[Event] | None = None) -> Iterator[Break]:
    """The first break of every broken chain among these events (whole chains), and the applications without a chain.

    All events unless some are given. Inside one transaction, so that the server streams the rows.
    """
    with transaction.atomic():
        yield from find_breaks(links_of(Event.objects.all() if events is None else events))
        if events is None:
            yield from _applications_without_events()


def verify_since(moment: datetime) -> Iterator[Break]:
    """The same for the chains that got an event since then, from their beginning."""
    touched = Event.objects.filter(at__gte=moment).order_by().values("chain")
    return verify(Event.objects.filter(chain__in=touched))


def links_of(events: QuerySet[Event]) -> Iterator[Link]:
    """The events as links, chain by chain."""
    rows = events.annotate(**ALIASES).order_by("chain", "number").values_list(*COLUMNS)
    return (Link(*row) for row in rows.iterator(chunk_size=CHUNK))


def head_at(moment: datetime) -> Head:
    """The digest over the last link of every chain that was written until then.

    Of a moment that is past for every writer it never changes: events are only added, and erasing changes none.
    """
    digest, chains, events = sha256(), 0, 0
    rows = Event.objects.filter(at__lte=moment).order_by("chain", "number").values_list("chain", "number", "hash")
    last: tuple[str, int, str] | None = None
    with transaction.atomic():
        for row in chain(rows.iterator(chunk_size=CHUNK), [None]):
            if last and (row is None or row[0] != last[0]):
                digest.update(canonical(last))
                chains += 1
            events += row is not None
            last = row
    return Head(moment, digest.hexdigest(), chains, events)


def _applications_without_events() -> Iterator[Break]:
    unheard = Application.objects.filter(~Exists(Event.objects.filter(application=OuterRef("pk"))))
    for pk in unheard.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=CHUNK):
        yield Break(f"application-{pk}", 1, None, "the application has no events at all")
