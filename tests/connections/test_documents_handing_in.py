"""Handing papers in: kept once, under a name that nobody can guess, and only while they are wanted."""

import hashlib
import resource
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction

from connections.actors import Actor
from connections.documents.handing_in import (
    PapersRefused,
    Upload,
    hand_in_link,
    may_hand_in,
    open_submission,
    submit_papers,
)
from connections.lifecycle import Refused, advance
from connections.models import Document, DocumentVersion, Event, Submission
from connections.vocabulary import ApplicationState as S
from tests.conftest import AtOnce
from tests.connections.intake import APPLICANT, files, kept_in, paper_of, send
from tests.connections.papers import LIES, jpeg, pdf, png
from tests.factories import SYSTEM, application, application_in, scheduled_application

__all__ = ["files"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]
BAP = Actor.buyer_app("bap.example.com")


def test_a_paper_handed_in_is_a_numbered_version_and_the_document_is_submitted(files: Path) -> None:
    document = paper_of(application())

    version = send(document, png(), original_name="deed.png")

    document.refresh_from_db()
    content = kept_in(files)[0].read_bytes()
    assert (document.state, version.number, version.original_name) == ("SUBMITTED", 1, "deed.png")
    assert (version.media_type, version.size) == ("image/png", len(content))
    assert version.sha256 == hashlib.sha256(content).hexdigest()


def test_the_name_on_disk_says_nothing(files: Path) -> None:
    send(paper_of(application()), original_name="../../passport of Jonathan.pdf")

    (kept,) = kept_in(files)
    assert len(kept.name) == 32
    assert int(kept.name, 16)


def test_the_same_upload_again_is_kept_once(files: Path) -> None:
    document, client_id = paper_of(application()), uuid4()

    first, second = send(document, client_id=client_id), send(document, client_id=client_id)

    assert first == second
    assert DocumentVersion.objects.count() == len(kept_in(files)) == 1
    assert Event.objects.filter(kind="document.submitted").count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_upload_many_times_at_once_is_kept_once(files: Path, at_once: AtOnce) -> None:
    document, client_id = paper_of(application()), uuid4()

    outcomes = at_once(5, lambda: send(document, client_id=client_id))

    assert {outcome.pk for outcome in outcomes} == {DocumentVersion.objects.get().pk}
    assert len(kept_in(files)) == 1


def test_an_upload_id_opens_no_other_document() -> None:
    draft, client_id = application(), uuid4()
    send(paper_of(draft), client_id=client_id)

    with pytest.raises(Refused, match="used already for another document"):
        send(paper_of(draft, "wiring"), client_id=client_id)


@pytest.mark.parametrize("verdict", ["verify", None])
def test_a_paper_that_is_not_asked_for_is_refused(verdict: str | None, files: Path) -> None:
    document = paper_of(application())
    send(document)
    if verdict:
        advance(document, verdict, actor=SYSTEM)

    with pytest.raises(Refused) as refusal:
        send(document, png())

    assert refusal.value.code == "not_wanted"
    assert len(kept_in(files)) == 1


def test_a_rejected_paper_comes_as_a_new_version_and_the_old_one_stays(files: Path) -> None:
    document = paper_of(application())
    send(document)
    advance(document, "reject", actor=SYSTEM, reason="Blurred.")

    send(document, png())

    old, new = document.versions.order_by("number")
    document.refresh_from_db()
    assert (document.state, document.reason) == ("SUBMITTED", "")
    assert (old.verdict, old.reason, new.number, new.verdict) == ("REJECTED", "Blurred.", 2, "SUBMITTED")
    assert len(kept_in(files)) == 2


def test_within_one_submission_a_paper_may_be_replaced_until_it_is_judged() -> None:
    draft = application()
    document = paper_of(draft)
    submission = open_submission(draft, source="document form", submission_id=uuid4())
    send(document, submission=submission)

    send(document, png(), submission=submission)

    assert [version.number for version in document.versions.all()] == [1, 2]
    assert Event.objects.filter(kind="document.submitted").count() == 1
    assert Event.objects.filter(kind="document.replaced").count() == 1
    advance(document, "verify", actor=SYSTEM)
    document.refresh_from_db()
    assert not may_hand_in(document, submission.pk)


def test_another_visitor_can_not_replace_what_waits_for_its_check() -> None:
    draft = application()
    document = paper_of(draft)
    send(document, submission=open_submission(draft, source="document form", submission_id=uuid4()))

    with pytest.raises(Refused, match="not asked for"):
        send(document, submission=open_submission(draft, source="document form", submission_id=uuid4()))


@pytest.mark.parametrize("state", [S.CANCELLED, S.FAILED, S.CONNECTION_ESTABLISHED])
def test_a_closed_application_takes_no_papers(state: str, files: Path) -> None:
    closed = application_in(state)
    document = closed.documents.first()
    assert document is not None

    with pytest.raises(Refused) as refusal:
        send(document)

    assert refusal.value.code == "application_closed"
    assert kept_in(files) == []


