"""Who sees a person on the desk, how much of it, and what is written down."""

import json
from datetime import timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.db.models import F
from django.utils import timezone

from beckn_adapter.models import Callback, Message
from connections.models import Application, PersonalDataView
from connections.vocabulary import ApplicationState as S
from connections.voices import ask_for_support
from tests.connections.desk import APPLICATIONS, boss, browser_of, page_of, step
from tests.connections.zebulon import MARKS, ZEBULON, ended_order
from tests.factories import SYSTEM, application, application_in, staff

pytestmark = pytest.mark.django_db

EVERY_VIEW = (
    "connections.view_application", "connections.view_event", "connections.view_document",
    "connections.view_documentversion", "connections.view_supportrequest", "connections.view_feedback",
    "fieldwork.view_visit", "fieldwork.view_finding", "billing.view_instalment", "billing.view_payment",
    "beckn_adapter.view_message", "beckn_adapter.view_callback",
)  # fmt: skip
PHONE = "+14155550199"
IN_FULL = "connections.view_personal_data"
LISTS = [
    APPLICATIONS,
    "/admin/connections/document/",
    "/admin/connections/supportrequest/",
    "/admin/fieldwork/visit/",
    "/admin/billing/instalment/",
    "/admin/billing/payment/",
    "/admin/beckn_adapter/message/",
    "/admin/beckn_adapter/callback/",
    "/admin/",
]


@pytest.fixture
def ended(settings: Any, tmp_path: Any) -> Application:
    settings.MEDIA_ROOT = tmp_path
    return ended_order()


def marks_on(client: Any, address: str) -> list[str]:
    response = client.get(address)
    assert response.status_code == 200, address
    page = response.content.decode()
    # The street is left to find the house by, and a remark is what the work is about.
    return [mark for mark in MARKS if mark in page and mark not in {"zz-remark", "Quince"}]


@pytest.mark.parametrize("address", LISTS)
def test_no_list_shows_a_person_in_full_to_anybody(ended: Application, address: str) -> None:
    assert marks_on(boss(), address) == []


def test_list_leaves_enough_to_tell_one_from_another(ended: Application) -> None:
    page = boss().get(APPLICATIONS).content.decode()

    assert "Z. R. Q., ···0199" in page
    assert "··· Quince Lane" in page


def pages(order: Application) -> list[str]:
    rows = [order, order.documents.first(), order.visits.first(), Message.objects.first(), Callback.objects.first()]
    asked = ask_for_support(
        application=order,
        reference="r",
        source="b",
        actor=SYSTEM,
        email="zeb@example.com",
        callback_phone="+14155550199",
    )
    return [page_of(row) for row in [*rows, asked]]


def test_page_of_a_person_is_masked_without_the_permission(ended: Application) -> None:
    client = browser_of(staff(*EVERY_VIEW))

    assert {
        address: found for address in pages(ended) if (found := [m for m in marks_on(client, address) if m != "Quince"])
    } == {}
    assert not PersonalDataView.objects.exists()
    assert "··· Quince Lane" in client.get(page_of(ended)).content.decode()


def test_page_of_a_person_is_shown_in_full_with_it_and_noted_once_an_hour(ended: Application) -> None:
    clerk = staff(*EVERY_VIEW, IN_FULL)
    client = browser_of(clerk)

    assert {"Zebulon", "5550199", "zeb@", "TAX-Z"} <= set(marks_on(client, page_of(ended)))
    client.get(page_of(ended))

    view = PersonalDataView.objects.get()
    assert (view.user, view.application, view.thing, view.what) == (clerk, ended, f"application-{ended.pk}", "SEEN")
    PersonalDataView.objects.update(since=F("since") - timedelta(hours=1))
    client.get(page_of(ended))
    assert PersonalDataView.objects.count() == 2


def test_every_page_that_shows_a_person_is_noted(ended: Application) -> None:
    client = browser_of(staff(*EVERY_VIEW, IN_FULL))
    addresses = pages(ended)

    for address in addresses:
        assert client.get(address).status_code == 200

    assert {view.thing.split("-")[0] for view in PersonalDataView.objects.all()} == {
        "application", "document", "visit", "message", "callback", "supportrequest",
    }  # fmt: skip
    assert PersonalDataView.objects.count() == len(addresses)


def test_looking_at_papers_is_noted_whatever_the_permission(ended: Application) -> None:
    client = browser_of(staff("connections.view_application", "connections.view_document"))

    client.get(f"{APPLICATIONS}{ended.pk}/documents/")

    assert PersonalDataView.objects.get().application == ended


