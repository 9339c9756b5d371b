"""Planning at the desk: suggestions with their reasons, windows on the provider's clock, meters out and back."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.utils.html import strip_tags

from connections.models import Event
from fieldwork.crew import TECHNICIANS
from fieldwork.models import MeterState, Photo, Skill, Technician, Visit, VisitState
from fieldwork.planning import next_free_windows
from tests.connections.desk import boss, browser_of, page_of, shown, state_of, step
from tests.factories import provider, staff, technician
from tests.fieldwork.premises import (
    READ,
    assessment,
    at,
    give_window,
    meter,
    morning,
    on_site,
    photo,
    ravi,
    ready_to_assess,
)

pytestmark = pytest.mark.django_db


def test_dispatcher_reads_who_fits_and_why_before_choosing() -> None:
    visit = assessment()
    technician(name="Ana Silva", skills=[])
    fit = technician(name="David C", skills=[Skill.ASSESSMENT])

    page = boss().get(step(visit, "assign")).content.decode()

    shown = " ".join(strip_tags(page).split())
    assert "David C: does assessment, works everywhere, the visit has no time yet" in shown
    assert "Ana Silva – not fit: does not do assessment" in shown
    assert shown.index("David C") < shown.index("Ana Silva")
    assert f'value="{fit.pk}"' in page


def test_who_does_not_fit_can_still_be_sent() -> None:
    visit, ana = assessment(), technician(name="Ana Silva", skills=[])

    boss().post(step(visit, "assign"), {"technician": ana.pk})

    assert Visit.objects.get().technician == ana


def test_a_technician_who_was_put_on_it_meanwhile_is_not_replaced_unseen() -> None:
    visit, ana, david = assessment(), technician(name="Ana Silva"), technician(name="David C")
    first, second = boss(), browser_of(staff("fieldwork.view_visit", "fieldwork.assign_visit"))
    opened_early = shown(second, step(visit, "assign"))
    first.post(step(visit, "assign"), {**shown(first, step(visit, "assign")), "technician": ana.pk})

    told = second.post(step(visit, "assign"), {**opened_early, "technician": david.pk})

    assert "Ana Silva was put on it meanwhile." in told.content.decode()
    assert Visit.objects.get().technician == ana
    second.post(step(visit, "assign"), told.context["form"].data.dict())
    assert Visit.objects.get().technician == david


def planned(day: date, hour: int) -> Visit:
    """A visit on that day on its provider's clock."""
    return give_window(assessment(), at(day, hour))


def test_the_list_is_narrowed_to_the_days_that_are_planned_in_the_order_of_the_day() -> None:
    unplanned = assessment()
    today = unplanned.application.provider.today()
    late, early = planned(today, 20), planned(today, 8)
    next_day, sixth, eighth = (planned(today + timedelta(days=days), 9) for days in (1, 6, 7))
    planned(today - timedelta(days=1), 9)
    client = boss()

    listed = {
        when: list(client.get("/admin/fieldwork/visit/", {"when": when}).context["cl"].result_list)
        for when in ("today", "tomorrow", "week", "none")
    }

    assert listed == {
        "today": [early, late],
        "tomorrow": [next_day],
        "week": [early, late, next_day, sixth],
        "none": [unplanned],
    }
    assert eighth in client.get("/admin/fieldwork/visit/").context["cl"].result_list


def test_today_is_each_providers_own_day() -> None:
    visit = assessment()
    auckland = provider(code="vector", time_zone="Pacific/Auckland", area=False)
    give_window(visit, datetime.combine(auckland.today(), time(9), tzinfo=ZoneInfo("Pacific/Auckland")))
    type(visit.application).objects.update(provider=auckland)

    listed = boss().get("/admin/fieldwork/visit/", {"when": "today"}).context["cl"].result_list

    assert list(listed) == [visit]


def test_a_free_window_is_chosen_with_one_touch() -> None:
    visit = assessment()
    house = visit.application.provider
    morning(house)
    technician(working_days=list(range(7)))
    wanted = next_free_windows(house)[1]

    client = boss()
    shown = client.get(step(visit, "set_window")).content.decode()
    client.post(step(visit, "set_window"), {"window": wanted.starts.isoformat()})

    assert "09:00–12:00: 1 visit more" in shown
    assert Visit.objects.get().window_start == wanted.starts


