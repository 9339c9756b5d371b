"""The staff's screen for the papers of one application."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from connections.documents.handing_in import hand_in_link
from connections.documents.verdicts import READY_REASONS, reject_document
from connections.lifecycle import advance
from connections.models import Application, Document, Event
from tests.connections.desk import ESCAPED, SCRIPT, boss, clerk, page_of
from tests.connections.intake import APPLICANT, files, kept_in, paper_of, send
from tests.connections.papers import pdf, png
from tests.factories import SYSTEM, application, scheduled_application

__all__ = ["files"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]
VIEW = "connections.view_document"
VERIFY = "connections.verify_document"
WAIVE = "connections.waive_document"


@pytest.fixture
def order() -> Application:
    """An order with two papers handed in and one still awaited."""
    ordered = scheduled_application()
    send(paper_of(ordered, "id-proof"))
    send(paper_of(ordered, "wiring"), pdf(pages=3))
    return ordered


def screen(order: Application) -> str:
    return f"/admin/connections/application/{order.pk}/documents/"


def judge(client: Client, document: Document, verdict: str, **fields: Any) -> Any:
    newest = document.versions.order_by("-number").first()
    given = {"document": document.pk, "verdict": verdict, "seen": newest.number if newest else 0}
    typed = {name if name == "seen" else f"{verdict}-{name}": value for name, value in fields.items()}
    return client.post(screen(document.application), {**given, **typed})


def test_the_first_paper_that_waits_is_shown_large(order: Application) -> None:
    page = boss().get(screen(order)).content.decode()

    version = paper_of(order).versions.get()
    assert f"/documents/{version.pk}/pages/0.png" in page
    assert page.count("To be checked") == 3  # twice in the list, once above the sheet
    assert page.count('accesskey="v"') == 1


def test_every_page_of_a_pdf_is_a_picture_of_ours(order: Application) -> None:
    client, wiring = boss(), paper_of(order, "wiring")
    page = client.get(f"{screen(order)}?document={wiring.pk}").content.decode()
    version = wiring.versions.get()

    addresses = [f"{screen(order)}{version.pk}/pages/{n}.png" for n in range(4)]
    answers = [client.get(address) for address in addresses]

    assert [address in page for address in addresses] == [True, True, True, False]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 404]
    assert answers[0]["Content-Type"] == "image/png"
    assert "no-store" in answers[0]["Cache-Control"]


def test_verifying_leads_to_the_next_paper_that_waits(order: Application) -> None:
    response = judge(clerk(VIEW, VERIFY), paper_of(order), "verify")

    assert response["Location"] == f"{screen(order)}?document={paper_of(order, 'wiring').pk}"
    assert paper_of(order).state == "VERIFIED"
    assert Event.objects.get(kind="document.verified").actor.startswith("staff clerk-")


def test_after_the_last_one_the_screen_says_that_nothing_waits(order: Application) -> None:
    client = boss()
    judge(client, paper_of(order), "verify")

    response = judge(client, paper_of(order, "wiring"), "verify")

    assert "No other document waits for a check." in client.get(response["Location"]).content.decode()


def test_a_date_is_kept_with_the_verdict(order: Application) -> None:
    good_until = timezone.localdate() + timedelta(days=400)

    judge(boss(), paper_of(order), "verify", expires_on=good_until.isoformat())

    assert paper_of(order).expires_on == good_until


def test_a_date_in_the_past_is_refused_and_stays_in_the_form(order: Application) -> None:
    page = judge(boss(), paper_of(order), "verify", expires_on="2020-01-31").content.decode()

    assert "That date has passed" in page
    assert 'value="2020-01-31"' in page
    assert paper_of(order).state == "SUBMITTED"


def test_a_ready_reason_and_own_words_are_told_together(order: Application) -> None:
    judge(boss(), paper_of(order), "reject", ready=READY_REASONS[0], words="Page 2 most of all.")

    assert paper_of(order).reason == f"{READY_REASONS[0]} Page 2 most of all."
    assert order.holds.get().ball == "APPLICANT"


def test_a_rejection_without_reason_is_refused_on_the_spot(order: Application) -> None:
    page = judge(boss(), paper_of(order), "reject").content.decode()

    assert "Say why" in page
    assert paper_of(order).state == "SUBMITTED"


def test_a_verdict_on_what_was_replaced_meanwhile_is_refused(order: Application) -> None:
    reject_document(paper_of(order), reason="Blurred.", actor=SYSTEM)
    send(paper_of(order), png())

    page = judge(boss(), paper_of(order), "verify", seen="1").content.decode()

    assert "A newer version of ID proof has come in" in page
    assert paper_of(order).state == "SUBMITTED"


def test_old_versions_stay_with_their_verdicts(order: Application) -> None:
    reject_document(paper_of(order), reason="The stamp is missing.", actor=SYSTEM)
    send(paper_of(order), png())
    document = paper_of(order)

    page = boss().get(f"{screen(order)}?document={document.pk}&version=1").content.decode()

    assert "rejected: “The stamp is missing.”" in page
    assert "This is an older version" in page
    assert f"/documents/{document.versions.get(number=1).pk}/pages/0.png" in page


def test_the_papers_of_an_order_that_ended_are_shown_and_judged_no_more(order: Application) -> None:
    advance(order, "cancel", actor=SYSTEM, reason="Moved away")
    client = boss()

    page, papers = client.get(page_of(order)).content.decode(), client.get(screen(order))
    judge(client, paper_of(order), "reject", words="It is blurred")

    assert "Check documents" not in page
    assert papers.context["verdicts"] == {}
    assert "To be checked" not in papers.content.decode()
    assert paper_of(order).state == "SUBMITTED"


def test_a_paper_is_waived_with_permission_and_reason(order: Application) -> None:
    judge(clerk(VIEW, WAIVE), paper_of(order, "ownership"), "waive", reason="The city owns the house")

    document = paper_of(order, "ownership")
    assert document.waiver_reason == "The city owns the house"
    assert document.waived_by is not None


def test_who_may_only_look_sees_no_verdicts_and_can_give_none(order: Application) -> None:
    client = clerk(VIEW)

    assert "<form method" not in client.get(screen(order)).content.decode().split('class="papers"')[1]
    for verdict, fields in (("verify", {}), ("reject", {"words": "No"}), ("waive", {"reason": "No"})):
        assert "may not" in judge(client, paper_of(order), verdict, **fields).content.decode()
    assert paper_of(order).state == "SUBMITTED"


def test_who_may_not_see_documents_sees_no_screen_picture_or_file(order: Application) -> None:
    version = paper_of(order).versions.get()

    for page in ("", f"{version.pk}/pages/0.png", f"{version.pk}/file"):
        assert clerk().get(screen(order) + page).status_code == 403
        assert Client().get(screen(order) + page).status_code == 302


def test_a_file_comes_as_an_attachment_of_its_own_application_only(order: Application) -> None:
    client, version = boss(), paper_of(order).versions.get()

    response = client.get(f"{screen(order)}{version.pk}/file")

    assert response["Content-Disposition"].startswith("attachment;")
    assert "sandbox" in response["Content-Security-Policy"]
    assert client.get(f"{screen(application())}{version.pk}/file").status_code == 404


def test_a_link_of_a_buyer_app_is_shown_as_a_strangers(order: Application) -> None:
    document = paper_of(order, "ownership")
    hand_in_link(document, url="https://files.example.com/deed.pdf", actor=APPLICANT)

    page = boss().get(f"{screen(order)}?document={document.pk}").content.decode()

    assert "open it with care" in page
    assert 'rel="noopener noreferrer nofollow"' in page


def test_a_lost_file_is_said_and_can_be_rejected(order: Application, files: Path) -> None:
    for path in kept_in(files):
        path.unlink()
    client = boss()

    page = client.get(screen(order)).content.decode()

    assert "This file can not be shown" in page
    assert judge(client, paper_of(order), "reject", words="It did not arrive.").status_code == 302


def test_strangers_words_are_escaped(order: Application) -> None:
    paper_of(order).versions.update(original_name=SCRIPT)

    page = boss().get(screen(order)).content.decode()

    assert SCRIPT not in page
    assert ESCAPED in page


def test_the_applications_page_leads_to_the_screen_with_the_count_of_what_waits(order: Application) -> None:
    page = boss().get(page_of(order)).content.decode()

    assert "Check documents (2)" in page
    assert f'href="{screen(order)}"' in page
    assert screen(order) not in clerk().get(page_of(order)).content.decode()


def test_an_application_that_needs_no_papers_has_no_screen() -> None:
    order = scheduled_application()
    order.documents.all().delete()
    client = boss()

    assert client.get(screen(order)).status_code == 404
    assert screen(order) not in client.get(page_of(order)).content.decode()


def test_an_unknown_verdict_is_not_found(order: Application) -> None:
    assert judge(boss(), paper_of(order), "burn").status_code == 404
