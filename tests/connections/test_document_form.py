"""The document form as a browser without script meets it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from connections.documents.verdicts import reject_document, verify_document, waive_document
from connections.models import Application, DocumentVersion, Provider, Submission
from tests.connections.intake import files, kept_in, paper_of, send
from tests.connections.papers import LIES, jpeg, pdf, png
from tests.connections.visitor import Visitor
from tests.factories import SYSTEM, application

__all__ = ["files"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]


@pytest.fixture
def opened() -> Application:
    return application(source="bap.example.com", source_reference="txn-1")


@pytest.fixture
def visitor(opened: Application) -> Visitor:
    return Visitor(opened)


# --- The way through ------------------------------------------------------------------------------------------------


def test_the_link_opens_at_the_first_paper(visitor: Visitor) -> None:
    response = visitor.get()

    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/html")
    assert "Document 1 of 3" in visitor.text()
    assert "<h1>ID proof</h1>" in response.content.decode()


def test_the_whole_way_from_the_first_paper_to_the_submission_number(visitor: Visitor, opened: Application) -> None:
    onward = visitor.send("id-proof", jpeg())
    assert onward.status_code == 302
    assert "ID proof: received" in visitor.client.get(onward["Location"]).content.decode()
    visitor.send("ownership", png())
    last = visitor.send("wiring", pdf())

    assert last["Location"] == f"{visitor.base}check/"
    assert "Check what you have sent" in visitor.text("check/")
    assert [document.state for document in opened.documents.all()] == ["SUBMITTED"] * 3
    submission = Submission.objects.get()
    assert submission.versions.count() == 3
    assert str(submission.pk) in visitor.text("done/")
    assert "We have received your 3 documents" in visitor.text("done/")


def test_the_link_opens_at_the_first_paper_that_is_still_wanted(visitor: Visitor) -> None:
    visitor.send("id-proof", jpeg())

    assert "Document 2 of 3" in visitor.text()


def test_a_paper_may_be_skipped(visitor: Visitor) -> None:
    assert "Skip to Ownership certificate" in visitor.text("papers/id-proof/")
    assert "Not now" in visitor.text("papers/wiring/")
    assert "3 of 3 documents still to send" in visitor.text("check/")


def test_when_a_paper_was_sent_is_told_on_the_providers_clock(visitor: Visitor, opened: Application) -> None:
    Provider.objects.update(time_zone="Asia/Kolkata")
    visitor.send("id-proof", jpeg())
    DocumentVersion.objects.update(created_at=datetime(2026, 5, 12, 20, 15, tzinfo=UTC))

    for page in ("check/", "papers/id-proof/"):
        assert "sent Wednesday 13 May, 01:45 IST" in visitor.text(page)


def test_the_camera_serves_as_well_as_a_file(visitor: Visitor) -> None:
    assert visitor.send("id-proof", jpeg(), field="photo").status_code == 302


def test_whoever_sent_nothing_gets_no_confirmation(visitor: Visitor) -> None:
    assert visitor.get("done/")["Location"] == visitor.base


def test_the_hint_of_the_offering_stands_beside_the_paper(visitor: Visitor, opened: Application) -> None:
    opened.offering.required_documents.filter(code="wiring").update(hint="Drawn by a licensed electrician.")

    assert "Drawn by a licensed electrician." in visitor.text("papers/wiring/")


def test_when_all_is_verified_there_is_nothing_to_send(opened: Application) -> None:
    for document in opened.documents.all():
        send(document)
        verify_document(document, actor=SYSTEM)

    text = Visitor(opened).text()

    assert "Your documents are with us" in text
    assert text.count("Accepted") == 3


def test_an_application_without_papers_says_so(opened: Application) -> None:
    opened.documents.all().delete()

    assert "No documents are needed" in Visitor(opened).text()


def test_a_paper_of_another_offering_is_not_found(visitor: Visitor) -> None:
    assert visitor.get("papers/passport/").status_code == 404


# --- Again ----------------------------------------------------------------------------------------------------------


def test_a_rejected_paper_shows_its_reason_and_takes_a_new_version(opened: Application) -> None:
    for document in opened.documents.all():
        send(document)
    reject_document(paper_of(opened, "wiring"), reason="The stamp is missing.", actor=SYSTEM)
    visitor = Visitor(opened)

    assert "The stamp is missing." in visitor.text()
    assert visitor.send("wiring", png()).status_code == 302
    assert paper_of(opened, "wiring").versions.count() == 2


def test_only_the_rejected_paper_is_asked_again(opened: Application) -> None:
    for document in opened.documents.all():
        send(document)
    reject_document(paper_of(opened, "wiring"), reason="The stamp is missing.", actor=SYSTEM)
    visitor = Visitor(opened)

    response = visitor.send("id-proof", png())

    assert response.status_code == 403
    assert visitor.nonce("id-proof") == ""
    assert paper_of(opened).versions.count() == 1


def test_a_paper_can_be_replaced_in_the_visit_that_brought_it(visitor: Visitor, opened: Application) -> None:
    visitor.send("id-proof", jpeg())
    assert "Replace it" in visitor.text("papers/id-proof/")

    visitor.send("id-proof", png())

    assert [version.media_type for version in paper_of(opened).versions.all()] == ["image/jpeg", "image/png"]


def test_the_same_form_sent_twice_is_kept_once(visitor: Visitor) -> None:
    nonce = visitor.nonce("id-proof")

    answers = [visitor.send("id-proof", jpeg(), nonce=nonce) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert DocumentVersion.objects.count() == 1


def test_another_file_through_the_back_button_is_not_lost(visitor: Visitor) -> None:
    nonce = visitor.nonce("id-proof")
    visitor.send("id-proof", jpeg("wrong one"), nonce=nonce)

    visitor.send("id-proof", jpeg("right one"), nonce=nonce)

    assert DocumentVersion.objects.count() == 2


def test_an_upload_with_its_own_id_is_kept_once(visitor: Visitor) -> None:
    client_id = str(uuid4())

    for _ in range(2):
        visitor.send("id-proof", jpeg(), client_id=client_id)

    assert str(DocumentVersion.objects.get().client_id) == client_id


def test_a_waived_paper_is_asked_of_nobody(visitor: Visitor, opened: Application) -> None:
    waive_document(paper_of(opened), reason="Known", actor=SYSTEM)

    assert "Document 1 of 2" in visitor.text()
    assert visitor.get("papers/id-proof/").status_code == 404


# --- What goes wrong ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lie", ["a web page named .pdf", "a PDF that starts a program", "half a photo"])
def test_a_bad_file_is_refused_on_the_same_page_with_a_link_to_the_field(
    visitor: Visitor, lie: str, files: Path
) -> None:
    data, _, words = LIES[lie]

    response = visitor.send("id-proof", data)
    page = response.content.decode()

    assert response.status_code == 422
    assert words in page
    assert '<a href="#paper">' in page
    assert 'role="alert"' in page
    assert "<title>Error: " in page
    assert (kept_in(files), Submission.objects.count()) == ([], 0)


def test_nothing_chosen_is_said(visitor: Visitor) -> None:
    response = visitor.client.post(f"{visitor.base}papers/id-proof/", {"nonce": visitor.nonce("id-proof")})

    assert response.status_code == 422
    assert "Choose a file, or take a photo" in response.content.decode()


@pytest.mark.parametrize("times", [2, 20])
def test_a_file_over_the_limit_is_not_even_read_into_memory(visitor: Visitor, settings: Any, times: int) -> None:
    settings.DOCUMENT_MAX_BYTES = 100_000

    response = visitor.send("id-proof", b"\xff\xd8\xff" + b"0" * 100_000 * times)

    assert response.status_code == 413
    assert "too large; we take at most 0.1 MB" in response.content.decode()


def test_a_form_that_was_not_ours_is_refused(visitor: Visitor, opened: Application) -> None:
    for nonce in ("", "made-up", visitor.nonce("wiring"), Visitor(opened).nonce("id-proof")):
        assert visitor.send("id-proof", jpeg(), nonce=nonce).status_code == 403

    assert not DocumentVersion.objects.exists()


def test_what_was_sent_before_an_error_is_still_there(visitor: Visitor) -> None:
    visitor.send("id-proof", jpeg())

    visitor.send("ownership", b"MZ")

    assert "2 of 3 documents still to send" in visitor.text("check/")
