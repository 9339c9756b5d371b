"""When a technician comes: the windows of a day, and putting a visit into one. Windows are kept in UTC."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from connections.actors import Actor
from connections.lifecycle import Refused, record
from connections.models import Holiday, Provider
from fieldwork.models import PENDING_VISITS, Slot, Technician, Visit, VisitState
from fieldwork.services import lock_for_work

MAY_BE_MOVED = [VisitState.SCHEDULED, VisitState.ASSIGNED]
LONGEST_WINDOW = timedelta(hours=12)  # where it goes over midnight


@dataclass(frozen=True)
class Window:
    """A slot on a certain day, as two moments in UTC. `free` is how many more visits the technicians can make in it."""

    slot: Slot
    day: date
    starts: datetime
    ends: datetime
    free: int


def moment_of(day: date, at: time, zone: ZoneInfo) -> datetime:
    """A time on the wall clock of a zone, in UTC. A time that the clocks skip is read as the hour after (PEP 495)."""
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Midnight to midnight in the zone: 23, 24 or 25 hours."""
    return moment_of(day, time.min, zone), moment_of(day + timedelta(days=1), time.min, zone)


def is_on_a_later_day(visit: Visit) -> bool:
    """Whether the visit's window begins after today, on the provider's calendar."""
    provider, start = visit.application.provider, visit.window_start
    return start is not None and start.astimezone(provider.zone).date() > provider.today()


def visits_of_the_day(provider: Provider, day: date) -> QuerySet[Visit]:
    """The visits that take up somebody's day: neither called off nor come to nothing."""
    begins, ends = day_bounds(day, provider.zone)
    taken = [*PENDING_VISITS, VisitState.COMPLETED]
    return Visit.objects.filter(
        application__provider=provider, window_start__gte=begins, window_start__lt=ends, state__in=taken
    )


def day_windows(provider: Provider, day: date) -> list[Window]:
    """Every slot of the day, full ones with `free=0`. A slot that the change of the clocks swallows is left out."""
    zone = provider.zone
    workers = [row for row in provider.technicians.filter(active=True) if day.weekday() in row.working_days]
    visits = list(visits_of_the_day(provider, day))
    windows = []
    for slot in provider.slots.all():
        starts, ends = moment_of(day, slot.starts, zone), moment_of(day, slot.ends, zone)
        if starts < ends:
            windows.append(Window(slot, day, starts, ends, _places_left(workers, visits, starts, ends)))
    return windows


def holiday_on(provider: Provider, day: date) -> Holiday | None:
    """The provider's holiday on that day. Nothing is offered then; staff may still plan a visit by hand."""
    return provider.holidays.filter(day=day).first()


def free_windows(provider: Provider, day: date, *, with_begun: bool = False) -> list[Window]:
    """The windows of the day, in the provider's time zone, that have not begun and have a technician to spare; none on
    a holiday. `with_begun` has those too that are not over."""
    if holiday_on(provider, day):
        return []
    now = timezone.now()
    windows = [window for window in day_windows(provider, day) if window.free > 0]
    return [window for window in windows if (window.ends if with_begun else window.starts) > now]


def next_free_windows(provider: Provider, *, days: int = 14, with_begun: bool = False) -> list[Window]:
    """The free windows from today on."""
    dates = [provider.today() + timedelta(days=n) for n in range(days)]
    return [window for day in dates for window in free_windows(provider, day, with_begun=with_begun)]


def _places_left(workers: list[Technician], visits: list[Visit], starts: datetime, ends: datetime) -> int:
    """Technicians who still have room, less the visits in the window that nobody is on yet."""
    load = Counter(visit.technician_id for visit in visits)
    inside = [visit for visit in visits if overlaps(visit, starts, ends)]
    busy = {visit.technician_id for visit in inside}
    able = [row for row in workers if row.pk not in busy and load[row.pk] < row.daily_capacity]
    return max(len(able) - sum(visit.technician_id is None for visit in inside), 0)


def overlaps(visit: Visit, starts: datetime, ends: datetime) -> bool:
    """Whether the visit's window and this one share a moment; without an end a window lasts an hour."""
    if visit.window_start is None:
        return False
    visit_ends = visit.window_end or visit.window_start + timedelta(hours=1)
    return visit.window_start < ends and visit_ends > starts


