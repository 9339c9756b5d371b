"""Planning visits at the desk."""

import pytest
from django.utils import timezone

from connections.models import Event
from connections.vocabulary import ApplicationState as S
from fieldwork.models import Meter, Technician, Visit, VisitState
from tests.connections.desk import boss, browser_of, page_of, state_of, step
from tests.factories import application, provider, scheduled_application, staff, technician

KIND = {"type": "SMART_METER", "phase": "SINGLE_PHASE", "max_load_kw": 10}
pytestmark = pytest.mark.django_db


def test_visit_gets_its_technician_and_takes_the_application_along() -> None:
    order, ravi = scheduled_application(), technician()
    visit = order.visits.get()

    boss().post(step(visit, "assign"), {"technician": ravi.pk})

    assert Visit.objects.get(pk=visit.pk).technician == ravi
    assert (state_of(visit), state_of(order)) == (VisitState.ASSIGNED, S.TECHNICIAN_ASSIGNED)


def test_only_active_technicians_of_the_provider_can_be_chosen() -> None:
    visit = scheduled_application().visits.get()
    away = technician(name="Away", active=False)
    elsewhere = technician(name="Elsewhere", provider=provider(code="other"))
    client = boss()

    for nobody in (away, elsewhere):
        client.post(step(visit, "assign"), {"technician": nobody.pk})

    assert state_of(visit) == VisitState.SCHEDULED


def test_visit_gets_a_time_that_ends_after_it_begins() -> None:
    visit = scheduled_application().visits.get()
    client = boss()

    wrong = client.post(
        step(visit, "set_window"), {"window_start": "2036-05-12T16:00", "window_end": "2036-05-12T14:00"}
    )
    assert "The end must come after the beginning." in wrong.content.decode()

    client.post(step(visit, "set_window"), {"window_start": "2036-05-12T14:00", "window_end": "2036-05-12T16:00"})
    kept = Visit.objects.get(pk=visit.pk)
    assert (kept.window_start.isoformat(), kept.window_end.isoformat()) == (
        "2036-05-12T21:00:00+00:00",
        "2036-05-12T23:00:00+00:00",
    )


def test_calling_off_asks_for_a_reason() -> None:
    visit = scheduled_application().visits.get()
    client = boss()

    client.post(step(visit, "call_off"), {"reason": ""})
    assert state_of(visit) == VisitState.SCHEDULED

    client.post(step(visit, "call_off"), {"reason": "The applicant is away"})
    assert state_of(visit) == VisitState.CANCELLED


def test_finishing_a_visit_is_no_button_of_the_desk() -> None:
    visit = scheduled_application().visits.get()

    assert boss().post(step(visit, "complete")).status_code == 404


def test_who_may_not_plan_visits_changes_none() -> None:
    visit, ravi = scheduled_application().visits.get(), technician()
    client = browser_of(staff("fieldwork.view_visit"))

    client.post(step(visit, "assign"), {"technician": ravi.pk})
    client.post(step(visit, "set_window"), {"window_start": "2036-05-12T14:00", "window_end": "2036-05-12T16:00"})

    kept = Visit.objects.get()
    assert (kept.technician, kept.window_start) == (None, None)


def test_further_visit_is_added_to_an_order_under_way() -> None:
    order = scheduled_application()

    boss().post("/admin/fieldwork/visit/add/", {"application": order.pk, "kind": "INSTALLATION"})

    assert list(order.visits.values_list("kind", flat=True)) == ["ASSESSMENT", "INSTALLATION"]
    assert Event.objects.filter(kind="visit.scheduled", actor="staff anna").count() == 1


def test_second_visit_of_a_kind_and_a_visit_to_a_draft_are_refused() -> None:
    order, draft = scheduled_application(), application()
    client = boss()

    twice = client.post("/admin/fieldwork/visit/add/", {"application": order.pk, "kind": "ASSESSMENT"})
    early = client.post("/admin/fieldwork/visit/add/", {"application": draft.pk, "kind": "ASSESSMENT"})

    assert "Such a visit is planned already." in twice.content.decode()
    assert "Visits are made to orders that are under way." in early.content.decode()
    assert Visit.objects.count() == 1


