"""By when each order under way is due, as a worker notes it in the order for lists to find it by.

An order's day moves with what happens to it, or with what its provider promises and which days are worked. So those are
looked at again of which an event tells, and once a day, or when a promise or a calendar was changed, all of them: in
their order, as many as there is time for, the others the next time.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from time import monotonic

from django.db.models import QuerySet

from connections import marks
from connections.models import Application, Event, Holiday, Provider, ServicePromise
from connections.promises import due_of, with_clock
from connections.vocabulary import OPEN_STATES

AT_ONCE = 200  # applications read together, in some 0.3 s
MARK = "due-days"
ROUND = timedelta(days=1)
OVERLAP = timedelta(minutes=2)  # longer than a transaction lasts: what it told of is seen when it ends


@dataclass(frozen=True)
class _Mark:
    """How far the worker was at `at`: a round over all orders began at `began`, under these `terms`, and has come past
    the application `after`; None where it has ended."""

    terms: str
    began: datetime
    at: datetime
    after: int | None = 0


def note_due_days(now: datetime, seconds: float) -> None:
    """Look at those orders whose day may be another by now, for about so many seconds."""
    until, mark = monotonic() + seconds, _last_mark(now)
    told = Event.objects.filter(at__gt=mark.at - OVERLAP, application__isnull=False).values("application")
    _note(_under_way().filter(pk__in=told).iterator(chunk_size=AT_ONCE), now)
    after = mark.after
    while after is not None and monotonic() < until:
        rows = list(_under_way().filter(pk__gt=after).order_by("pk")[:AT_ONCE])
        _note(rows, now)
        after = rows[-1].pk if rows else None
    marks.keep(MARK, astuple(replace(mark, at=now, after=after)))


def _last_mark(now: datetime) -> _Mark:
    """Where to go on; with the beginning of a round if it is time for one."""
    terms, known = _terms(), marks.kept(MARK)
    mark = _Mark(*known) if known else _Mark("", began=now, at=now)
    if mark.terms != terms or not mark.began <= now < mark.began + ROUND:
        return _Mark(terms, began=now, at=mark.at)
    return mark


def _terms() -> str:
    """A short name for what all providers promise, and when they work."""
    rows = (
        Provider.objects.order_by("pk").values_list("pk", "time_zone", "working_weekdays"),
        ServicePromise.objects.order_by("pk").values_list("provider", "state", "working_days"),
        Holiday.objects.order_by("pk").values_list("provider", "day"),
    )
    return sha256(repr([list(each) for each in rows]).encode()).hexdigest()


def _under_way() -> QuerySet[Application]:
    return with_clock(Application.objects.filter(fulfillment_state__in=OPEN_STATES).select_related("provider"))


def _note(applications: Iterable[Application], now: datetime) -> None:
    """Their time of change stays: nothing about them changed."""
    of_day = defaultdict[date | None, list[int]](list)
    for application in applications:
        due = due_of(application, now)
        day = due.day if due else None
        if day != application.due_on:
            of_day[day].append(application.pk)
    for day, ids in of_day.items():
        Application.objects.filter(pk__in=ids).update(due_on=day)
