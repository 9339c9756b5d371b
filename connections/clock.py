"""Working-day arithmetic: by when a promise is to be kept. Pure: a calendar and moments in, days out.

One rule: a working day counts when the one who promised had the ball as it began (midnight of the calendar's zone).
So the day on which the ball comes over never counts, however late in it that was.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

FAR = 3660  # days; a calendar that has no working day in ten years has none


@dataclass(frozen=True)
class Calendar:
    """Which days are worked: weekdays (0 is Monday, 6 is Sunday) less holidays, as dates of the zone."""

    zone: ZoneInfo
    weekdays: frozenset[int] = frozenset(range(5))
    holidays: frozenset[date] = frozenset()

    def is_working(self, day: date) -> bool:
        """Whether anybody works on that day."""
        return day.weekday() in self.weekdays and day not in self.holidays

    def day_of(self, at: datetime) -> date:
        """The date on the wall of the zone at a moment."""
        return at.astimezone(self.zone).date()

    def begins(self, day: date) -> datetime:
        """The first moment of a day, in UTC; where the clocks skip midnight, the moment at which they do."""
        return datetime.combine(day, time.min, tzinfo=self.zone).astimezone(UTC)


@dataclass(frozen=True)
class Pause:
    """A time in which somebody else had the ball, from `since` until before `until`; None while they still have it."""

    since: datetime
    until: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Whether the moment lies in it."""
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True)
class Due:
    """By the end of which day something is to be done, and how that stands today.

    `left`: working days after today up to that day; 0 on the day itself. `late`: working days since then, 0 where the
    day has not passed or no working day has passed since.
    """

    day: date
    left: int
    late: int
    is_late: bool


def due_day(began: datetime, working_days: int, calendar: Calendar, pauses: Iterable[Pause] = ()) -> date | None:
    """The day by whose end a promise of so many working days, given at `began`, is to be kept.

    None while a pause is open: nobody can say when the ball comes back; and where the calendar has no working days.
    No working days at all promise the day itself, or the next one that is worked.
    """
    pauses = list(pauses)
    if any(pause.until is None for pause in pauses):
        return None
    last = max([began, *[pause.until for pause in pauses if pause.until]])
    if working_days == 0:
        return next((day for day in _days_from(calendar.day_of(last)) if calendar.is_working(day)), None)
    counted = 0
    for day in _days_from(calendar.day_of(began) + timedelta(days=1)):
        counted += calendar.is_working(day) and not _paused(calendar.begins(day), pauses)
        if counted == working_days:
            return day
    return None


def judge(day: date, now: datetime, calendar: Calendar) -> Due:
    """How a day stands at a moment."""
    today = calendar.day_of(now)
    return Due(day, working_days_between(today, day, calendar), working_days_between(day, today, calendar), today > day)


def working_days_between(after: date, until: date, calendar: Calendar) -> int:
    """How many days are worked after the first date, up to and with the second; 0 where that lies before."""
    return sum(calendar.is_working(after + timedelta(days=n + 1)) for n in range((until - after).days))


def _paused(at: datetime, pauses: Iterable[Pause]) -> bool:
    return any(pause.holds(at) for pause in pauses)


def _days_from(first: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range(FAR))
