"""The staff's desk: finding applications, and the pages that tell about them."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from connections.documents.handing_in import hand_in_link
from connections.lifecycle import advance
from connections.models import Application, Document, Event, Hold, ServicePromise
from connections.services import Applicant
from connections.vocabulary import ApplicationState as S
from connections.vocabulary import DocumentState
from fieldwork.models import Visit
from tests.connections.desk import APPLICATIONS, SCRIPT, boss, browser_of, clerk, page_of, step
from tests.factories import SYSTEM, application, application_in, offering, scheduled_application, staff

pytestmark = pytest.mark.django_db


def found(client: Client, **query: str) -> list[int]:
    return [row.pk for row in client.get(APPLICATIONS, query).context["cl"].result_list]


def test_list_asks_as_many_queries_for_three_rows_as_for_one() -> None:
    client = boss()
    scheduled_application()
    client.get(APPLICATIONS)  # what is cached on first use is not the list's
    with CaptureQueriesContext(connection) as for_one:
        assert client.get(APPLICATIONS).status_code == 200
    scheduled_application()
    application(offering=offering(code="other", name="Other"))

    with CaptureQueriesContext(connection) as for_three:
        response = client.get(APPLICATIONS)

    assert len(response.context["cl"].result_list) == 3
    assert len(for_three) == len(for_one)


def test_list_names_order_or_draft_and_says_the_state_in_words() -> None:
    ordered, draft = scheduled_application(), application()

    page = boss().get(APPLICATIONS).content.decode()

    assert ordered.number in page
    assert f"Draft {draft.pk}" in page
    assert "Visit scheduled" in page


@pytest.mark.parametrize(
    "written", ["+14155553333", "415 555 3333", "(415) 555-3333", "415.555.3333", "5553333", "415-555/3333"]
)
def test_telephone_is_found_however_it_is_written(written: str) -> None:
    wanted = application(applicant=Applicant("Ann", "+1 (415) 555-3333"))
    application(applicant=Applicant("Bob", "+1 (415) 555-4444"))

    assert found(boss(), q=written) == [wanted.pk]


def test_order_is_found_by_number_name_mail_address_and_transaction() -> None:
    wanted = scheduled_application(
        source="buyer.test", source_reference="tx-77", applicant=Applicant("Ann Lee", "", "ann@example.com")
    )
    application(applicant=Applicant("Bob", "+14155554444"), source="buyer.test", source_reference="tx-78")
    client = boss()

    for term in (wanted.number, "ann lee", "ann@example", "tx-77"):
        assert found(client, q=term) == [wanted.pk], term
    assert len(found(client, q="valencia")) == 2


def test_draft_is_found_by_the_name_the_list_gives_it() -> None:
    draft = application()
    scheduled_application()

    assert found(boss(), q=f"Draft {draft.pk}") == [draft.pk]


def test_filters_narrow_the_list() -> None:
    warned, held, other = application(), scheduled_application(), application(source="buyer.test")
    Application.objects.filter(pk=warned.pk).update(attention="A sign seems lost.")
    Hold.objects.create(application=held, reason="Waits", ball="UTILITY")
    client = boss()

    assert found(client, look="yes") == [warned.pk]
    assert found(client, hold="yes") == [held.pk]
    assert found(client, fulfillment_state__exact=S.SCHEDULED) == [held.pk]
    assert found(client, source="buyer.test") == [other.pk]


def test_page_tells_state_papers_visits_money_and_what_happened_newest_first() -> None:
    order = application_in(S.APPROVED)

    page = boss().get(page_of(order)).content.decode()

    for words in ("Approved", "APPROVED", "Connection: In progress", "ID proof", "Assessment visit"):
        assert words in page, words
    for words in ("Connection fee: 200.00 USD", "150.00 USD", "When power is on", "application.approved"):
        assert words in page, words
    assert page.index("application.approved") < page.index("application.scheduled") < page.index("application.opened")


def test_every_page_escapes_what_comes_from_outside() -> None:
    draft = application(
        applicant=Applicant(SCRIPT, "+14155553333", billing_name=SCRIPT), source=SCRIPT, source_reference=SCRIPT
    )
    Application.objects.filter(pk=draft.pk).update(attention=SCRIPT, address=SCRIPT, position_as_given=SCRIPT)
    Document.objects.filter(application=draft).update(name=SCRIPT)
    order = scheduled_application(applicant=Applicant(SCRIPT, "+14155553333"))
    Hold.objects.create(application=order, reason=SCRIPT, ball="APPLICANT")
    Event.objects.create(
        application=order, chain=SCRIPT, number=1, kind=SCRIPT, actor=SCRIPT, subject=SCRIPT, facts={SCRIPT: SCRIPT}
    )
    Visit.objects.filter(application=order).update(reason=SCRIPT)
    client = boss()
    pages = ["/admin/", APPLICATIONS, page_of(draft), page_of(order), page_of(draft.documents.first())]
    pages += [step(order, "cancel"), page_of(order.visits.get()), step(order.visits.get(), "assign")]
    pages += ["/admin/fieldwork/visit/", "/admin/billing/instalment/", "/admin/connections/document/"]
    pages += [f"/admin/billing/payment/add/?instalment={order.instalments.get().pk}"]

    bodies = {page: client.get(page).content.decode() for page in pages}

    assert [page for page, body in bodies.items() if SCRIPT in body] == []
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in bodies[page_of(order)]


def test_nobody_deletes_an_application_or_changes_its_events() -> None:
    order, client = scheduled_application(), boss()

    assert client.get(f"{APPLICATIONS}{order.pk}/delete/").status_code == 403
    assert 'name="events-0-kind"' not in client.get(page_of(order)).content.decode()


def test_first_page_counts_what_waits() -> None:
    warned = scheduled_application()
    Application.objects.filter(pk=warned.pk).update(attention="Look.")
    Document.objects.filter(application=warned, code="wiring").update(state=DocumentState.SUBMITTED)
    application()

    response = boss().get("/admin/")

    figures = {card.title: card.figure for card in response.context["cards"]}
    assert (figures["Needs a look"], figures["Documents to check"], figures["Without a technician"]) == (1, 1, 1)
    assert {row["code"]: row["count"] for row in response.context["states"]}[S.DRAFT] == 1


def test_first_page_leads_to_the_orders_that_are_late() -> None:
    late, client = scheduled_application(), boss()
    scheduled_application()
    Application.objects.filter(pk=late.pk).update(due_on=date(2020, 5, 12))

    card = next(card for card in client.get("/admin/").context["cards"] if card.title == "Overdue")

    assert (card.figure, card.waits) == (1, True)
    assert list(client.get(card.address).context["cl"].result_list) == [late]


def test_a_paper_that_nobody_needs_any_more_waits_for_no_verdict() -> None:
    asked_for, cancelled, client = scheduled_application(), scheduled_application(), boss()
    Document.objects.filter(code="wiring").update(state=DocumentState.SUBMITTED)
    advance(cancelled, "cancel", actor=SYSTEM, reason="Moved away")
    waived = asked_for.documents.get(code="id-proof")
    Document.objects.filter(pk=waived.pk).update(
        state=DocumentState.SUBMITTED, waived_at=timezone.now(), waiver_reason="Known here"
    )

    card = next(card for card in client.get("/admin/").context["cards"] if card.title == "Documents to check")

    assert card.figure == 1
    assert list(client.get(card.address).context["cl"].result_list) == [asked_for.documents.get(code="wiring")]


def test_first_page_keeps_back_what_a_person_may_not_view() -> None:
    scheduled_application()

    response = browser_of(staff()).get("/admin/")

    assert (response.context["cards"], response.context["states"]) == ([], [])


def test_side_menu_shows_what_a_person_may_view() -> None:
    page = clerk().get("/admin/").content.decode()

    assert APPLICATIONS in page
    assert "/admin/billing/payment/" not in page


def test_who_opens_the_log_in_page_goes_on_to_the_first_page() -> None:
    User.objects.create_superuser("anna", password="long-enough-1")
    client = Client()

    page = client.get("/admin/login/").content.decode()
    entered = client.post("/admin/login/", {"username": "anna", "password": "long-enough-1", "next": "/admin/"})

    assert '<input type="hidden" name="next" value="/admin/" form="login-form">' in page
    assert entered["Location"] == "/admin/"


def test_the_list_and_the_page_say_by_when_and_mark_what_is_late() -> None:
    order = scheduled_application()
    for document in order.documents.all():
        hand_in_link(document, text="seen", actor=SYSTEM)
    ServicePromise.objects.create(provider=order.provider, state="SCHEDULED", working_days=2)
    Application.objects.update(ordered_at=timezone.now() - timedelta(days=30))
    Event.objects.update(at=timezone.now() - timedelta(days=30))
    client = clerk()

    listed, page = (client.get(address).content.decode() for address in (APPLICATIONS, page_of(order)))

    assert "working days late" in listed
    assert "working days late" in page
