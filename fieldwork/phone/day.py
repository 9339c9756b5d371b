"""A technician's day: what comes next, what after that, and a look at the day after."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from fieldwork.models import PENDING_VISITS, Technician, Visit, VisitState
from fieldwork.planning import day_bounds

UNDER_WAY = [VisitState.EN_ROUTE, VisitState.ON_SITE]
COME_TO_NOTHING = ["report_no_access", "report_unsafe", "leave_incomplete"]
LOOK_AHEAD_DAYS = 7


@dataclass(frozen=True)
class Stop:
    """A visit on the list. `late`: its window is over and nobody has set out."""

    visit: Visit
    late: bool
    is_today: bool


@dataclass(frozen=True)
class Ended:
    """A visit that the technician ended today, well or not, and when."""

    visit: Visit
    at: datetime


@dataclass(frozen=True)
class Day:
    """`next` is the one to go to now; `ahead` are the visits of the next working day, if the week has any."""

    next: Stop | None
    later: list[Stop]
    done: list[Ended]
    ahead_day: date | None
    ahead_is_tomorrow: bool
    ahead: list[Visit]


def day_of(technician: Technician, now: datetime) -> Day:
    """What is to do today, in this order: under way, late, by the clock, and what has no time yet."""
    zone = technician.provider.zone
    today = now.astimezone(zone).date()
    begins, ends = day_bounds(today, zone)
    visits = technician.visits.select_related("application__offering", "application__provider")
    pending = list(visits.filter(state__in=PENDING_VISITS))
    due = [visit for visit in pending if visit.window_start is None or visit.window_start < ends]
    stops = sorted((_stop(visit, now, begins) for visit in due), key=_order)
    ahead_day, ahead = _ahead(pending, today, technician)
    return Day(
        next=stops[0] if stops else None,
        later=stops[1:],
        done=_ended(technician, begins, ends),
        ahead_day=ahead_day,
        ahead_is_tomorrow=ahead_day == today + timedelta(days=1),
        ahead=ahead,
    )


def _ended(technician: Technician, begins: datetime, ends: datetime) -> list[Ended]:
    made = technician.visits.filter(state=VisitState.COMPLETED, completed_at__gte=begins, completed_at__lt=ends)
    acts = technician.acts.filter(action__in=COME_TO_NOTHING, received_at__gte=begins, received_at__lt=ends)
    ended = [Ended(visit, visit.completed_at) for visit in made.select_related("application") if visit.completed_at]
    ended += [Ended(act.visit, act.received_at) for act in acts.select_related("visit__application")]
    return sorted(ended, key=lambda one: one.at)


def is_late(visit: Visit, now: datetime) -> bool:
    ends = visit.window_end or visit.window_start
    return ends is not None and ends < now and visit.state not in UNDER_WAY


def _stop(visit: Visit, now: datetime, today_begins: datetime) -> Stop:
    return Stop(visit, is_late(visit, now), visit.window_start is not None and visit.window_start >= today_begins)


def _order(stop: Stop) -> tuple[bool, bool, bool, float]:
    start = stop.visit.window_start
    return (stop.visit.state not in UNDER_WAY, not stop.late, start is None, start.timestamp() if start else 0)


def _ahead(pending: list[Visit], today: date, technician: Technician) -> tuple[date | None, list[Visit]]:
    zone = technician.provider.zone
    dated = [(visit.window_start.astimezone(zone).date(), visit) for visit in pending if visit.window_start]
    to_come = [(day, visit) for day, visit in dated if today < day <= today + timedelta(days=LOOK_AHEAD_DAYS)]
    if not to_come:
        return None, []
    first = min(day for day, _ in to_come)
    visits = [visit for day, visit in to_come if day == first]
    return first, sorted(visits, key=lambda visit: visit.window_start.timestamp() if visit.window_start else 0)
