"""Applicants are written at each step, in the provider's name, once, and about how it stands by then."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.core import mail
from django.utils import timezone

from beckn_adapter.announce import NOT_TOLD, TOLD
from billing.payments import record_payment, return_payment
from connections import post
from connections.documents.handing_in import hand_in_link
from connections.documents.verdicts import reject_document
from connections.holding import put_on_hold
from connections.letters import MAILED, NOT_MAILED
from connections.lifecycle import advance
from connections.models import Application, Letter
from connections.services import Applicant, amend_application
from connections.vocabulary import Ball
from fieldwork.models import Visit
from fieldwork.planning import set_window
from fieldwork.services import assign_visit, set_out
from tests.connections.letterbox import deliver, forget, only, written
from tests.factories import (
    SYSTEM,
    application,
    application_in,
    bring_to,
    offering,
    provider,
    scheduled_application,
    technician,
)

pytestmark = pytest.mark.django_db
NO_MAIL = Applicant(applicant_name="Jonathan Park", applicant_phone="+14155553333")
L = Letter.State
MAY_12 = datetime(2037, 5, 12, 21, 0, tzinfo=UTC)  # 14:00 in San Francisco


def hand_in_everything(order: Application) -> None:
    for document in order.documents.all():
        hand_in_link(document, text="seen", actor=SYSTEM)


def quiet_order(**asked: object) -> Application:
    """An order whose papers are in and about which nothing waits to be written."""
    order = scheduled_application(**asked)
    hand_in_everything(order)
    forget()
    return order


# --- What is written about ------------------------------------------------------------------------------------------


def test_every_kind_of_event_is_mailed_or_is_said_why_not() -> None:
    kinds = TOLD.keys() | NOT_TOLD.keys()

    assert kinds - MAILED.keys() - NOT_MAILED.keys() == set()
    assert MAILED.keys() & NOT_MAILED.keys() == set()
    assert (MAILED.keys() | NOT_MAILED.keys()) - kinds == set()


def test_an_order_is_confirmed_with_its_tracking_link() -> None:
    order = scheduled_application()

    deliver()

    letter = only()
    assert letter.subject == f"We have received your order {order.number}"
    assert f"http://localhost:8000/track/{order.tracking_id}/" in letter.text
    assert "Next: You. Send us: ID proof, Ownership certificate, Wiring diagram." in letter.text


def test_a_draft_is_not_written_about() -> None:
    application()

    assert not Letter.objects.exists()


def test_nobody_is_written_to_without_an_address() -> None:
    application_in("CANCELLED", applicant=NO_MAIL)

    assert not Letter.objects.exists()


def test_an_address_that_was_taken_back_meanwhile_gets_nothing() -> None:
    order = scheduled_application()
    amend_application(order, changes={"applicant_email": ""}, actor=SYSTEM)

    deliver()

    assert mail.outbox == []
    assert set(Letter.objects.values_list("state", flat=True)) == {L.DROPPED}


def test_a_visit_is_told_with_its_window_and_who_comes() -> None:
    order = quiet_order()
    Visit.objects.update(window_start=MAY_12, window_end=MAY_12 + timedelta(hours=2))
    assign_visit(order.visits.get(), technician=technician(), actor=SYSTEM)

    deliver()

    letter = only()
    assert letter.subject == "Your technician comes on Tuesday 12 May, 14:00–16:00"
    assert "When: Tuesday 12 May, 14:00–16:00, Los Angeles time (PDT)" in letter.text
    assert "Who: Ravi Kumar, +14155550111" in letter.text


def test_a_visit_whose_time_is_over_is_not_announced_as_coming() -> None:
    order = quiet_order()
    assign_visit(order.visits.get(), technician=technician(), actor=SYSTEM)
    begun = timezone.now() - timedelta(days=1)
    Visit.objects.update(window_start=begun, window_end=begun + timedelta(hours=2))

    deliver()

    assert written() == []


def test_three_rejected_papers_are_one_letter_with_each_reason() -> None:
    order = quiet_order()
    for document in order.documents.all():
        reject_document(document, reason=f"{document.name} is blurred", actor=SYSTEM)

    deliver()

    letter = only()
    assert letter.subject == "Please send us 3 documents again"
    assert "Wiring diagram: Wiring diagram is blurred" in letter.text
    assert set(Letter.objects.values_list("state", flat=True)) == {L.DROPPED, L.MERGED, L.SENT}


def test_a_paper_that_came_again_before_the_letter_went_is_not_asked_for() -> None:
    order = quiet_order()
    wiring = order.documents.get(code="wiring")
    reject_document(wiring, reason="The stamp is missing", actor=SYSTEM)
    hand_in_link(wiring, text="with its stamp", actor=SYSTEM)

    deliver()

    assert written() == []


def test_a_visit_that_is_moved_again_and_again_is_one_letter_about_the_last_time() -> None:
    order = quiet_order()
    assign_visit(order.visits.get(), technician=technician(), actor=SYSTEM)
    start = timezone.now() + timedelta(days=5)
    for hours in (0, 2, 4):
        begins = start + timedelta(hours=hours)
        set_window(order.visits.get(), window_start=begins, window_end=begins + timedelta(hours=2), actor=SYSTEM)

    deliver()

    assert len(mail.outbox) == 1
    assert "Your technician comes on" in only().subject


def test_a_letter_about_a_visit_waits_a_little_and_a_confirmation_does_not() -> None:
    order = scheduled_application()
    post.work_post()
    assert only().state == L.SENT

    assign_visit(order.visits.get(), technician=technician(), actor=SYSTEM)
    post.work_post()
    assert Letter.objects.filter(state=L.NEW).exists()


def test_a_technician_on_the_way_is_not_mailed() -> None:
    order = quiet_order()
    visit = assign_visit(order.visits.get(), technician=technician(), actor=SYSTEM)
    forget()

    set_out(visit, actor=SYSTEM)

    assert not Letter.objects.exists()


def test_a_hold_tells_what_the_applicant_is_to_do_and_the_utilitys_own_is_not_written_about() -> None:
    ours, theirs = quiet_order(), quiet_order(source_reference="2")
    put_on_hold(ours, reason="The street is closed", ball=Ball.UTILITY, actor=SYSTEM)
    put_on_hold(theirs, reason="Please open the gate", ball=Ball.APPLICANT, actor=SYSTEM)

    deliver()

    letter = only()
    assert letter.application == theirs
    assert letter.subject == "We need something from you"
    assert "Please open the gate" in letter.text


def test_the_power_is_told_with_the_consumer_number_and_the_invoice() -> None:
    provider(payment_instructions="Pay to account 12-345.")
    order = application_in("APPROVED")
    forget()
    connected = bring_to(order, "CONNECTION_ESTABLISHED")
    deliver()

    letter = only()
    assert letter.subject == "Your power is on"
    assert str(connected.consumer_number) in letter.text
    assert re.search(r"Invoice: INV-\d+-\d+, 200\.00 USD", letter.text)
    assert "Pay to account 12-345." in letter.text


def test_a_demand_note_is_part_of_the_confirmation() -> None:
    deposit = [{"type": "PRE_FULFILLMENT", "collected_by": "BPP", "amount": Decimal(50)}]
    scheduled_application(offering=offering(terms=deposit))

    deliver()

    letter = only()
    assert letter.subject.startswith("We have received your order")
    assert "Also: Please pay 50.00 USD." in letter.text


def test_a_payment_and_what_it_paid_are_told() -> None:
    order = quiet_order()
    record_payment(order, amount=Decimal(50), reference="CARD-7", actor=SYSTEM)

    deliver()

    letter = only()
    assert letter.subject == "We have received your payment of 50.00 USD"
    assert "Still to be paid: 100.00 USD." in letter.text
    assert "Reference: CARD-7" in letter.text


def test_a_cancellation_says_what_comes_back_and_the_refund_is_told() -> None:
    order = quiet_order()
    record_payment(order, amount=Decimal(150), actor=SYSTEM)
    advance(order, "cancel", actor=SYSTEM, reason="The street is closed")

    deliver()

    letter = only()
    assert letter.subject == f"Your order {order.number} was cancelled"
    assert "The street is closed" in letter.text
    assert "You get 150.00 USD back." in letter.text
    assert "Also: We have received your payment of 150.00 USD." in letter.text
    return_payment(order, amount=Decimal(150), method="CASH", actor=SYSTEM)
    deliver()
    assert written()[-1].subject == "We have paid 150.00 USD back to you"


def test_what_the_end_calls_off_is_not_written_about() -> None:
    order = quiet_order()
    assign_visit(order.visits.get(), technician=technician(), actor=SYSTEM)
    advance(order, "fail", actor=SYSTEM, reason="No capacity")

    deliver()

    assert "Also" not in only().text


# --- How it is written ----------------------------------------------------------------------------------------------


def test_the_letter_comes_in_the_providers_name_and_is_answered_to_its_support() -> None:
    provider(support_email="support@sfea.gov", support_phone="+18004321234")
    order = scheduled_application()

    deliver()

    (message,) = mail.outbox
    sent = message.message()
    assert sent["From"] == "San Francisco Electric Authority <no-reply@localhost>"
    assert message.to == ["jonathan@example.com"]
    assert message.reply_to == ["support@sfea.gov"]
    assert sent["Auto-Submitted"] == "auto-generated"
    assert sent["References"] == f"<order-{order.pk}@localhost>"
    assert [part.get_content_type() for part in sent.walk()][1:] == ["text/plain", "text/html"]


def test_both_forms_of_a_letter_say_the_same() -> None:
    order = quiet_order()
    reject_document(order.documents.get(code="wiring"), reason="The stamp is missing", actor=SYSTEM)
    record_payment(order, amount=Decimal(50), actor=SYSTEM)

    deliver()

    letter = only()
    shown = set(words_of(unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", letter.html, flags=re.DOTALL))))
    addresses = re.findall(r"https?://\S+", letter.text)
    assert [word for word in words_of(re.sub(r"https?://\S+", "", letter.text)) if word not in shown] == []
    assert [address for address in addresses if "/papers/RCP-" in address] != []
    assert all(f'href="{address}"' in letter.html for address in addresses)


def words_of(text: str) -> list[str]:
    return re.findall(r"[^\s:.,]+", text)


def test_what_applicants_write_is_no_markup_in_a_letter_and_breaks_no_header() -> None:
    provider(name="Power\nBcc: everybody@example.com")
    scheduled_application()
    Application.objects.update(address="<b>here</b>")

    deliver()

    assert "<b>here</b>" not in only().html
    assert "<b>here</b>" in only().text
    assert mail.outbox[0].recipients() == ["jonathan@example.com"]


# --- The post never holds anybody up --------------------------------------------------------------------------------


def test_a_mistake_in_the_words_stops_no_clerk_and_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    order = quiet_order()
    broken = post.write

    def stumble(*_: object) -> None:
        raise KeyError("offering")

    monkeypatch.setattr(post, "write", stumble)
    assert advance(order, "cancel", actor=SYSTEM, reason="Moved").fulfillment_state == "CANCELLED"
    deliver()
    letter = Letter.objects.get(event__kind="application.cancelled")
    assert (letter.state, letter.attempts, letter.problem) == (L.NEW, 1, "KeyError: 'offering'")

    monkeypatch.setattr(post, "write", broken)
    deliver()
    assert len(mail.outbox) == 1


def test_a_letter_is_sent_once_however_often_the_post_works() -> None:
    scheduled_application()
    for _ in range(3):
        deliver()

    assert len(mail.outbox) == 1
