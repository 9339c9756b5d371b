"""An applicant moves the visit by themselves, in time and among the free windows."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from connections.lifecycle import Refused, advance
from connections.models import Application, Event, Holiday
from fieldwork.models import Slot, Technician, Visit
from fieldwork.planning import Window, moment_of
from fieldwork.rescheduling import may_move, move_visit, visit_to_move, windows_to_choose
from fieldwork.services import assign_visit
from tests.factories import SYSTEM, scheduled_application, technician

pytestmark = pytest.mark.django_db
SF = ZoneInfo("America/Los_Angeles")
EVERY_DAY = list(range(7))


@pytest.fixture
def visit() -> Visit:
    """An assessment in nine days in the morning, with a technician; mornings and afternoons can be had."""
    application = scheduled_application()
    worker = technician(working_days=EVERY_DAY)
    for name, starts, ends in (("Morning", time(9), time(12)), ("Afternoon", time(14), time(16))):
        Slot.objects.create(provider=application.provider, name=name, starts=starts, ends=ends)
    application.provider.working_weekdays = EVERY_DAY
    application.provider.save()
    put(application.visits.get(), in_days(9))
    return assign_visit(application.visits.get(), technician=worker, actor=SYSTEM)


def in_days(days: int) -> date:
    return timezone.now().astimezone(SF).date() + timedelta(days=days)


def put(visit: Visit, day: date) -> None:
    Visit.objects.filter(pk=visit.pk).update(
        window_start=moment_of(day, time(9), SF), window_end=moment_of(day, time(12), SF)
    )


def as_it_is(visit: Visit) -> Visit:
    return Visit.objects.get(pk=visit.pk)


def address(visit: Visit) -> str:
    return f"/track/{visit.application.tracking_id}/visit/"


def value(window: Window) -> str:
    return f"{window.slot.pk}_{window.day.isoformat()}"


def test_a_visit_is_moved_to_a_free_window_and_its_event_says_so(visit: Visit) -> None:
    window = windows_to_choose(visit)[0]

    reply = Client().post(address(visit), {"window": value(window)}, follow=True)

    assert "Your visit has a new time" in reply.content.decode()
    assert as_it_is(visit).window_start == window.starts
    event = Event.objects.filter(kind="visit.rescheduled").latest("id")
    assert "applicant" in event.actor


def test_the_page_offers_windows_by_day_and_the_way_back(visit: Visit) -> None:
    text = Client().get(address(visit)).content.decode()

    assert "When shall we come?" in text
    assert text.count("<fieldset") >= 7
    assert "Keep the time" in text


def test_until_the_evening_before_it_may_be_moved_and_then_no_more(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = in_days(9) - timedelta(days=1)
    for at, may in ((time(17, 59), True), (time(18), False)):
        monkeypatch.setattr("django.utils.timezone.now", lambda at=at: datetime.combine(day, at, tzinfo=SF))
        assert may_move(visit) is may


def test_a_visit_that_nobody_came_to_may_be_given_another_time(visit: Visit) -> None:
    put(visit, in_days(-1))

    text = Client().get(address(visit)).content.decode()
    window = windows_to_choose(as_it_is(visit))[0]
    reply = Client().post(address(visit), {"window": value(window)}, follow=True)

    assert "It was planned for" in text
    assert "Keep the time" not in text
    assert "Your visit has a new time" in reply.content.decode()
    assert as_it_is(visit).window_start == window.starts


def test_a_time_that_is_over_can_not_be_chosen_again(visit: Visit) -> None:
    put(visit, in_days(-1))

    with pytest.raises(Refused, match="just taken"):
        move_visit(as_it_is(visit), slot=Slot.objects.get(name="Morning"), day=in_days(-1))


def test_a_visit_that_a_technician_has_begun_is_not_moved_however_late_it_is(visit: Visit) -> None:
    put(visit, in_days(-1))
    advance(as_it_is(visit), "set_out", actor=SYSTEM)

    assert not may_move(as_it_is(visit))


def test_the_visit_with_the_nearest_time_is_moved_before_one_without_a_time(visit: Visit) -> None:
    Visit.objects.create(application=visit.application, kind=Visit.Kind.REVISIT)  # SQLite would sort it first

    assert visit_to_move(visit.application) == visit


def test_whoever_is_on_the_way_is_not_sent_elsewhere(visit: Visit) -> None:
    moving = advance(visit, "set_out", actor=SYSTEM)

    assert visit_to_move(visit.application) is None
    with pytest.raises(Refused, match="too late"):
        move_visit(moving, slot=Slot.objects.first(), day=in_days(5))
    assert "<h1>The time can not be changed here now</h1>" in Client().get(address(visit)).content.decode()


def test_a_window_in_which_the_technician_is_elsewhere_is_not_offered(visit: Visit) -> None:
    Technician.objects.create(provider=visit.application.provider, name="Ada", phone="1", working_days=EVERY_DAY)
    other = scheduled_application(source_reference="other").visits.get()
    put(other, in_days(4))
    assign_visit(as_it_is(other), technician=visit.technician, actor=SYSTEM)

    offered = [(window.day, window.slot.name) for window in windows_to_choose(visit)]

    assert (in_days(4), "Morning") not in offered
    assert (in_days(4), "Afternoon") in offered


def test_a_holiday_is_not_offered(visit: Visit) -> None:
    Holiday.objects.create(provider=visit.application.provider, day=in_days(3))

    assert in_days(3) not in {window.day for window in windows_to_choose(Visit.objects.get(pk=visit.pk))}


@pytest.mark.parametrize("chosen", ["", "nonsense", "1", "999_2026-05-12", "x_y"])
def test_what_is_no_choice_says_so_and_moves_nothing(visit: Visit, chosen: str) -> None:
    reply = Client().post(address(visit), {"window": chosen})

    assert reply.status_code == 422
    assert "Choose one of the times." in reply.content.decode()
    assert as_it_is(visit).window_start == moment_of(in_days(9), time(9), SF)


def test_a_window_that_somebody_else_took_meanwhile_is_refused_in_words(visit: Visit) -> None:
    window = windows_to_choose(visit)[0]
    other = scheduled_application(source_reference="other").visits.get()
    Visit.objects.filter(pk=other.pk).update(window_start=window.starts, window_end=window.ends)

    reply = Client().post(address(visit), {"window": value(window)})

    assert reply.status_code == 422
    assert "This time was just taken." in reply.content.decode()


def test_a_stranger_moves_nothing(visit: Visit) -> None:
    other: Application = scheduled_application(source_reference="other")

    reply = Client(enforce_csrf_checks=True).post(address(visit), {"window": "1"})

    assert reply.status_code == 403
    assert Client().post(f"/track/{visit.pk}/visit/").status_code == 404
    assert other.visits.get().window_start is None
