"""Working days are counted as people count them, whatever the clocks, the holidays and the waiting do."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.clock import Calendar, Pause, due_day, judge, working_days_between

SF = ZoneInfo("America/Los_Angeles")
OFFICE = Calendar(SF)
MONDAY = datetime(2026, 5, 4, 10, tzinfo=SF)
FRIDAY = datetime(2026, 5, 8, 16, 55, tzinfo=SF)
calendars = st.builds(
    Calendar,
    zone=st.sampled_from(["America/Los_Angeles", "Asia/Kolkata", "Africa/Cairo", "Pacific/Apia"]).map(ZoneInfo),
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
    holidays=st.frozensets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=20),
)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1), timezones=st.just(UTC))  # noqa: DTZ001 - naive bounds


def at(day: int, hour: int = 10) -> datetime:
    return datetime(2026, 5, day, hour, tzinfo=SF)


@pytest.mark.parametrize(
    ("began", "working_days", "day"),
    [
        (MONDAY, 1, date(2026, 5, 5)),
        (MONDAY, 4, date(2026, 5, 8)),
        (MONDAY, 5, date(2026, 5, 11)),  # over the weekend
        (FRIDAY, 1, date(2026, 5, 11)),  # minutes before the end of the week
        (at(9), 1, date(2026, 5, 11)),  # on a Saturday
        (at(9), 0, date(2026, 5, 11)),  # at once, but nobody is there
        (MONDAY, 0, date(2026, 5, 4)),
    ],
)
def test_a_promise_counts_the_days_that_are_worked(began: datetime, working_days: int, day: date) -> None:
    assert due_day(began, working_days, OFFICE) == day


def test_a_holiday_is_no_working_day() -> None:
    with_memorial_day = Calendar(SF, holidays=frozenset({date(2026, 5, 25)}))

    assert due_day(at(22), 1, with_memorial_day) == date(2026, 5, 26)


def test_another_week_is_another_due_date() -> None:
    sunday_to_thursday = Calendar(ZoneInfo("Asia/Dubai"), weekdays=frozenset({6, 0, 1, 2, 3}))

    assert due_day(datetime(2026, 5, 7, 10, tzinfo=UTC), 1, sunday_to_thursday) == date(2026, 5, 10)


def test_the_day_is_the_providers_not_the_servers() -> None:
    late_on_monday_in_san_francisco = datetime(2026, 5, 5, 3, tzinfo=UTC)

    assert due_day(late_on_monday_in_san_francisco, 1, OFFICE) == date(2026, 5, 5)


@pytest.mark.parametrize(
    ("pause", "day"),
    [
        (Pause(at(4, 11), at(4, 12)), date(2026, 5, 6)),  # within a day: nothing is lost
        (Pause(at(4, 15), at(5, 9)), date(2026, 5, 7)),  # over one night: that day begins with the applicant
        (Pause(at(4, 15), at(6, 9)), date(2026, 5, 8)),
        (Pause(at(8, 15), at(11, 9)), date(2026, 5, 6)),  # after the promise was kept or broken: nothing changes
    ],
)
def test_what_waits_for_the_applicant_does_not_count(pause: Pause, day: date) -> None:
    assert due_day(MONDAY, 2, OFFICE, [pause]) == day


def test_while_the_applicant_has_the_ball_nobody_can_name_a_day() -> None:
    assert due_day(MONDAY, 2, OFFICE, [Pause(at(4, 15))]) is None


def test_who_never_works_promises_nothing() -> None:
    assert due_day(MONDAY, 1, Calendar(SF, weekdays=frozenset())) is None
    assert due_day(MONDAY, 0, Calendar(SF, weekdays=frozenset())) is None


@pytest.mark.parametrize(
    ("now", "left", "late", "is_late"),
    [
        (at(6), 2, 0, False),
        (at(7), 1, 0, False),
        (at(8, 23), 0, 0, False),
        (at(9), 0, 0, True),  # Saturday: late, by no working day yet
        (at(11), 0, 1, True),
        (at(12), 0, 2, True),
    ],
)
def test_how_a_day_stands(now: datetime, left: int, late: int, is_late: bool) -> None:
    due = judge(date(2026, 5, 8), now, OFFICE)

    assert (due.left, due.late, due.is_late) == (left, late, is_late)


def test_a_day_whose_midnight_the_clocks_skip_still_begins() -> None:
    """Cairo, 24 April 2026: from 23:59 the clocks go to 01:00."""
    cairo = Calendar(ZoneInfo("Africa/Cairo"))

    begins = cairo.begins(date(2026, 4, 24))

    assert cairo.day_of(begins) == date(2026, 4, 24)
    assert cairo.day_of(begins - timedelta(seconds=1)) == date(2026, 4, 23)


@given(calendars, st.dates(date(2026, 1, 1), date(2026, 12, 31)))
def test_every_day_begins_at_its_first_moment(calendar: Calendar, day: date) -> None:
    begins = calendar.begins(day)

    assert calendar.day_of(begins) == day
    assert calendar.day_of(begins - timedelta(microseconds=1)) < day


@given(calendars, moments, st.integers(1, 30))
def test_a_due_day_is_worked_and_so_many_days_lie_between(calendar: Calendar, began: datetime, days: int) -> None:
    day = due_day(began, days, calendar)

    assert day is not None
    assert calendar.is_working(day)
    assert working_days_between(calendar.day_of(began), day, calendar) == days
    assert judge(day, began, calendar).left == days


@given(calendars, moments, st.integers(0, 30))
def test_a_longer_promise_is_never_due_earlier(calendar: Calendar, began: datetime, days: int) -> None:
    shorter, longer = due_day(began, days, calendar), due_day(began, days + 1, calendar)

    assert shorter is not None
    assert longer is not None
    assert shorter <= longer


@given(calendars, moments, st.integers(1, 10), st.floats(0, 500), st.floats(0, 500))
def test_a_pause_costs_at_most_the_days_that_it_touches(
    calendar: Calendar, began: datetime, days: int, after: float, hours: float
) -> None:
    since = began + timedelta(hours=after)
    pause = Pause(since, since + timedelta(hours=hours))

    without, with_it = due_day(began, days, calendar), due_day(began, days, calendar, [pause])

    assert without is not None
    assert with_it is not None
    assert with_it >= without
    lost = working_days_between(without, with_it, calendar)
    assert lost <= (calendar.day_of(pause.until or since) - calendar.day_of(since)).days


@given(calendars, moments, st.integers(1, 10), st.lists(st.tuples(st.floats(0, 300), st.floats(0, 99)), max_size=4))
def test_pauses_that_overlap_count_once(
    calendar: Calendar, began: datetime, days: int, spans: list[tuple[float, float]]
) -> None:
    pauses = [Pause(began + timedelta(hours=a), began + timedelta(hours=a + b)) for a, b in spans]

    assert due_day(began, days, calendar, pauses) == due_day(began, days, calendar, pauses + pauses)