def test_masked_row_is_never_saved_and_never_amended(ended: Application) -> None:
    order = application_in(S.SCHEDULED, applicant=ZEBULON)
    blind = staff(*EVERY_VIEW, "connections.change_application", "connections.add_hold")
    client = browser_of(blind)

    client.get(page_of(order))
    refused = client.post(step(order, "amend"), {"applicant_name": "Somebody"}, follow=True)
    client.post(step(order, "put_on_hold"), {"reason": "Waits", "ball": "UTILITY"})

    kept = Application.objects.get(pk=order.pk)
    assert (kept.applicant_name, kept.applicant_phone) == ("Zebulon Quill", "+14155550199")
    assert "Zebulon Quill" not in refused.content.decode()
    assert kept.holds.count() == 1


def test_form_that_shows_a_person_is_noted(ended: Application) -> None:
    order = application_in(S.SCHEDULED, applicant=ZEBULON)
    client = browser_of(staff("connections.view_application", "connections.change_application", IN_FULL))

    assert "Zebulon Quill" in client.get(step(order, "amend")).content.decode()
    assert PersonalDataView.objects.filter(application=order).exists()


def test_counter_draft_is_corrected_only_by_who_sees_it() -> None:
    draft = application(applicant=ZEBULON)
    blind = browser_of(staff("connections.view_application", "connections.change_application"))

    page = blind.get(page_of(draft)).content.decode()

    assert 'name="applicant_name"' not in page
    assert "Zebulon" not in page


def test_views_are_shown_to_who_watches_and_can_not_be_changed(ended: Application) -> None:
    boss().get(page_of(ended))
    watcher = browser_of(staff("connections.view_personaldataview"))
    view = PersonalDataView.objects.get()

    listing = watcher.get("/admin/connections/personaldataview/").content.decode()

    assert ended.number in listing
    assert "anna" in listing
    assert watcher.get(page_of(view)).status_code == 200
    assert watcher.post(page_of(view), {"reason": "x"}).status_code == 403
    assert watcher.post(f"/admin/connections/personaldataview/{view.pk}/delete/", {"post": "yes"}).status_code == 403
    assert browser_of(staff(*EVERY_VIEW)).get("/admin/connections/personaldataview/").status_code == 403


# --- Handing out and erasing ----------------------------------------------------------------------------------------


def test_all_data_are_handed_out_for_a_reason_that_is_kept(ended: Application) -> None:
    clerk = staff("connections.view_application", "connections.export_person")
    client, address = browser_of(clerk), f"{APPLICATIONS}{ended.pk}/person/"

    assert "Hand out all data" in client.get(page_of(ended)).content.decode()
    asked = client.post(address, {"reason": ""})
    assert "Say why" in asked.content.decode()
    given = client.post(address, {"reason": "Letter of 3 May"})

    with ZipFile(BytesIO(b"".join(given.streaming_content))) as bundle:
        data = json.loads(bundle.read(f"{ended.number}/data.json"))
    assert data["application"][0]["applicant_phone"] == "+14155550199"
    assert given["Cache-Control"].startswith("no-store, private")
    view = PersonalDataView.objects.get(what="EXPORTED")
    assert (view.user, view.application, view.reason) == (clerk, ended, "Letter of 3 May")


def test_nobody_without_the_permission_hands_out_or_erases(ended: Application) -> None:
    client = browser_of(staff("connections.view_application", IN_FULL))
    page = client.get(page_of(ended)).content.decode()

    assert "Hand out all data" not in page
    assert "Erase the person" not in page
    assert client.get(f"{APPLICATIONS}{ended.pk}/person/").status_code == 404
    assert "may not erase this" in client.post(step(ended, "erase"), {"reason": "x"}, follow=True).content.decode()
    assert Application.objects.get(pk=ended.pk).erased_at is None


def test_person_is_erased_from_the_page_after_being_asked(ended: Application) -> None:
    client = browser_of(
        staff("connections.view_application", "connections.view_event", "connections.erase_person", IN_FULL)
    )

    question = client.get(step(ended, "erase")).content.decode()
    assert "This can not be undone" in question
    done = client.post(step(ended, "erase"), {"reason": "Letter of 3 May"}, follow=True).content.decode()

    assert "the person is erased" in done
    assert "The person of this application was erased" in done
    assert "Erase the person" not in done
    assert ended.events.get(kind="application.erased").data == {"reason": "Letter of 3 May"}
    assert [mark for mark in MARKS if mark in done] == []


def test_open_order_offers_no_erasing() -> None:
    order = application_in(S.SCHEDULED)

    assert "Erase the person" not in boss().get(page_of(order)).content.decode()


def test_rules_of_retention_are_the_providers_to_set() -> None:
    provider = application().provider

    page = boss().get(page_of(provider)).content.decode()

    for field in ("keep_files_days", "keep_messages_days", "keep_personal_days", "keep_drafts_days"):
        assert f'name="{field}"' in page
    assert timezone.now() > Application.objects.get().created_at
