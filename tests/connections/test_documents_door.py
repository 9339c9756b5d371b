"""Who gets through the document form's door, how programs are answered, and how papers are served."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from connections.form_link import LIFETIME, form_token, read_form_token
from connections.lifecycle import advance
from connections.models import Application, DocumentVersion, Submission
from connections.vocabulary import ApplicationState as S
from tests.connections.intake import files, kept_in, paper_of, send
from tests.connections.papers import jpeg, pdf
from tests.connections.visitor import JSON, Visitor
from tests.factories import SYSTEM, application, application_in, scheduled_application

__all__ = ["files"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]


@pytest.fixture
def opened() -> Application:
    return application(source="bap.example.com", source_reference="txn-1")


@pytest.fixture
def visitor(opened: Application) -> Visitor:
    return Visitor(opened)


# --- Links that do not open -----------------------------------------------------------------------------------------


def test_an_expired_link_says_what_to_do_and_nothing_else(opened: Application) -> None:
    token = form_token(opened, timezone.now() - LIFETIME - timedelta(days=1))

    response = Visitor(opened, token).get()

    page = response.content.decode()
    assert response.status_code == 404
    assert "This link has expired" in page
    assert "gives you a new link" in page
    assert opened.applicant_name not in page


@pytest.mark.parametrize(
    "page", ["", "check/", "done/", "papers/id-proof/", "versions/1/file", "versions/1/pages/0.png"]
)
def test_a_tampered_link_opens_no_page(opened: Application, page: str) -> None:
    response = Visitor(opened, form_token(opened)[:-4] + "AAAA").get(page)

    assert response.status_code == 403
    assert "This link does not work" in response.content.decode()
    assert opened.applicant_name not in response.content.decode()


def test_a_link_to_an_application_that_went_to_another_transaction_opens_nothing(opened: Application) -> None:
    token = form_token(opened)
    Application.objects.filter(pk=opened.pk).update(source_reference="txn-2")

    assert Visitor(opened, token).get().status_code == 403


@pytest.mark.parametrize("state", [S.CANCELLED, S.FAILED, S.CONNECTION_ESTABLISHED])
def test_a_closed_application_needs_no_more_papers(state: str) -> None:
    closed = application_in(state)

    response = Visitor(closed).get()

    assert response.status_code == 403
    assert "No more documents are needed" in response.content.decode()
    assert closed.applicant_name not in response.content.decode()


def test_an_order_under_way_still_takes_papers() -> None:
    assert Visitor(scheduled_application()).send("id-proof", jpeg()).status_code == 302


def test_a_link_stays_good_when_the_draft_is_ordered(visitor: Visitor, opened: Application) -> None:
    advance(opened, "schedule", actor=SYSTEM)

    assert visitor.get().status_code == 200


# --- For programs ---------------------------------------------------------------------------------------------------


def test_a_program_gets_the_form_response_with_the_submission_id(visitor: Visitor) -> None:
    answer = visitor.send("id-proof", jpeg(), headers=JSON)

    visit = str(read_form_token(visitor.token).visit)
    assert answer.status_code == 200
    assert answer.json()["status"] is True
    assert answer.json()["errors"] == []
    assert answer.json()["submission_id"] == visit == str(Submission.objects.get().pk)
    assert answer.json()["next"].startswith(f"{visitor.base}papers/ownership/")


def test_a_program_gets_code_message_and_path_of_what_is_wrong(visitor: Visitor) -> None:
    answer = visitor.send("id-proof", b"MZ", headers=JSON)

    assert answer.status_code == 422
    assert answer.json()["status"] is False
    assert answer.json()["submission_id"] is None
    (error,) = answer.json()["errors"]
    assert (error["code"], error["paths"]) == ("wrong_type", "id-proof")
    assert "a program" in error["message"]


def test_a_program_with_a_bad_link_gets_json_too(opened: Application) -> None:
    response = Client().get("/documents/abc/", headers=JSON)

    assert response.status_code == 403
    assert response.json()["errors"][0]["code"] == "link_refused"


# --- Serving --------------------------------------------------------------------------------------------------------


def test_what_was_sent_can_be_seen_as_a_picture_that_we_drew(visitor: Visitor) -> None:
    visitor.send("id-proof", pdf(pages=2))
    version = DocumentVersion.objects.get()

    page = visitor.get(f"versions/{version.pk}/pages/1.png")

    assert page["Content-Type"] == "image/png"
    assert page.content.startswith(b"\x89PNG")
    assert visitor.get(f"versions/{version.pk}/pages/2.png").status_code == 404


def test_a_file_is_an_attachment_that_can_do_nothing(visitor: Visitor) -> None:
    visitor.send("id-proof", jpeg())

    response = visitor.get(f"versions/{DocumentVersion.objects.get().pk}/file")

    assert response["Content-Disposition"] == 'attachment; filename="id-proof-1.jpg"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert "no-store" in response["Cache-Control"]


def test_nobody_sees_another_applicants_papers(visitor: Visitor) -> None:
    stranger = send(paper_of(application()))

    for page in (f"versions/{stranger.pk}/file", f"versions/{stranger.pk}/pages/0.png"):
        assert visitor.get(page).status_code == 404


def test_a_lost_file_is_not_found(visitor: Visitor, files: Path) -> None:
    visitor.send("id-proof", jpeg())
    kept_in(files)[0].unlink()

    assert visitor.get(f"versions/{DocumentVersion.objects.get().pk}/file").status_code == 404


def test_a_page_is_not_stored_and_runs_only_our_own_script(visitor: Visitor) -> None:
    response = visitor.get()

    assert "no-store" in response["Cache-Control"]
    assert "script-src 'self'" in response["Content-Security-Policy"]
    assert response["Referrer-Policy"] == "no-referrer"
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src)", response.content.decode())


def test_words_of_the_applicant_are_shown_as_words() -> None:
    script = "<script>alert(1)</script>"
    opened = application()
    Application.objects.filter(pk=opened.pk).update(applicant_name=script)
    send(paper_of(opened), original_name=script)

    page = Visitor(opened).get("check/").content.decode()

    assert script not in page
    assert "&lt;script&gt;" in page


def test_no_log_ever_holds_a_key_to_the_form(visitor: Visitor, caplog: pytest.LogCaptureFixture) -> None:
    answers = [visitor.send("id-proof", b"MZ"), visitor.get("papers/passport/"), visitor.get("versions/0/file")]

    assert [answer.status_code for answer in answers] == [422, 404, 404]
    assert visitor.token not in caplog.text
