"""Technicians on visits, and what that does to the application."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from django.db import IntegrityError, connection, transaction

from connections.actors import Actor
from connections.lifecycle import Refused, advance
from connections.models import Application, Event
from connections.vocabulary import ApplicationState as S
from fieldwork.assessing import complete_assessment
from fieldwork.models import Meter, Photo, Visit, VisitState
from fieldwork.services import (
    arrive,
    assign_visit,
    call_off_visits,
    open_visit,
    set_out,
)
from tests.conftest import AtOnce
from tests.factories import SYSTEM, application, provider, scheduled_application, staff, technician
from tests.fieldwork.premises import FOUND, assessment, give_window, photo, ravi, ready_to_assess

pytestmark = pytest.mark.django_db
DISPATCHER = "fieldwork.assign_visit"


def assessment_of(ordered: Application) -> Visit:
    return ordered.visits.get(kind=Visit.Kind.ASSESSMENT)


def state_of(ordered: Application) -> str:
    return Application.objects.get(pk=ordered.pk).fulfillment_state


# --- Opening --------------------------------------------------------------------------------------------------------


def test_an_order_opens_its_assessment_visit() -> None:
    visit = scheduled_application().visits.get()

    assert (visit.kind, visit.state, visit.technician) == (Visit.Kind.ASSESSMENT, VisitState.SCHEDULED, None)
    assert Event.objects.filter(kind="visit.scheduled", subject="Assessment visit").count() == 1


def test_a_draft_has_no_visit_yet() -> None:
    assert application().visits.count() == 0


def test_two_pending_visits_of_a_kind_are_one_too_many() -> None:
    ordered = scheduled_application()

    with pytest.raises(IntegrityError, match="one_pending_visit_a_kind"), transaction.atomic():
        open_visit(ordered, Visit.Kind.ASSESSMENT, actor=SYSTEM)


def test_a_visit_of_another_kind_may_wait_beside_it() -> None:
    ordered = scheduled_application()

    open_visit(ordered, Visit.Kind.INSTALLATION, actor=SYSTEM)

    assert ordered.visits.count() == 2


# --- Assigning ------------------------------------------------------------------------------------------------------


def test_a_technician_on_the_assessment_visit_moves_the_application() -> None:
    ordered, ravi = scheduled_application(), technician()

    visit = assign_visit(assessment_of(ordered), technician=ravi, actor=SYSTEM)

    assert (visit.state, visit.technician) == (VisitState.ASSIGNED, ravi)
    assert state_of(ordered) == S.TECHNICIAN_ASSIGNED
    event = Event.objects.get(kind="visit.assigned")
    assert event.data["technician"] == "Ravi Kumar"


def test_another_technician_changes_the_visit_and_not_the_application() -> None:
    ordered = scheduled_application()
    visit = assign_visit(assessment_of(ordered), technician=technician(), actor=SYSTEM)

    visit = assign_visit(visit, technician=technician(name="Ana Silva"), actor=SYSTEM)

    assert visit.technician is not None
    assert visit.technician.name == "Ana Silva"
    assert state_of(ordered) == S.TECHNICIAN_ASSIGNED
    assert Event.objects.filter(kind="application.technician_assigned").count() == 1
    assert Event.objects.filter(kind="visit.assigned").count() == 2


def test_another_providers_technician_is_refused() -> None:
    ordered = scheduled_application()
    stranger = technician(name="Olga", provider=provider(code="oakland_power"))

    with pytest.raises(Refused, match="Olga works for another provider") as refused:
        assign_visit(assessment_of(ordered), technician=stranger, actor=SYSTEM)

    assert refused.value.code == "wrong_provider"
    assert (assessment_of(ordered).technician, state_of(ordered)) == (None, S.SCHEDULED)


def test_a_dispatcher_may_assign() -> None:
    ordered = scheduled_application()

    assign_visit(assessment_of(ordered), technician=technician(), actor=Actor.staff(staff(DISPATCHER)))

    assert state_of(ordered) == S.TECHNICIAN_ASSIGNED


@pytest.mark.parametrize("actor", ["staff", "buyer_app"])
def test_nobody_else_may_assign(actor: str) -> None:
    ordered = scheduled_application()
    who = Actor.staff(staff("fieldwork.change_visit")) if actor == "staff" else Actor.buyer_app("bap.example")

    with pytest.raises(Refused) as refused:
        assign_visit(assessment_of(ordered), technician=technician(), actor=who)

    assert refused.value.code == "not_allowed"
    assert (assessment_of(ordered).state, state_of(ordered)) == (VisitState.SCHEDULED, S.SCHEDULED)


def test_a_visit_under_way_keeps_its_technician() -> None:
    visit = assign_visit(assessment_of(scheduled_application()), technician=technician(), actor=SYSTEM)
    visit = advance(visit, "set_out", actor=SYSTEM)

    with pytest.raises(Refused, match="it can not assign now"):
        assign_visit(visit, technician=technician(name="Ana Silva"), actor=SYSTEM)


@pytest.mark.django_db(transaction=True)
def test_ten_dispatchers_at_once_move_the_application_once(at_once: AtOnce) -> None:
    ordered, ravi = scheduled_application(), technician()
    visit = assessment_of(ordered)

    outcomes = at_once(10, lambda: assign_visit(visit, technician=ravi, actor=SYSTEM))

    assert [type(outcome) for outcome in outcomes] == [Visit] * 10
    assert state_of(ordered) == S.TECHNICIAN_ASSIGNED
    assert Event.objects.filter(kind="application.technician_assigned").count() == 1


# --- Working --------------------------------------------------------------------------------------------------------


def test_a_visit_goes_its_way_to_the_end() -> None:
    visit = assign_visit(assessment_of(scheduled_application()), technician=technician(), actor=SYSTEM)

    visit = arrive(set_out(visit, actor=SYSTEM), actor=SYSTEM)
    photo(visit, Photo.Kind.PREMISES)
    visit = complete_assessment(visit, **FOUND, actor=SYSTEM)

    assert visit.state == VisitState.COMPLETED
    assert visit.completed_at is not None
    assert [event.kind for event in Event.objects.filter(kind__startswith="visit")] == [
        "visit.scheduled",
        "visit.assigned",
        "visit.en_route",
        "visit.on_site",
        "visit.completed",
    ]


@pytest.mark.django_db(transaction=True)
def test_of_two_clerks_at_once_who_saw_nobody_on_it_one_hears_of_the_other(at_once: AtOnce) -> None:
    visit, workers = assessment(), [technician(name="Ana Silva"), technician(name="David C")]
    pick = count()

    def assign() -> Visit:
        return assign_visit(visit, technician=workers[next(pick)], actor=SYSTEM, seen=0)

    outcomes = at_once(2, assign)

    refused = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    there = Visit.objects.get().technician
    assert [refusal.code for refusal in refused] == ["changed"]
    assert f"{there} was put on it meanwhile." in str(refused[0])


@pytest.mark.django_db(transaction=True)
def test_setting_out_and_cancelling_at_once_wait_for_each_other(at_once: AtOnce) -> None:
    ordered = scheduled_application()
    visit = assign_visit(assessment_of(ordered), technician=technician(), actor=SYSTEM)
    turns = count()

    def act() -> Visit | Application:
        if next(turns) % 2:
            return set_out(visit, actor=SYSTEM)
        return advance(ordered, "cancel", actor=SYSTEM, reason="Moved away")

    outcomes = at_once(8, act)

    assert {type(outcome) for outcome in outcomes} <= {Visit, Application, Refused}
    assert (state_of(ordered), assessment_of(ordered).state) == (S.CANCELLED, VisitState.CANCELLED)


def test_a_technician_is_in_one_place_at_a_time() -> None:
    ravi_kumar, nine = technician(), datetime(2027, 5, 12, 16, tzinfo=UTC)
    assign_visit(give_window(assessment(), nine), technician=ravi_kumar, actor=SYSTEM)
    second = give_window(assessment(), nine + timedelta(hours=2))

    with pytest.raises(Refused, match="Ravi Kumar is at 123 Valencia Street at that time") as refused:
        assign_visit(second, technician=ravi_kumar, actor=SYSTEM)

    assert refused.value.code == "technician_busy"


# --- Calling off ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["cancel", "fail"])
def test_the_end_of_an_application_calls_off_its_visits(action: str) -> None:
    ordered = scheduled_application()
    assign_visit(assessment_of(ordered), technician=technician(), actor=SYSTEM)

    advance(ordered, action, actor=SYSTEM, reason="Moved away")

    visit = assessment_of(ordered)
    assert (visit.state, visit.reason) == (VisitState.CANCELLED, "Moved away")


def test_a_buyer_app_that_cancels_calls_off_the_visit_that_it_may_not_touch_itself() -> None:
    ordered = scheduled_application()

    advance(ordered, "cancel", actor=Actor.buyer_app("bap.example"), reason="Moved away")

    assert assessment_of(ordered).state == VisitState.CANCELLED
    assert Event.objects.get(kind="visit.cancelled").actor == "system after application.cancelled"


def test_a_completed_visit_is_not_called_off() -> None:
    visit = complete_assessment(ready_to_assess(ravi()), **FOUND, actor=SYSTEM)

    call_off_visits(visit.application, reason="Moved away", actor=SYSTEM)

    assert Visit.objects.get().state == VisitState.COMPLETED


def test_a_clerk_who_may_not_assign_may_not_call_off() -> None:
    ordered = scheduled_application()

    with pytest.raises(Refused):
        call_off_visits(ordered, reason="Moved away", actor=Actor.staff(staff("connections.cancel_application")))

    assert assessment_of(ordered).state == VisitState.SCHEDULED


# --- What the database refuses --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("visit_state_known", "state = 'FLYING'"),
        ("a_visit_under_way_has_a_technician", "state = 'ON_SITE'"),
        ("visit_window_in_order", "window_start = now(), window_end = now() - interval '1 hour'"),
    ],
)
def test_the_database_refuses_an_impossible_visit(constraint: str, change: str) -> None:
    visit = assessment_of(scheduled_application())

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE fieldwork_visit SET " + change + " WHERE id = %s", [visit.pk])  # noqa: S608 - of above


def test_a_window_in_order_is_kept() -> None:
    visit = assessment_of(scheduled_application())
    visit.window_start = datetime(2025, 5, 12, 14, tzinfo=UTC)
    visit.window_end = visit.window_start + timedelta(hours=2)

    visit.save()

    assert Visit.objects.get().window_end == datetime(2025, 5, 12, 16, tzinfo=UTC)


def test_a_meter_stands_in_the_stock_once() -> None:
    stock = {"provider": provider(), "serial": "84469825", "phase": "SINGLE_PHASE", "max_load_kw": 10}
    Meter.objects.create(type="SMART_METER", **stock)

    with pytest.raises(IntegrityError, match="serial"), transaction.atomic():
        Meter.objects.create(type="DIGITAL", **stock)
