"""Applicants move their own visit: among the free windows of working days, until the evening before, and again when
nobody came."""

from datetime import date, datetime, time, timedelta

from django.db.models import F
from django.utils import timezone

from connections.actors import Actor
from connections.lifecycle import Refused
from connections.models import Application
from connections.promises import calendar_of
from fieldwork.models import PENDING_VISITS, Slot, Visit
from fieldwork.planning import (
    MAY_BE_MOVED,
    Window,
    clash,
    day_bounds,
    is_in,
    moment_of,
    next_free_windows,
    promised_to,
    schedule_visit,
)

APPLICANT = Actor.system("applicant")
EVENING = time(18)  # of the day before, on the provider's clock


def visit_to_move(application: Application) -> Visit | None:
    """The next visit, where the applicant may still choose its time; one without a time comes last."""
    visits = application.visits.filter(state__in=PENDING_VISITS).select_related("technician", "application__provider")
    visit = visits.order_by(F("window_start").asc(nulls_last=True), "id").first()
    return visit if visit and may_move(visit) else None


def may_move(visit: Visit) -> bool:
    """While nobody has set out, until the evening before; a visit without a time may be given one, and one that was
    missed another."""
    if visit.state not in MAY_BE_MOVED:
        return False
    return visit.window_start is None or was_missed(visit) or timezone.now() < last_call(visit.window_start, visit)


def was_missed(visit: Visit) -> bool:
    """The window is over and nobody has set out. A window without an end lasts until midnight where the provider is."""
    if visit.state not in MAY_BE_MOVED or visit.window_start is None:
        return False
    zone = visit.application.provider.zone
    _, midnight = day_bounds(visit.window_start.astimezone(zone).date(), zone)
    return timezone.now() >= (visit.window_end or midnight)


def last_call(window_start: datetime, visit: Visit) -> datetime:
    """Until when the time may be changed: the evening before, in the provider's time zone."""
    zone = visit.application.provider.zone
    day = window_start.astimezone(zone).date() - timedelta(days=1)
    return moment_of(day, EVENING, zone)


def windows_to_choose(visit: Visit) -> list[Window]:
    """The free windows that could still be moved themselves, on days that are worked, when the technician has time."""
    provider = visit.application.provider
    calendar, now = calendar_of(provider), timezone.now()
    return [
        window
        for window in next_free_windows(provider)
        if calendar.is_working(window.day) and now < last_call(window.starts, visit) and _technician_can(visit, window)
    ]


def _technician_can(visit: Visit, window: Window) -> bool:
    """The technician who is on the visit works that day and has promised the window to nobody else."""
    worker = visit.technician
    if worker is None:
        return True
    if window.day.weekday() not in worker.working_days:
        return False
    moved = Visit(pk=visit.pk, window_start=window.starts, window_end=window.ends)
    return clash(promised_to(worker), worker, moved) is None


def move_visit(visit: Visit, *, slot: Slot, day: date) -> Visit:
    """Put the visit where the applicant wants it. Raises `Refused`: `too_late_to_move`, `window_not_free`, …"""
    if not may_move(visit):
        raise Refused("too_late_to_move", "It is too late to change the time here. Please call us.")
    if is_in(visit, slot, day) and not was_missed(visit):
        return visit
    if not any(window.slot.pk == slot.pk and window.day == day for window in windows_to_choose(visit)):
        raise Refused("window_not_free", "This time was just taken. Choose another one.")
    return schedule_visit(visit, slot=slot, day=day, actor=APPLICANT)
