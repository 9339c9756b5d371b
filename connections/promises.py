"""By when an order leaves the state that it is in: the provider's promise, paused while the applicant has the ball.

Rooms add what they know: an appointment, which is a promise of its own, and what else waits for the applicant.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from connections.clock import Calendar, Due, Pause, due_day, judge
from connections.documents.waiting import ABOUT
from connections.models import Application, Event, Provider
from connections.vocabulary import OPEN_STATES, Ball, DocumentState

HANDED_IN = {"document.submitted", "document.waived"}
CLOCK_EVENTS = [*HANDED_IN, *[f"application.{state.lower()}" for state in OPEN_STATES]]
Appointment = Callable[[Application], datetime | None]


@dataclass(frozen=True)
class Wait:
    """Something that the applicant is to do, or was: the order does not go on without it. `what` asks them for it."""

    what: str
    since: datetime
    until: datetime | None = None


Waits = Callable[[Application], Iterable[Wait]]
_appointments: list[Appointment] = []
_waits: list[Waits] = []
_reads: list[str | Prefetch] = ["documents", "holds", "provider__promises", "provider__holidays"]


def reads(*relations: str | Prefetch) -> None:
    """Relations of an application that a room's functions go through: lists fetch them for all rows at once."""
    _reads.extend(relations)


def appointment(function: Appointment) -> Appointment:
    """A room's agreed moment for what comes next, or None: it stands in the place of the promise."""
    _appointments.append(function)
    return function


def waits_for_applicant(function: Waits) -> Waits:
    """What of a room's the applicant has, or had, to do in the order's present state."""
    _waits.append(function)
    return function


def calendar_of(provider: Provider) -> Calendar:
    """The provider's working days."""
    days = frozenset(row.day for row in provider.holidays.all())
    return Calendar(provider.zone, frozenset(provider.working_weekdays), days)


def with_clock(applications: QuerySet[Application]) -> QuerySet[Application]:
    """Applications with what `due_of` reads, for lists."""
    events = Prefetch("events", Event.objects.filter(kind__in=CLOCK_EVENTS).order_by("id"), to_attr="clock_events")
    return applications.prefetch_related(*_reads, events)


def due_of(application: Application, now: datetime | None = None) -> Due | None:
    """By when the utility has done what comes next; None where nothing is promised, or the applicant has the ball."""
    if application.fulfillment_state not in OPEN_STATES:
        return None
    calendar = calendar_of(application.provider)
    waits = list(all_waits(application))
    if any(wait.until is None for wait in waits):
        return None
    agreed = min((at for ask in _appointments if (at := ask(application))), default=None)
    if agreed:
        return judge(calendar.day_of(agreed), now or timezone.now(), calendar)
    promised = {row.state: row.working_days for row in application.provider.promises.all()}
    began = _reached(application)
    if began is None or application.fulfillment_state not in promised:
        return None
    pauses = [Pause(wait.since, wait.until) for wait in waits]
    day = due_day(began, promised[application.fulfillment_state], calendar, pauses)
    return judge(day, now or timezone.now(), calendar) if day else None


def overdue(applications: QuerySet[Application], now: datetime | None = None) -> QuerySet[Application]:
    """Those under way whose promised day is over where their provider is, as it was last noted (due_days.py)."""
    late = Q(pk__in=[])
    for zone in Provider.objects.order_by().values_list("time_zone", flat=True).distinct():
        today = (now or timezone.now()).astimezone(ZoneInfo(zone)).date()
        late |= Q(provider__time_zone=zone, due_on__lt=today)
    return applications.filter(late, fulfillment_state__in=OPEN_STATES)


def open_waits(application: Application) -> list[Wait]:
    """What the applicant is to do now, beside handing in papers."""
    return [wait for ask in _waits for wait in ask(application) if wait.until is None]


def all_waits(application: Application) -> Iterable[Wait]:
    """Every time in which the applicant had the ball, and has it: holds, papers, and what the rooms wait for."""
    for hold in application.holds.all():
        if hold.ball == Ball.APPLICANT:
            yield Wait(hold.reason, hold.opened_at, hold.closed_at)
    yield from _papers_never_sent(application)
    for ask in _waits:
        yield from ask(application)


def _papers_never_sent(application: Application) -> Iterable[Wait]:
    """Papers that were wanted from the start; those wanted again have their hold (documents/waiting.py)."""
    began = application.ordered_at or application.created_at
    sent: dict[str, datetime] = {}
    for event in _clock_events(application):
        if event.kind in HANDED_IN:
            sent.setdefault(event.subject, event.at)
    held = any(hold.about == ABOUT and hold.closed_at is None for hold in application.holds.all())
    for document in application.documents.all():
        if document.state == DocumentState.PENDING and document.waived_at is None:
            yield Wait(f"Send us: {document.name}", began)
        elif document.is_wanted and not held:
            yield Wait(f"Send us: {document.name}", document.updated_at)
        elif (at := sent.get(str(document)[:120])) and at > began:
            yield Wait(f"Send us: {document.name}", began, at)


def _reached(application: Application) -> datetime | None:
    """When the application came to its present state."""
    kind = f"application.{application.fulfillment_state.lower()}"
    return next((event.at for event in reversed(_clock_events(application)) if event.kind == kind), None)


def _clock_events(application: Application) -> list[Event]:
    known: Any = getattr(application, "clock_events", None)
    if known is None:
        known = list(application.events.filter(kind__in=CLOCK_EVENTS).order_by("id"))
        application.clock_events = known
    return list(known)


# --- In words -------------------------------------------------------------------------------------------------------


def say_day(day: date) -> str:
    """`Friday 8 May`."""
    return f"{day:%A} {day.day} {day:%B}"


def say_left(due: Due) -> str:
    """How near it is: "today", "1 working day left", or how late it is."""
    if due.is_late:
        return f"{due.late} working {_days(due.late)} late" if due.late else "late"
    return f"{due.left} working {_days(due.left)} left" if due.left else "today"


def _days(count: int) -> str:
    return "day" if count == 1 else "days"


def is_near(due: Due) -> bool:
    """Late, or to be done by the next working day: somebody should look."""
    return due.is_late or due.left <= 1
