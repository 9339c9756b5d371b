"""The desk gives an applicant without e-mail the way to their page, and from there to the document form."""

import re

import pytest
from django.conf import settings
from django.test import Client

from connections.models import Application
from connections.services import Applicant
from connections.tracking import next_step
from tests.connections.desk import APPLICATIONS, boss, clerk, counter_entry, page_of
from tests.factories import application, offering, scheduled_application, verify_documents

pytestmark = pytest.mark.django_db
PAPERS = "Send us: ID proof, Ownership certificate, Wiring diagram."


def way_to(order: Application) -> str:
    return f"{settings.PUBLIC_URL}/track/{order.tracking_id}/"


def documents_of(order: Application) -> str:
    return f"{APPLICATIONS}{order.pk}/documents/"


def test_who_takes_an_application_at_the_counter_finds_the_applicants_page_on_it() -> None:
    offering()
    client = boss()

    client.post(f"{APPLICATIONS}add/", counter_entry(applicant_email=""))

    taken = Application.objects.get()
    page = client.get(page_of(taken)).content.decode()
    assert f'href="{way_to(taken)}"' in page
    assert "<svg" in page.partition("Show it as a QR code")[2].partition("</details>")[0]
    assert f'href="{way_to(taken)}"' in client.get(documents_of(taken)).content.decode()


def test_who_may_not_see_people_in_full_has_no_key_to_their_page() -> None:
    taken = application(applicant=Applicant("Ada Park", "+14155553344"))
    client = clerk("connections.view_document")

    for address in (page_of(taken), documents_of(taken)):
        assert str(taken.tracking_id) not in client.get(address).content.decode()


@pytest.mark.parametrize("opened", [application, scheduled_application])
def test_the_applicants_page_leads_to_the_document_form(opened: type) -> None:
    applicant, order = Client(), opened()

    page = applicant.get(way_to(order).removeprefix(settings.PUBLIC_URL)).content.decode()

    assert PAPERS in page
    form = re.search(r'class="button" id="send" href="([^"]+)"', page)
    assert form
    assert applicant.get(form[1], follow=True).status_code == 200


def test_a_draft_is_finished_by_whoever_took_it() -> None:
    at_the_counter, in_an_app = application(), application(source="bap.example", source_reference="t-1")
    complete = application(source_reference="P-18")
    verify_documents(complete)

    told = [next_step(Application.objects.get(pk=draft.pk)) for draft in (at_the_counter, complete, in_an_app)]

    assert [step and (step.who, step.what) for step in told] == [
        ("You", PAPERS),
        ("San Francisco Electric Authority", "We check your application and make an order of it."),
        ("You", "Finish the order in the app where you began it."),
    ]
