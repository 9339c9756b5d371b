"""The applicant's page answers what they came for, and nobody else can find it."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from django.test import Client

from billing.payments import record_payment
from connections.documents.handing_in import hand_in_link
from connections.documents.verdicts import reject_document
from connections.holding import put_on_hold
from connections.lifecycle import advance
from connections.models import Application, Event, Feedback
from connections.tracking import first_line, next_step, timeline
from connections.voices import give_feedback
from fieldwork.models import Visit
from fieldwork.services import assign_visit, set_out
from tests.factories import SYSTEM, application_in, offering, provider, scheduled_application, technician

pytestmark = pytest.mark.django_db
MAY_12 = datetime(2037, 5, 12, 21, 0, tzinfo=UTC)  # 14:00 in San Francisco
MAY_12_LATER = datetime(2037, 5, 12, 23, 0, tzinfo=UTC)


def page(application: Application, path: str = "") -> str:
    reply = Client().get(f"/track/{application.tracking_id}/{path}")
    assert reply.status_code == 200
    return " ".join(reply.content.decode().split())


def hand_in_everything(application: Application) -> None:
    for document in application.documents.all():
        hand_in_link(document, text="seen", actor=SYSTEM)


@pytest.mark.parametrize(
    ("state", "answer"),
    [
        ("DRAFT", "Your application is not ordered yet"),
        ("ASSESSMENT_COMPLETED", "We are checking your application"),
        ("CONNECTION_ESTABLISHED", "Your power is on"),
        ("CANCELLED", "Your application was cancelled"),
        ("FAILED", "Your application could not be accepted"),
    ],
)
def test_the_first_line_says_where_it_stands(state: str, answer: str) -> None:
    application = application_in(state)
    if state == "ASSESSMENT_COMPLETED":
        hand_in_everything(application)

    assert first_line(Application.objects.get(pk=application.pk)) == answer
    assert f'<h1 class="lead" id="answer">{answer}</h1>' in page(application)


def test_what_a_hold_waits_for_is_read_beside_the_papers_that_are_wanted() -> None:
    application = scheduled_application()
    put_on_hold(application, reason="Which door is yours?", ball="APPLICANT", actor=SYSTEM)

    text = page(application)

    assert '<h1 class="lead" id="answer">Your application waits for you</h1>' in text
    assert "Which door is yours? Send us: ID proof, Ownership certificate, Wiring diagram." in text
    assert "On hold: Which door is yours?" in text


def test_a_technician_on_the_way_is_told_before_the_papers_that_are_wanted() -> None:
    application = scheduled_application()
    set_out(assign_visit(application.visits.get(), technician=technician(), actor=SYSTEM), actor=SYSTEM)

    assert '<h1 class="lead" id="answer">Your technician is on the way</h1>' in page(application)


def test_the_visit_is_told_in_the_providers_time_zone() -> None:
    application = scheduled_application()
    hand_in_everything(application)
    visit = application.visits.get()
    Visit.objects.filter(pk=visit.pk).update(window_start=MAY_12, window_end=MAY_12_LATER)
    assign_visit(visit, technician=technician(), actor=SYSTEM)

    assert "Your technician comes on Tuesday 12 May, 14:00–16:00" in page(application)


def test_a_paper_that_is_wanted_puts_the_ball_with_the_applicant_and_leads_to_the_form() -> None:
    application = scheduled_application()

    text = page(application)

    assert "We need 3 documents from you" in text
    assert "Next: You" in text
    assert '/papers/id-proof/" id="send-id-proof">Send' in text
    assert "PDF, JPEG, PNG or HEIC, at most 10 MB" in text


def test_a_rejected_paper_is_named_with_its_reason() -> None:
    application = scheduled_application()
    hand_in_everything(application)
    document = application.documents.get(code="wiring")
    reject_document(document, reason="The stamp is missing", actor=SYSTEM)

    step = next_step(Application.objects.get(pk=application.pk))

    assert step is not None
    assert (step.who, step.what) == ("You", "Send us: Wiring diagram.")
    text = page(application)
    assert "We need your Wiring diagram from you" in text
    assert "“The stamp is missing”" in text
    assert text.count("Send again") == 1


def test_a_rejected_paper_that_came_again_is_told_once_in_what_happened() -> None:
    application = scheduled_application()
    hand_in_everything(application)
    reject_document(application.documents.get(code="wiring"), reason="The stamp is missing", actor=SYSTEM)

    hand_in_link(application.documents.get(code="wiring"), text="seen", actor=SYSTEM)

    told = [entry.words for _, entries in timeline(application) for entry in entries]
    assert told[:2] == ["Received: Wiring diagram", "Not accepted: Wiring diagram: The stamp is missing"]
    assert sum("The stamp is missing" in words for words in told) == 1


def test_when_everything_is_here_the_utility_has_the_ball() -> None:
    application = scheduled_application()
    hand_in_everything(application)

    assert "Next: San Francisco Electric Authority" in page(application)


def test_the_money_is_told_with_what_came_in_and_what_is_due() -> None:
    application = scheduled_application()
    record_payment(application, amount=Decimal(50), reference="cash", actor=SYSTEM)

    text = page(application)

    assert "200.00 USD" in text
    assert "50.00 USD" in text
    assert 'Due when the power is on</th><td class="amount">100.00 USD' in text


def test_after_a_cancellation_the_refund_is_told_and_nothing_is_due() -> None:
    application = scheduled_application()
    record_payment(application, amount=Decimal(150), reference="cash", actor=SYSTEM)
    advance(application, "cancel", actor=SYSTEM, reason="The street is closed")

    text = page(application)

    assert "The street is closed" in text
    assert 'You get <strong class="one-line">150.00 USD</strong> back.' in text
    assert "Due " not in text


def test_how_far_it_is_stands_there_in_words() -> None:
    assert "Step 2 of 5: Visit" in page(application_in("TECHNICIAN_ASSIGNED"))
    assert "Step " not in page(application_in("CANCELLED", source_reference="2"))


def test_what_is_still_to_be_paid_is_the_applicants_to_do_when_the_power_is_on() -> None:
    provider(payment_instructions="Pay to account 12-345.")

    text = page(application_in("CONNECTION_ESTABLISHED"))

    assert re.search(r"Next: You</h2> <p>Pay 200.00 USD by \w+ \d+ \w+\.</p>", text)
    assert "Pay to account 12-345." in text
    assert "Invoice INV-" in text


def test_money_that_is_due_before_the_work_holds_up_the_approval() -> None:
    deposit = [{"type": "PRE_FULFILLMENT", "collected_by": "BPP", "amount": Decimal(50)}]
    application = application_in("ASSESSMENT_COMPLETED", offering=offering(terms=deposit))
    hand_in_everything(application)

    assert "Pay 50.00 USD" in page(application)
    record_payment(application, amount=Decimal(50), actor=SYSTEM)
    assert "Next: San Francisco Electric Authority" in page(application)


def test_the_timeline_keeps_the_providers_time_whatever_the_screens_is() -> None:
    provider(time_zone="Asia/Kolkata")
    application = scheduled_application()
    late = datetime(2026, 5, 12, 20, 15, tzinfo=UTC)  # 01:45 on the next day in Kolkata
    Event.objects.filter(application=application).update(at=late)

    text = page(application)

    assert '<h3>Wednesday 13 May 2026</h3><ol> <li class="timeline-entry"><time' in text
    assert ">01:45</time>" in text
    assert "Times are Kolkata time (IST)." in text


def test_a_link_that_is_not_known_is_not_found() -> None:
    assert Client().get(f"/track/{uuid4()}/").status_code == 404
    assert Client().get("/track/1/").status_code == 404


def test_the_page_is_kept_by_nobody_and_runs_nothing_foreign() -> None:
    reply = Client().get(f"/track/{scheduled_application().tracking_id}/")

    assert "no-store" in reply["Cache-Control"]
    assert "default-src 'none'" in reply["Content-Security-Policy"]


def test_what_applicants_write_is_never_markup() -> None:
    application = scheduled_application()
    Application.objects.update(address="<script>alert(1)</script>")

    assert "<script>alert" not in page(application)


def test_feedback_is_kept_with_its_words() -> None:
    application = application_in("CONNECTION_ESTABLISHED")

    reply = Client().post(
        f"/track/{application.tracking_id}/feedback/", {"value": "4", "comment": "Friendly and quick"}
    )

    feedback = Feedback.objects.get()
    assert reply.status_code == 302
    assert (feedback.value, feedback.comment) == (4, "Friendly and quick")
    assert "Thank you" in page(application, "feedback/?thanks=1")


@pytest.mark.parametrize("state", ["DRAFT", "SCHEDULED", "APPROVED"])
def test_before_the_work_is_over_the_page_says_when_feedback_is_wanted_and_keeps_none(state: str) -> None:
    address = f"/track/{application_in(state).tracking_id}/feedback/"

    replies = [Client().get(address), Client().post(address, {"value": "4"})]

    assert [reply.status_code for reply in replies] == [409, 409]
    assert all("once the work is over" in reply.content.decode() for reply in replies)
    assert not Feedback.objects.exists()


@pytest.mark.parametrize("action", ["cancel", "fail"])
def test_who_got_no_connection_may_say_how_it_went(action: str) -> None:
    application = advance(application_in("SCHEDULED"), action, actor=SYSTEM, reason="The house is sold")

    assert "How did it go?" in page(application, "feedback/")


def test_who_has_rated_while_the_work_goes_on_may_add_words() -> None:
    application = application_in("SCHEDULED")
    give_feedback(application, category=Feedback.Category.PROVIDER, value=Decimal(4), actor=SYSTEM)

    assert "How did it go?" in page(application, "feedback/")


def test_feedback_without_a_choice_says_so_and_loses_no_words() -> None:
    application = application_in("CONNECTION_ESTABLISHED")

    reply = Client().post(f"/track/{application.tracking_id}/feedback/", {"comment": "Friendly"})

    text = reply.content.decode()
    assert reply.status_code == 422
    assert "Choose one of the five." in text
    assert "Friendly" in text
    assert not Feedback.objects.exists()