def test_meter_that_left_the_stock_is_only_read() -> None:
    kept = Meter.objects.create(provider=provider(), serial="M-1", **KIND)
    gone = Meter.objects.create(provider=kept.provider, serial="M-2", state="FAULTY", **KIND)
    client = boss()

    assert 'name="serial"' in client.get(page_of(kept)).content.decode()
    assert 'name="serial"' not in client.get(page_of(gone)).content.decode()
    assert client.post(f"{page_of(gone).removesuffix('change/')}delete/", {"post": "yes"}).status_code == 403


def test_meter_is_issued_to_a_technician_by_a_button() -> None:
    meter = Meter.objects.create(provider=provider(), serial="M-1", **KIND)
    ravi = technician()
    client = boss()

    client.post(step(meter, "issue"), {"technician": ravi.pk})

    issued = Meter.objects.get()
    assert (issued.state, issued.technician) == ("ISSUED", ravi)
    assert client.post(step(meter, "install")).status_code == 404


def test_technician_who_is_elsewhere_at_that_time_is_refused_in_words() -> None:
    ravi = technician()
    visits = [scheduled_application().visits.get() for _ in range(2)]
    Visit.objects.update(window_start=timezone.now())
    client = boss()

    client.post(step(visits[0], "assign"), {"technician": ravi.pk})
    refused = client.post(step(visits[1], "assign"), {"technician": ravi.pk}).content.decode()

    assert "Ravi Kumar is at 123 Valencia Street at that time." in refused
    assert state_of(visits[1]) == VisitState.SCHEDULED


def test_visit_that_was_not_safe_asks_why_and_is_followed_by_another() -> None:
    visit = scheduled_application().visits.get()
    client = boss()
    client.post(step(visit, "assign"), {"technician": technician().pk})
    client.post(step(visit, "arrive"))

    client.post(step(visit, "report_unsafe"), {"reason": ""})
    assert state_of(visit) == VisitState.ON_SITE
    client.post(step(visit, "report_unsafe"), {"reason": "A loose wire"})

    assert (state_of(visit), Visit.objects.get(pk=visit.pk).reason) == (VisitState.UNSAFE, "A loose wire")
    assert Visit.objects.get(follows=visit).state == VisitState.SCHEDULED


def test_follow_up_is_finished_with_a_note() -> None:
    order, client = scheduled_application(), boss()
    revisit = Visit.objects.create(application=order, kind=Visit.Kind.REVISIT)
    client.post(step(revisit, "assign"), {"technician": technician().pk})
    client.post(step(revisit, "arrive"))

    client.post(step(revisit, "complete"), {"note": "Tightened the seal"})

    assert state_of(revisit) == VisitState.COMPLETED
    assert Event.objects.get(kind="visit.completed").data["note"] == "Tightened the seal"


def test_dispatcher_reads_who_fits_before_choosing() -> None:
    technician(name="Ann Abel", skills=["INSTALLATION"])
    technician(name="Zoe Zimmer", skills=["ASSESSMENT"])

    page = boss().get(step(scheduled_application().visits.get(), "assign")).content.decode()

    assert page.index("Zoe Zimmer") < page.index("Ann Abel")


def test_meter_is_written_off_with_a_reason() -> None:
    meter = Meter.objects.create(provider=provider(), serial="M-1", **KIND)
    client = boss()

    client.post(step(meter, "report_faulty"), {"reason": ""})
    assert Meter.objects.get().state == "IN_STOCK"
    client.post(step(meter, "report_faulty"), {"reason": "Broken glass"})

    assert Meter.objects.get().state == "FAULTY"


def test_technicians_week_and_skills_are_ticked() -> None:
    entry = {
        "provider": provider().pk,
        "name": "Ravi Kumar",
        "phone": "+14155550111",
        "active": "on",
        "skills": ["ASSESSMENT", "THREE_PHASE"],
        "working_days": ["0", "5"],
        "daily_capacity": "4",
        "zones": '["94110"]',
    }

    boss().post("/admin/fieldwork/technician/add/", entry)

    ravi = Technician.objects.get()
    assert (ravi.skills, ravi.working_days, ravi.zones) == (["ASSESSMENT", "THREE_PHASE"], [0, 5], ["94110"])