def clash(visits: Iterable[Visit], technician: Technician, visit: Visit) -> Visit | None:
    """Another visit that the technician has promised for the window of this one."""
    if visit.window_start is None:
        return None
    ends = visit.window_end or visit.window_start + timedelta(hours=1)
    others = (row for row in visits if row.technician_id == technician.pk and row.pk != visit.pk)
    return next((row for row in others if overlaps(row, visit.window_start, ends)), None)


def promised_to(technician: Technician) -> QuerySet[Visit]:
    """What the technician still has to do."""
    return technician.visits.filter(state__in=PENDING_VISITS)


def is_in(visit: Visit, slot: Slot, day: date) -> bool:
    """Whether this is the visit's window already."""
    zone = visit.application.provider.zone
    return (visit.window_start, visit.window_end) == (
        moment_of(day, slot.starts, zone),
        moment_of(day, slot.ends, zone),
    )


@transaction.atomic
def schedule_visit(visit: Visit, *, slot: Slot, day: date, actor: Actor) -> Visit:
    """Put a visit into a free window, or move it there; applicants choose so. Records `visit.rescheduled`.

    Raises `Refused`: `window_not_free`, and what `set_window` refuses.
    """
    visit = lock_for_work(visit)
    if is_in(visit, slot, day):  # said twice, told once
        return visit
    # One at a time: two that look at the last free place of a window must not both see it.
    provider = Provider.objects.select_for_update(no_key=True).get(pk=visit.application.provider_id)
    window = next((one for one in free_windows(provider, day) if one.slot.pk == slot.pk), None)
    if window is None:
        raise Refused("window_not_free", f"{day:%A} {day.day} {day:%B}, {slot} is not free any more.")
    return set_window(visit, window_start=window.starts, window_end=window.ends, actor=actor)


@transaction.atomic
def set_window(visit: Visit, *, window_start: datetime, window_end: datetime, actor: Actor) -> Visit:
    """Say when the technician comes, in any window, free or not; staff plan so. Records `visit.rescheduled`.

    Raises `Refused`: `not_allowed`, `wrong_state`, `window_in_the_past`, `window_backwards`, `window_too_long`,
    `technician_busy`.
    """
    if actor.kind != "system" and not (actor.user and actor.user.has_perm("fieldwork.assign_visit")):
        raise Refused("not_allowed", f"{actor} may not set the time of a visit.")
    visit = lock_for_work(visit)
    if visit.state not in MAY_BE_MOVED:
        raise Refused("wrong_state", f"The visit is {visit.get_state_display().lower()}: its time can not be set.")
    if (visit.window_start, visit.window_end) == (window_start, window_end):  # said twice, told once
        return visit
    _refuse_what_nobody_can_keep(window_start, window_end, visit.application.provider.zone)
    visit.window_start, visit.window_end = window_start, window_end
    refuse_a_clash(visit, visit.technician)
    visit.save(update_fields=["window_start", "window_end"])
    record(visit, "rescheduled", actor=actor, window_start=window_start, window_end=window_end)
    return visit


def _refuse_what_nobody_can_keep(starts: datetime, ends: datetime, zone: ZoneInfo) -> None:
    """The applicant waits at home for it: it is not over yet, and no longer than a working day. It may have begun: at
    five past ten somebody can still come between ten and twelve."""
    if ends <= starts:
        raise Refused("window_backwards", "The window must end after it begins.")
    if ends <= timezone.now():
        raise Refused("window_in_the_past", "This time is over. Choose one that has not ended yet.")
    if ends - starts > LONGEST_WINDOW and starts.astimezone(zone).date() != ends.astimezone(zone).date():
        raise Refused(
            "window_too_long", "Give a window within one day, or of at most 12 hours: the applicant waits for it."
        )


def refuse_a_clash(visit: Visit, technician: Technician | None) -> None:
    """Raises `Refused("technician_busy")` if the technician has promised that time to somebody else."""
    if technician is None:
        return
    Technician.objects.select_for_update(no_key=True).get(pk=technician.pk)  # two promises at once wait for each other
    other = clash(promised_to(technician), technician, visit)
    if other:
        raise Refused("technician_busy", f"{technician} is at {other.application.address} at that time.")