def test_a_file_does_not_outlive_the_transaction_that_failed(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ConnectionError("the database is gone")

    monkeypatch.setattr("connections.documents.handing_in.advance", fail)

    with pytest.raises(ConnectionError):
        send(paper_of(application()))

    assert (kept_in(files), DocumentVersion.objects.count()) == ([], 0)


# --- Several at once ------------------------------------------------------------------------------------------------


def test_papers_sent_together_are_one_submission() -> None:
    draft = application()

    submission = submit_papers(
        draft, {"id-proof": Upload(jpeg()), "ownership": Upload(pdf())}, source="bap.example.com", actor=BAP
    )

    assert (submission.application, submission.source) == (draft, "bap.example.com")
    assert submission.versions.count() == 2
    assert [document.state for document in draft.documents.all()] == ["SUBMITTED", "SUBMITTED", "PENDING"]


def test_one_bad_paper_keeps_back_all_and_each_is_told_its_reason(files: Path) -> None:
    draft = application()
    papers = {"id-proof": Upload(jpeg()), "ownership": Upload(LIES["a GIF"][0]), "passport": Upload(jpeg())}

    with pytest.raises(PapersRefused) as refusal:
        submit_papers(draft, papers, source="bap.example.com", actor=BAP)

    codes = {code: problem.code for code, problem in refusal.value.problems.items()}
    assert codes == {"ownership": "wrong_type", "passport": "unknown_document"}
    assert (kept_in(files), Submission.objects.count()) == ([], 0)


def test_a_paper_that_is_not_wanted_takes_back_the_files_of_the_others(files: Path) -> None:
    draft = application()
    send(paper_of(draft, "ownership"))

    papers = {"id-proof": Upload(jpeg()), "ownership": Upload(png())}
    with pytest.raises(PapersRefused) as refusal:
        submit_papers(draft, papers, source="bap.example.com", actor=BAP)

    assert refusal.value.problems["ownership"].code == "not_wanted"
    assert len(kept_in(files)) == 1
    assert paper_of(draft).state == "PENDING"


def test_the_same_papers_sent_twice_in_one_visit_are_kept_once() -> None:
    draft, visit = application(), uuid4()
    papers = {"id-proof": Upload(jpeg()), "ownership": Upload(png())}

    for _ in range(2):
        submission = submit_papers(draft, papers, source="bap.example.com", actor=BAP, submission_id=visit)
        assert submission.pk == visit

    assert DocumentVersion.objects.count() == 2


def test_a_submission_without_papers_is_refused() -> None:
    with pytest.raises(PapersRefused, match="No paper was sent"):
        submit_papers(application(), {}, source="bap.example.com", actor=BAP)


def test_a_submission_of_another_application_is_refused() -> None:
    submission = submit_papers(application(), {"id-proof": Upload(jpeg())}, source="a", actor=BAP)

    with pytest.raises(Refused) as refusal:
        open_submission(application(), source="a", submission_id=submission.pk)

    assert refusal.value.code == "unknown_submission"


# --- Links and words ------------------------------------------------------------------------------------------------


def test_a_link_from_a_buyer_app_is_noted_once_and_never_fetched() -> None:
    document = paper_of(application())

    for _ in range(2):
        hand_in_link(document, url="https://files.example.com/id.pdf", actor=BAP)

    version = document.versions.get()
    document.refresh_from_db()
    assert (version.link, version.file.name, document.state) == ("https://files.example.com/id.pdf", "", "SUBMITTED")


def test_a_corrected_link_is_the_next_version() -> None:
    document = paper_of(application())
    hand_in_link(document, url="https://files.example.com/id.pdf", actor=BAP)

    hand_in_link(document, url="https://files.example.com/better.pdf", actor=BAP)

    assert [version.number for version in document.versions.all()] == [1, 2]


def test_a_number_may_stand_for_a_paper() -> None:
    document = paper_of(application())

    hand_in_link(document, text="Licence D1234567", actor=BAP)

    assert document.versions.get().text == "Licence D1234567"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "id.pdf", "https://a/" + "b" * 1000])
def test_what_is_no_web_address_is_refused(url: str) -> None:
    document = paper_of(application())

    with pytest.raises(Refused) as refusal:
        hand_in_link(document, url=url, actor=BAP)

    assert refusal.value.code == "bad_link"
    assert not Document.objects.get(pk=document.pk).versions.exists()


def test_a_link_for_a_verified_paper_is_refused() -> None:
    order = scheduled_application()
    document = paper_of(order)
    with transaction.atomic():
        advance(advance(document, "submit", actor=SYSTEM), "verify", actor=SYSTEM)

    with pytest.raises(Refused, match="not asked for"):
        hand_in_link(document, url="https://files.example.com/id.pdf", actor=APPLICANT)


def test_a_paper_for_which_there_is_no_room_leaves_nothing_behind(files: Path) -> None:
    document, before = paper_of(application()), resource.getrlimit(resource.RLIMIT_FSIZE)

    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))  # no file may grow longer, as where the disk is full
    try:
        with pytest.raises(OSError, match="too large"):
            send(document)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert kept_in(files) == []
    assert DocumentVersion.objects.count() == 0
    assert send(document).number == 1
