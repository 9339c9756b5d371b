"""Windows of the day: whose clock they are on, who has room in them, and moving a visit."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from connections.actors import Actor
from connections.lifecycle import Refused, advance
from connections.models import Event, Provider
from fieldwork.models import Slot, Visit, VisitState
from fieldwork.planning import (
    day_bounds,
    day_windows,
    free_windows,
    moment_of,
    next_free_windows,
    schedule_visit,
    set_window,
)
from fieldwork.services import assign_visit, set_out
from tests.conftest import AtOnce
from tests.factories import SYSTEM, provider, scheduled_application, staff, technician
from tests.fieldwork.premises import assessment, at, give_window, morning, next_weekday

pytestmark = pytest.mark.django_db
SPRING, AUTUMN = date(2027, 3, 14), date(2027, 11, 7)  # San Francisco's clocks change at two in the morning
MONDAY, SATURDAY = 0, 5


def utility(**fields: str) -> Provider:
    return Provider.objects.filter(code="sf_electric_authority").first() or provider(**fields)


# --- Whose clock ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "in_utc"),
    [
        (date(2027, 3, 13), datetime(2027, 3, 13, 17, tzinfo=UTC)),
        (SPRING, datetime(2027, 3, 14, 16, tzinfo=UTC)),
        (date(2027, 11, 6), datetime(2027, 11, 6, 16, tzinfo=UTC)),
        (AUTUMN, datetime(2027, 11, 7, 17, tzinfo=UTC)),
    ],
)
def test_nine_in_the_morning_stays_nine_when_the_clocks_change(day: date, in_utc: datetime) -> None:
    assert moment_of(day, time(9), provider().zone) == in_utc


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25), (date(2027, 5, 12), 24)])
def test_the_day_of_the_change_is_shorter_or_longer(day: date, hours: int) -> None:
    begins, ends = day_bounds(day, provider().zone)

    assert ends - begins == timedelta(hours=hours)


def test_a_slot_that_the_change_swallows_is_no_window() -> None:
    house = provider()
    Slot.objects.create(provider=house, name="Night", starts=time(2), ends=time(3))
    morning(house)

    assert [window.slot.name for window in day_windows(house, SPRING)] == ["Morning"]
    assert [window.slot.name for window in day_windows(house, SPRING + timedelta(days=1))] == ["Night", "Morning"]


def test_each_provider_has_its_own_clock() -> None:
    kolkata = provider(code="bescom", time_zone="Asia/Kolkata", area=False)
    morning(kolkata)

    assert day_windows(kolkata, SPRING)[0].starts == datetime(2027, 3, 14, 3, 30, tzinfo=UTC)


# --- Who has room ---------------------------------------------------------------------------------------------------


def test_a_window_is_free_for_as_many_as_work_that_day() -> None:
    house = provider()
    morning(house)
    technician(), technician(name="Ana Silva"), technician(name="Gone", active=False)

    assert [window.free for window in free_windows(house, next_weekday(MONDAY))] == [2]
    assert free_windows(house, next_weekday(SATURDAY)) == []


def test_visits_take_up_their_window_with_a_technician_and_without() -> None:
    house = provider()
    morning(house)
    technician(), technician(name="Ana Silva")
    day = next_weekday(MONDAY)
    first = give_window(assessment(), at(day, 9))
    assert day_windows(house, day)[0].free == 1

    assign_visit(first, technician=house.technicians.all()[0], actor=SYSTEM)
    assert day_windows(house, day)[0].free == 1

    give_window(assessment(), at(day, 10), hours=1)
    assert free_windows(house, day) == []


def test_a_full_day_leaves_no_window_free() -> None:
    house = provider()
    morning(house)
    busy, day = technician(daily_capacity=1), next_weekday(MONDAY)
    assign_visit(give_window(assessment(), at(day, 14)), technician=busy, actor=SYSTEM)

    assert free_windows(house, day) == []


def test_nothing_is_offered_on_a_holiday() -> None:
    ordered, day = scheduled_application(), next_weekday(MONDAY)
    house = ordered.provider
    slot = morning(house)
    technician()
    house.holidays.create(day=day, name="Founders' day")

    assert free_windows(house, day) == []
    assert day not in {window.day for window in next_free_windows(house)}
    assert [window.free for window in free_windows(house, day + timedelta(days=1))] == [1]
    with pytest.raises(Refused, match="not free any more"):
        schedule_visit(ordered.visits.get(), slot=slot, day=day, actor=SYSTEM)


def test_a_window_that_has_begun_is_not_offered() -> None:
    house = provider()
    Slot.objects.create(provider=house, name="All day", starts=time(0), ends=time(23, 59))
    technician(working_days=list(range(7)))

    windows = next_free_windows(house, days=3)

    today = timezone.now().astimezone(house.zone).date()
    assert [window.day for window in windows] == [today + timedelta(days=1), today + timedelta(days=2)]


def test_a_window_that_has_begun_is_the_desks_alone_until_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    visit, day, slot = assessment(), next_weekday(MONDAY), morning(utility())
    technician()
    for hour, offered in ((8, [slot]), (10, [slot]), (12, [])):
        monkeypatch.setattr("django.utils.timezone.now", lambda hour=hour: at(day, hour))
        windows = next_free_windows(visit.application.provider, days=1, with_begun=True)
        assert [window.slot for window in windows] == offered

    monkeypatch.setattr("django.utils.timezone.now", lambda: at(day, 10))
    with pytest.raises(Refused, match="is not free any more"):
        schedule_visit(visit, slot=slot, day=day, actor=SYSTEM)


# --- Moving a visit -------------------------------------------------------------------------------------------------


def test_a_visit_is_put_into_a_free_window_and_everybody_hears_of_it() -> None:
    visit, day = assessment(), next_weekday(MONDAY)
    slot = morning(utility())
    technician()

    moved = schedule_visit(visit, slot=slot, day=day, actor=Actor.system("applicant"))

    assert (moved.window_start, moved.window_end) == (at(day, 9), at(day, 12))
    event = Event.objects.get(kind="visit.rescheduled")
    assert event.data["window_start"] == at(day, 9).isoformat()


def test_a_full_window_is_refused_to_the_applicant_and_not_to_staff() -> None:
    visit, day, slot = assessment(), next_weekday(MONDAY), morning(utility())

    with pytest.raises(Refused, match="is not free any more") as refused:
        schedule_visit(visit, slot=slot, day=day, actor=SYSTEM)
    moved = set_window(
        visit,
        window_start=at(day, 9),
        window_end=at(day, 12),
        actor=Actor.staff(staff("fieldwork.assign_visit")),
    )

    assert refused.value.code == "window_not_free"
    assert moved.window_start == at(day, 9)


def test_staff_set_a_time_that_has_begun_and_none_that_is_over() -> None:
    visit, now = assessment(), timezone.now()

    begun = set_window(
        visit, window_start=now - timedelta(minutes=5), window_end=now + timedelta(hours=2), actor=SYSTEM
    )
    with pytest.raises(Refused, match="This time is over"):
        set_window(visit, window_start=now - timedelta(hours=2), window_end=now, actor=SYSTEM)

    assert Visit.objects.get().window_start == begun.window_start == now - timedelta(minutes=5)


@pytest.mark.parametrize(
    ("hours", "code"),
    [
        ((9, 9), "window_backwards"),
        ((12, 9), "window_backwards"),
        ((-400, -397), "window_in_the_past"),
        ((-400, 12), "window_too_long"),  # begun, and not over
        ((9, 33), "window_too_long"),
        ((9, 9 + 365 * 24), "window_too_long"),
    ],
)
def test_an_impossible_window_is_refused(hours: tuple[int, int], code: str) -> None:
    visit, midnight = assessment(), at(next_weekday(MONDAY), 0)
    start, end = (midnight + timedelta(hours=hour) for hour in hours)

    with pytest.raises(Refused) as refused:
        set_window(visit, window_start=start, window_end=end, actor=SYSTEM)

    assert refused.value.code == code
    assert Visit.objects.get().window_start is None


@pytest.mark.parametrize("hours", [(0, 24), (22, 30), (20, 32)])
def test_a_window_of_a_day_or_a_night_is_taken(hours: tuple[int, int]) -> None:
    midnight = at(next_weekday(MONDAY), 0)
    start, end = (midnight + timedelta(hours=hour, seconds=-(hour == 24)) for hour in hours)

    set_window(assessment(), window_start=start, window_end=end, actor=SYSTEM)

    assert Visit.objects.get().window_end == end


def test_a_window_of_the_day_that_ends_before_it_begins_is_explained_beside_its_end() -> None:
    slot = Slot(provider=provider(area=False), name="Night", starts=time(22), ends=time(6))

    with pytest.raises(ValidationError) as refused:
        slot.full_clean()

    assert refused.value.message_dict == {"ends": ["The end must come after the beginning, on the same day."]}


def test_a_visit_under_way_is_not_moved() -> None:
    visit, day = assign_visit(assessment(), technician=technician(), actor=SYSTEM), next_weekday(MONDAY)
    set_out(visit, actor=SYSTEM)

    with pytest.raises(Refused, match="on the way: its time can not be set"):
        set_window(visit, window_start=at(day, 9), window_end=at(day, 12), actor=SYSTEM)


def test_a_technician_keeps_the_visit_only_if_the_new_time_is_free() -> None:
    worker, day = technician(), next_weekday(MONDAY)
    assign_visit(give_window(assessment(), at(day, 9)), technician=worker, actor=SYSTEM)
    visit = assign_visit(give_window(assessment(), at(day, 13)), technician=worker, actor=SYSTEM)

    with pytest.raises(Refused) as refused:
        set_window(visit, window_start=at(day, 11), window_end=at(day, 14), actor=SYSTEM)

    assert refused.value.code == "technician_busy"


@pytest.mark.parametrize("actor", ["buyer_app", "staff"])
def test_who_does_not_plan_does_not_set_times(actor: str) -> None:
    visit, day = assessment(), next_weekday(MONDAY)
    who = Actor.buyer_app("bap.example") if actor == "buyer_app" else Actor.staff(staff("fieldwork.view_visit"))

    with pytest.raises(Refused) as refused:
        set_window(visit, window_start=at(day, 9), window_end=at(day, 12), actor=who)

    assert refused.value.code == "not_allowed"


@pytest.mark.django_db(transaction=True)
def test_of_five_that_want_the_last_window_at_once_one_gets_it(at_once: AtOnce) -> None:
    visits, day = [assessment() for _ in range(5)], next_weekday(MONDAY)
    slot = morning(utility())
    technician()
    queue = iter(visits)

    outcomes = at_once(5, lambda: schedule_visit(next(queue), slot=slot, day=day, actor=SYSTEM))

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Refused"] * 4 + ["Visit"]
    assert Visit.objects.exclude(window_start=None).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_technician_promised_twice_at_once_goes_to_one_place(at_once: AtOnce) -> None:
    worker, day = technician(), next_weekday(MONDAY)
    visits = [give_window(assessment(), at(day, hour)) for hour in (9, 10, 11)]  # three hours each: they overlap
    queue = iter(visits)

    outcomes = at_once(3, lambda: assign_visit(next(queue), technician=worker, actor=SYSTEM))

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Refused", "Refused", "Visit"]


def test_a_visit_called_off_gives_its_window_back() -> None:
    ordered, day = scheduled_application(), next_weekday(MONDAY)
    house = ordered.provider
    morning(house)
    technician()
    visit = give_window(ordered.visits.get(), at(day, 9))
    assert free_windows(house, day) == []

    advance(visit, "call_off", actor=SYSTEM, reason="Moved away")

    assert Visit.objects.get().state == VisitState.CANCELLED
    assert [window.free for window in free_windows(house, day)] == [1]