def test_times_are_typed_and_shown_on_the_providers_clock() -> None:
    kolkata = provider(code="bescom", time_zone="Asia/Kolkata", area=False)
    visit = assessment()
    type(visit.application).objects.update(provider=kolkata)
    client = boss()

    client.post(step(visit, "set_window"), {"window_start": "2027-05-12T09:00", "window_end": "2027-05-12T12:00"})

    assert Visit.objects.get().window_start.isoformat() == "2027-05-12T03:30:00+00:00"  # type: ignore[union-attr]
    assert "Wed 12 May 2027, 09:00 IST to 12:00" in client.get(page_of(visit)).content.decode()
    assert 'value="2027-05-12T09:00"' in client.get(step(visit, "set_window")).content.decode()


def test_a_time_is_asked_where_no_window_is_free() -> None:
    shown = boss().post(step(assessment(), "set_window"), {}).content.decode()

    assert "Choose a free window, or give a time." in shown
    assert "Nothing is free in the next 14 days" in shown


def test_staff_may_plan_on_a_holiday_and_are_warned() -> None:
    visit, client = assessment(), boss()
    visit.application.provider.holidays.create(day=date(2036, 5, 12), name="Founders' day")

    asked = client.get(step(visit, "set_window")).content.decode()
    client.post(step(visit, "set_window"), {"window_start": "2036-05-12T09:00", "window_end": "2036-05-12T12:00"})
    shown = client.get(page_of(visit)).content.decode()

    assert "Holidays: Monday 12 May, Founders&#x27; day." in asked
    assert Visit.objects.get().window_start is not None
    assert "It is planned on a holiday: Monday 12 May, Founders&#x27; day." in shown


def test_a_clash_is_said_and_nothing_changes() -> None:
    worker, client = technician(working_days=list(range(7))), boss()
    first, second = assessment(), assessment()
    typed = {"window_start": "2027-05-12T09:00", "window_end": "2027-05-12T12:00"}
    for visit in (first, second):
        client.post(step(visit, "set_window"), typed)
    client.post(step(first, "assign"), {"technician": worker.pk})

    answer = client.post(step(second, "assign"), {"technician": worker.pk}).content.decode()

    assert "Ravi Kumar is at 123 Valencia Street at that time." in answer
    assert state_of(second) == VisitState.SCHEDULED


def test_moving_a_visit_is_kept_in_the_timeline() -> None:
    visit, client = assessment(), boss()
    for day in ("12", "13"):
        client.post(
            step(visit, "set_window"), {"window_start": f"2027-05-{day}T09:00", "window_end": f"2027-05-{day}T12:00"}
        )

    moved = Event.objects.filter(kind="visit.rescheduled")
    assert [event.data["window_start"][:10] for event in moved] == ["2027-05-12", "2027-05-13"]
    window = Visit.objects.get()
    assert window.window_end is not None
    assert window.window_start is not None
    assert window.window_end - window.window_start == timedelta(hours=3)


def test_photos_are_seen_on_the_page_of_the_visit() -> None:
    visit = on_site(assessment(), ravi())
    kept = photo(visit, Photo.Kind.PREMISES)

    assert f'src="/field/photos/{kept.pk}/"' in boss().get(page_of(visit)).content.decode()


def test_findings_are_read_and_not_typed_at_the_desk() -> None:
    visit = ready_to_assess(ravi())

    shown = boss().get(page_of(visit)).content.decode()

    assert "Nothing was reported from the premises yet." in shown
    assert 'name="finding-0-load_kw"' not in shown


def test_login_named_at_a_technician_may_work_visits() -> None:
    house, login = provider(), User.objects.create_user("david")
    typed = {
        "provider": house.pk,
        "name": "David C",
        "phone": "+14155550101",
        "user": login.pk,
        "active": "on",
        "skills": ["ASSESSMENT"],
        "working_days": ["0", "5"],
        "daily_capacity": "4",
        "zones": '["94110"]',
    }

    boss().post("/admin/fieldwork/technician/add/", typed)

    kept = Technician.objects.get()
    assert (kept.skills, kept.working_days, kept.zones) == (["ASSESSMENT"], [0, 5], ["94110"])
    assert login.groups.get().name == TECHNICIANS


def test_meter_is_issued_taken_back_and_written_off() -> None:
    known, worker, client = meter(provider=provider()), technician(), boss()

    client.post(step(known, "issue"), {"technician": worker.pk})
    assert state_of(known) == MeterState.ISSUED
    client.post(step(known, "take_back"))
    assert state_of(known) == MeterState.IN_STOCK
    client.post(step(known, "report_faulty"), {"reason": " "})
    assert state_of(known) == MeterState.IN_STOCK
    client.post(step(known, "report_faulty"), {"reason": "Display is dark"})
    assert state_of(known) == MeterState.FAULTY


def test_installing_is_no_button_of_the_desk() -> None:
    known = meter(provider=provider())

    assert boss().post(step(known, "install"), READ).status_code == 404
    assert state_of(known) == MeterState.IN_STOCK
