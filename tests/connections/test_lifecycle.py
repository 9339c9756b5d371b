"""The one door: who may come through, under which conditions, and what is written down."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import transaction

from connections.actors import Actor
from connections.lifecycle import Refused, actions_open_to, advance, asks_reason, record
from connections.models import Application, Event, Hold
from connections.vocabulary import ApplicationState as S
from connections.vocabulary import Ball, ConnectionStatus, DocumentState
from fieldwork.models import Visit
from tests.conftest import AtOnce
from tests.factories import METER, SYSTEM, application, application_in, scheduled_application, staff, verify_documents

pytestmark = pytest.mark.django_db
BUYER_APP = Actor.buyer_app("bap.example")


def refusal(thing: object, action: str, actor: Actor, **details: object) -> str:
    """The code with which an act is refused."""
    with pytest.raises(Refused) as refused:
        advance(thing, action, actor=actor, **details)  # type: ignore[type-var]
    return refused.value.code


# --- Who ------------------------------------------------------------------------------------------------------------


def test_staff_with_the_permission_may() -> None:
    clerk = Actor.staff(staff("connections.schedule_application"))

    assert advance(application(), "schedule", actor=clerk).fulfillment_state == S.SCHEDULED


@pytest.mark.parametrize(
    ("state", "action"),
    [
        (S.DRAFT, "schedule"),
        (S.SCHEDULED, "assign_technician"),
        (S.TECHNICIAN_ASSIGNED, "complete_assessment"),
        (S.ASSESSMENT_COMPLETED, "approve"),
        (S.SCHEDULED, "cancel"),
        (S.APPROVED, "fail"),
    ],
)
def test_staff_without_the_permission_may_not(state: str, action: str) -> None:
    clerk = Actor.staff(staff("connections.view_application", "connections.change_application"))
    waiting = application_in(state)

    assert refusal(waiting, action, clerk) == "not_allowed"
    assert Application.objects.get(pk=waiting.pk).fulfillment_state == state


def test_a_buyer_app_may_order_and_cancel() -> None:
    ordered = advance(application(), "schedule", actor=BUYER_APP)
    cancelled = advance(ordered, "cancel", actor=BUYER_APP, reason="Moved away")

    assert cancelled.fulfillment_state == S.CANCELLED


@pytest.mark.parametrize(
    ("state", "action"),
    [
        (S.SCHEDULED, "assign_technician"),
        (S.TECHNICIAN_ASSIGNED, "complete_assessment"),
        (S.ASSESSMENT_COMPLETED, "approve"),
        (S.APPROVED, "establish_connection"),
        (S.SCHEDULED, "fail"),
    ],
)
def test_a_buyer_app_may_not_do_the_utilitys_work(state: str, action: str) -> None:
    assert refusal(application_in(state), action, BUYER_APP) == "not_allowed"


def test_a_buyer_app_may_submit_a_document_but_not_verify_it() -> None:
    document = application().documents.all()[0]

    submitted = advance(document, "submit", actor=BUYER_APP)

    assert submitted.state == DocumentState.SUBMITTED
    assert refusal(submitted, "verify", BUYER_APP) == "not_allowed"


def test_only_the_house_itself_lets_a_document_expire() -> None:
    document = application().documents.all()[0]
    verified = advance(advance(document, "submit", actor=SYSTEM), "verify", actor=SYSTEM)

    assert refusal(verified, "expire", Actor.staff(staff("connections.verify_document"))) == "not_allowed"
    assert advance(verified, "expire", actor=SYSTEM).state == DocumentState.EXPIRED


def test_the_actions_open_to_somebody_are_those_of_state_and_permission() -> None:
    clerk = Actor.staff(staff("connections.cancel_application", "connections.approve_application"))

    assert actions_open_to(scheduled_application(), clerk) == ["cancel"]
    assert actions_open_to(application_in(S.ASSESSMENT_COMPLETED), clerk) == ["approve", "cancel"]
    assert actions_open_to(application_in(S.FAILED), clerk) == []


def test_the_acts_that_end_an_application_ask_for_a_reason() -> None:
    waiting = scheduled_application()

    assert [name for name in ("assign_technician", "cancel", "fail") if asks_reason(waiting, name)] == [
        "cancel",
        "fail",
    ]


# --- Under which conditions -----------------------------------------------------------------------------------------


def test_an_approval_waits_for_every_document() -> None:
    waiting = application_in(S.ASSESSMENT_COMPLETED)
    advance(waiting.documents.all()[0], "submit", actor=SYSTEM)

    with pytest.raises(Refused, match=r"ID proof \(submitted\), Ownership certificate \(pending\)") as refused:
        advance(waiting, "approve", actor=SYSTEM)

    assert refused.value.code == "documents_open"


def test_an_approval_waits_for_the_hold_to_be_closed() -> None:
    waiting = application_in(S.ASSESSMENT_COMPLETED)
    verify_documents(waiting)
    hold = Hold.objects.create(application=waiting, reason="The transformer is full", ball=Ball.UTILITY)

    assert refusal(waiting, "approve", SYSTEM) == "on_hold"

    hold.closed_at = datetime.now(UTC)
    hold.save()
    assert advance(waiting, "approve", actor=SYSTEM).fulfillment_state == S.APPROVED


@pytest.mark.parametrize("action", ["cancel", "fail"])
@pytest.mark.parametrize("details", [{}, {"reason": ""}, {"reason": "  \n"}])
def test_nothing_ends_without_a_reason(action: str, details: dict[str, str]) -> None:
    waiting = scheduled_application()

    assert refusal(waiting, action, SYSTEM, **details) == "reason_missing"
    assert Application.objects.get(pk=waiting.pk).fulfillment_state == S.SCHEDULED


def test_no_document_is_rejected_without_a_reason() -> None:
    submitted = advance(application().documents.all()[0], "submit", actor=SYSTEM)

    assert refusal(submitted, "reject", SYSTEM) == "reason_missing"
    assert advance(submitted, "reject", actor=SYSTEM, reason="Not readable").reason == "Not readable"


def test_a_rejected_document_that_comes_again_loses_its_reason() -> None:
    submitted = advance(application().documents.all()[0], "submit", actor=SYSTEM)
    rejected = advance(submitted, "reject", actor=SYSTEM, reason="Not readable")

    again = advance(rejected, "submit", actor=SYSTEM)

    assert (again.state, again.reason) == (DocumentState.SUBMITTED, "")


@pytest.mark.parametrize(
    ("state", "action", "message"),
    [
        (S.DRAFT, "approve", "is draft: it can not approve now"),
        (S.SCHEDULED, "schedule", "is scheduled: it can not schedule now"),
        (S.DRAFT, "cancel", "is draft: it can not cancel now"),
        (S.TECHNICIAN_ASSIGNED, "approve", "is technician assigned: it can not approve now"),
        (S.CONNECTION_ESTABLISHED, "cancel", "is connection established: it can not cancel now"),
        (S.CANCELLED, "schedule", "is cancelled: it can not schedule now"),
        (S.FAILED, "cancel", "is failed: it can not cancel now"),
    ],
)
def test_an_act_at_the_wrong_time_says_where_the_application_stands(state: str, action: str, message: str) -> None:
    standing = application_in(state)
    for document in standing.documents.exclude(state=DocumentState.VERIFIED):
        advance(advance(document, "submit", actor=SYSTEM), "verify", actor=SYSTEM)

    with pytest.raises(Refused, match=message) as refused:
        advance(standing, action, actor=SYSTEM, **({"reason": "x"} if action == "cancel" else {}))

    assert refused.value.code == "wrong_state"


@pytest.mark.parametrize("action", ["fly", "save", "delete", "__init__", "connection_status", ""])
def test_what_is_no_transition_is_no_action(action: str) -> None:
    assert refusal(application(), action, SYSTEM) == "unknown_action"


# --- What is written down -------------------------------------------------------------------------------------------


def test_the_event_says_what_who_and_why() -> None:
    user = staff("connections.cancel_application")

    cancelled = advance(scheduled_application(), "cancel", actor=Actor.staff(user), reason="Moved away")

    event = Event.objects.get(application=cancelled, kind="application.cancelled")
    assert (event.state, event.subject, event.data["reason"]) == (S.CANCELLED, "", "Moved away")
    assert (event.actor, event.user) == (f"staff {user.username}", user)
    assert event.announced_at is None


def test_the_event_of_a_part_names_the_part_and_the_state_of_the_whole() -> None:
    waiting = scheduled_application()

    advance(waiting.documents.all()[1], "submit", actor=BUYER_APP)

    event = Event.objects.get(kind="document.submitted")
    assert (event.application, event.state, event.subject) == (waiting, S.SCHEDULED, "Ownership certificate")
    assert (event.actor, event.user) == ("buyer app bap.example", None)


def test_figures_are_kept_as_text_and_not_rounded() -> None:
    established = application_in(S.CONNECTION_ESTABLISHED)

    event = Event.objects.get(application=established, kind="application.connection_established")

    assert {**event.data, **METER, "initial_reading_kwh": "0.000"} == event.data


def test_times_and_rows_are_kept_as_a_person_reads_them() -> None:
    opened = application()
    noon = datetime(2025, 5, 12, 12, tzinfo=UTC)

    with transaction.atomic():
        event = record(opened, "looked_at", actor=SYSTEM, at=noon, area=opened.provider, load=Decimal("5.50"))

    event.refresh_from_db()
    assert event.data == {
        "at": "2025-05-12T12:00:00+00:00",
        "area": "San Francisco Electric Authority",
        "load": "5.50",
    }


def test_the_history_tells_the_whole_story_in_order() -> None:
    established = application_in(S.CONNECTION_ESTABLISHED)

    told = [event.kind for event in Event.objects.filter(application=established) if "application" in event.kind]

    assert told == [
        "application.opened",
        "application.scheduled",
        "application.technician_assigned",
        "application.assessment_completed",
        "application.approved",
        "application.connection_established",
    ]


def test_a_refused_act_leaves_no_event() -> None:
    waiting = application_in(S.ASSESSMENT_COMPLETED)
    before = Event.objects.count()

    refusal(waiting, "approve", SYSTEM)

    assert Event.objects.count() == before


def test_the_row_in_hand_stays_as_it_was_and_the_moved_one_is_returned() -> None:
    in_hand = application()

    moved = advance(in_hand, "schedule", actor=SYSTEM)

    assert (in_hand.fulfillment_state, moved.fulfillment_state) == (S.DRAFT, S.SCHEDULED)


def test_an_act_on_an_old_copy_sees_the_row_as_it_is_now() -> None:
    old_copy = application()
    advance(old_copy, "schedule", actor=SYSTEM)

    assert refusal(old_copy, "schedule", SYSTEM) == "wrong_state"


# --- Twenty at once -------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_twenty_that_press_at_once_one_moves_the_application(at_once: AtOnce) -> None:
    draft = application()

    outcomes = at_once(20, lambda: advance(draft, "schedule", actor=SYSTEM))

    refused = [outcome.code for outcome in outcomes if isinstance(outcome, Refused)]
    assert refused == ["wrong_state"] * 19
    assert [outcome.fulfillment_state for outcome in outcomes if isinstance(outcome, Application)] == [S.SCHEDULED]
    assert Event.objects.filter(kind="application.scheduled").count() == 1
    assert Visit.objects.filter(application=draft).count() == 1


@pytest.mark.django_db(transaction=True)
def test_cancelling_and_approving_at_once_ends_in_one_of_the_two(at_once: AtOnce) -> None:
    waiting = application_in(S.ASSESSMENT_COMPLETED)
    verify_documents(waiting)
    acts = iter([("approve", {}), ("cancel", {"reason": "Moved away"})] * 5)

    def press() -> Application:
        action, details = next(acts)
        return advance(waiting, action, actor=SYSTEM, **details)

    outcomes = at_once(10, press)

    assert {type(outcome) for outcome in outcomes} <= {Application, Refused}
    kinds = [event.kind for event in Event.objects.filter(application=waiting)]
    assert Application.objects.get(pk=waiting.pk).fulfillment_state == S.CANCELLED
    assert kinds.count("application.cancelled") == 1
    assert kinds.count("application.approved") <= 1


# --- Connection status ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (S.DRAFT, ConnectionStatus.PENDING),
        (S.SCHEDULED, ConnectionStatus.PENDING),
        (S.TECHNICIAN_ASSIGNED, ConnectionStatus.IN_PROGRESS),
        (S.ASSESSMENT_COMPLETED, ConnectionStatus.IN_PROGRESS),
        (S.APPROVED, ConnectionStatus.IN_PROGRESS),
        (S.CONNECTION_ESTABLISHED, ConnectionStatus.COMPLETED),
        (S.CANCELLED, ConnectionStatus.CANCELLED),
        (S.FAILED, ConnectionStatus.FAILED),
    ],
)
def test_the_status_follows_from_the_state(state: str, status: str) -> None:
    assert application_in(state).connection_status == status


def test_an_open_hold_shows_in_the_status_and_does_not_move_the_state() -> None:
    waiting = scheduled_application()
    Hold.objects.create(application=waiting, reason="The dog bites", ball=Ball.APPLICANT)

    held = Application.objects.get(pk=waiting.pk)

    assert (held.connection_status, held.fulfillment_state) == (ConnectionStatus.ON_HOLD, S.SCHEDULED)
