"""Moving applications and documents by the desk's buttons."""

import pytest

from connections.models import Application, Event, Hold
from connections.vocabulary import ApplicationState as S
from connections.vocabulary import DocumentState
from tests.connections.desk import boss, browser_of, clerk, page_of, state_of, step
from tests.factories import application, application_in, scheduled_application, staff, verify_documents

pytestmark = pytest.mark.django_db


def test_asking_for_the_page_of_an_action_changes_nothing() -> None:
    order = application_in(S.ASSESSMENT_COMPLETED)
    verify_documents(order)
    events = Event.objects.count()

    response = boss().get(step(order, "approve"))

    assert response.status_code == 200
    assert (state_of(order), Event.objects.count()) == (S.ASSESSMENT_COMPLETED, events)


def test_approving_moves_the_application_and_writes_who_did_it() -> None:
    order = application_in(S.ASSESSMENT_COMPLETED)
    verify_documents(order)
    client = clerk("connections.approve_application")

    response = client.post(step(order, "approve"))

    assert response.status_code == 302
    assert response["Location"] == page_of(order)
    assert state_of(order) == S.APPROVED
    event = Event.objects.get(kind="application.approved")
    assert event.actor.startswith("staff clerk-")


def test_what_is_refused_is_said_on_the_page_and_nothing_changes() -> None:
    order = application_in(S.ASSESSMENT_COMPLETED)

    response = boss().post(step(order, "approve"))

    assert "Not every document is verified yet" in response.content.decode()
    assert state_of(order) == S.ASSESSMENT_COMPLETED


def test_without_the_permission_there_is_no_button_and_no_way_round() -> None:
    order = application_in(S.ASSESSMENT_COMPLETED)
    verify_documents(order)
    client = clerk()

    assert step(order, "approve") not in client.get(page_of(order)).content.decode()
    assert client.get(step(order, "approve")).status_code == 302
    assert "may not approve" in client.post(step(order, "approve")).content.decode()
    assert state_of(order) == S.ASSESSMENT_COMPLETED


def test_who_may_not_view_applications_may_not_move_them() -> None:
    order = scheduled_application()
    client = browser_of(staff("connections.cancel_application"))

    assert client.get(step(order, "cancel")).status_code == 403
    assert client.post(step(order, "cancel"), {"reason": "x"}).status_code == 403
    assert state_of(order) == S.SCHEDULED


def test_rejection_asks_for_a_reason() -> None:
    order = scheduled_application()
    client = boss()

    without = client.post(step(order, "fail"), {"reason": "  "})
    assert "Say why: the applicant will read it." in without.content.decode()
    assert state_of(order) == S.SCHEDULED

    client.post(step(order, "fail"), {"reason": "No capacity in this street"})
    assert Application.objects.get(pk=order.pk).reason == "No capacity in this street"
    assert state_of(order) == S.FAILED


@pytest.mark.parametrize("action", ["assign_technician", "complete_assessment", "establish_connection", "save"])
def test_consequences_of_visits_are_no_buttons(action: str) -> None:
    order = scheduled_application()

    assert boss().post(step(order, action)).status_code == 404
    assert state_of(order) == S.SCHEDULED


def test_button_pressed_twice_works_once() -> None:
    draft = application(source_reference="P-1")
    client = boss()

    client.post(step(draft, "schedule"))
    again = client.post(step(draft, "schedule"))

    assert "it can not schedule now" in again.content.decode()
    assert Event.objects.filter(kind="application.scheduled").count() == 1


def test_document_is_judged_from_the_page_of_its_application() -> None:
    order = scheduled_application()
    paper = order.documents.get(code="id-proof")
    client = boss()

    assert page_of(paper) in client.get(page_of(order)).content.decode()
    client.post(step(paper, "submit"))
    response = client.post(step(paper, "reject"), {"reason": "The stamp is missing", "seen": 0})

    assert response["Location"] == page_of(order)
    assert state_of(paper) == DocumentState.REJECTED
    assert "The stamp is missing" in client.get(page_of(order)).content.decode()


def test_hold_stops_the_approval_until_it_is_ended() -> None:
    order = application_in(S.ASSESSMENT_COMPLETED)
    verify_documents(order)
    client = boss()

    client.post(step(order, "put_on_hold"), {"reason": "The street is closed", "ball": "UTILITY"})
    refused = client.post(step(order, "approve")).content.decode()
    assert "on hold: The street is closed" in refused
    assert "ON_HOLD" in client.get(page_of(order)).content.decode()

    client.post(step(order, "end_hold"))
    client.post(step(order, "approve"))
    assert state_of(order) == S.APPROVED
    kinds = list(Event.objects.filter(actor="staff anna").values_list("kind", flat=True))
    assert kinds[:2] == ["application.held", "application.released"]


def test_hold_needs_its_permission() -> None:
    order = scheduled_application()

    page = clerk().post(step(order, "put_on_hold"), {"reason": "Waits", "ball": "UTILITY"}).content.decode()

    assert "may not put on hold" in page
    assert not Hold.objects.exists()


def test_warning_goes_when_somebody_has_looked_and_stays_in_the_timeline() -> None:
    order = scheduled_application()
    Application.objects.filter(pk=order.pk).update(attention="A sign seems lost.")

    boss().post(step(order, "mark_looked_at"))

    assert Application.objects.get(pk=order.pk).attention == ""
    assert Event.objects.get(kind="application.looked_at").data["warning"] == "A sign seems lost."


def test_desk_does_not_let_go_what_a_rule_holds() -> None:
    order = scheduled_application()
    Hold.objects.create(application=order, reason="A paper is needed again", ball="APPLICANT", about="documents")
    client = boss()

    assert step(order, "end_hold") not in client.get(page_of(order)).content.decode()
    client.post(step(order, "end_hold"))

    assert Hold.objects.get().closed_at is None
