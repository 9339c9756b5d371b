"""Handing papers in: by the applicant's form, by a buyer app, as a file, a link or a remark. Sent twice, kept once."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.validators import URLValidator
from django.db import transaction

from connections.actors import Actor
from connections.documents.paper import Paper, judge_paper
from connections.lifecycle import Refused, advance, record
from connections.models import Application, Document, DocumentVersion, Submission
from connections.vocabulary import OPEN_STATES, ApplicationState, DocumentState

TAKING = [ApplicationState.DRAFT, *OPEN_STATES]
AGAIN = [DocumentState.REJECTED, DocumentState.EXPIRED]
is_web_address = URLValidator(schemes=["https", "http"])


@dataclass(frozen=True)
class Upload:
    """A file as it came in. Without a `client_id` the same bytes for the same paper count as the same upload."""

    data: bytes
    original_name: str = ""
    client_id: UUID | None = None


@dataclass(frozen=True)
class _Sheet:
    """A file that was judged and is about to be kept."""

    document: Document
    client_id: UUID
    paper: Paper
    original_name: str


class PapersRefused(Refused):
    """Some of the papers can not be taken, so none was: `problems` has a refusal for each, by the document's code."""

    def __init__(self, problems: Mapping[str, Refused]) -> None:
        super().__init__("papers_refused", " ".join(map(str, problems.values())))
        self.problems = dict(problems)


def hand_in(
    document: Document,
    *,
    data: bytes,
    original_name: str,
    client_id: UUID,
    submission: Submission | None,
    actor: Actor,
) -> DocumentVersion:
    """Keep a file as the document's next version. The same `client_id` again returns what was kept.

    Within one submission a paper may be replaced until staff have judged it; else only a wanted one is taken. Raises
    `Refused`: what `judge_paper` says, `not_wanted`, `application_closed`.
    """
    kept = _kept_before(document, client_id)
    if kept:
        return kept
    paper = judge_paper(data)  # before any lock: it takes its time
    with _files_undone_on_failure() as files:
        return _keep_file(_Sheet(document, client_id, paper, original_name), submission, actor, files)


def hand_in_link(
    document: Document,
    *,
    url: str = "",
    text: str = "",
    actor: Actor,
    submission: Submission | None = None,
    client_id: UUID | None = None,
) -> DocumentVersion:
    """Note a paper that a buyer app names instead of sending: an address, a number, a remark. We never fetch it.

    The same words for the same document again return what was kept. Raises `Refused`: `bad_link`, `not_wanted`.
    """
    url, text = url.strip(), text.strip()[:500]
    if not url and not text:
        raise Refused("empty", "Neither an address nor a text was given.")
    if url:
        _check_address(url)
    newest = document.versions.order_by("-number").first()
    if newest and (newest.link, newest.text) == (url, text) and document.state not in AGAIN:
        return newest
    with transaction.atomic():
        _lock_open_application(document)
        return _add_version(document, submission, actor, client_id=client_id or uuid4(), link=url, text=text)


def submit_papers(
    application: Application,
    papers: Mapping[str, Upload],
    *,
    source: str,
    actor: Actor,
    submission_id: UUID | None = None,
) -> Submission:
    """Take several papers at once, by the documents' codes, all or none. Raises `PapersRefused`.

    `submission_id` (a form link's visit) makes it safe to send the same papers twice.
    """
    submission_id = submission_id or uuid4()
    judged = _judge_all(application, papers, submission_id)
    problems: dict[str, Refused] = {}
    with _files_undone_on_failure() as files:
        submission = open_submission(application, source=source, submission_id=submission_id)
        for code, sheet in judged.items():
            try:
                _keep_file(sheet, submission, actor, files)
            except Refused as problem:
                problems[code] = problem
        if problems:
            raise PapersRefused(problems)
    return submission


def _judge_all(application: Application, papers: Mapping[str, Upload], visit: UUID) -> dict[str, _Sheet]:
    """Look at every paper before any is kept, leaving out those that are kept already. Raises `PapersRefused`."""
    documents = {document.code: document for document in application.documents.all()}
    judged: dict[str, _Sheet] = {}
    problems = {} if papers else {"": Refused("no_papers", "No paper was sent.")}
    for code, upload in papers.items():
        client_id = upload.client_id or client_id_of(visit, code, upload.data)
        try:
            if code not in documents:
                raise Refused("unknown_document", f"This application needs no document {code!r}.")
            if _kept_before(documents[code], client_id) is None:
                judged[code] = _Sheet(documents[code], client_id, judge_paper(upload.data), upload.original_name)
        except Refused as problem:
            problems[code] = problem
    if problems:
        raise PapersRefused(problems)
    return judged


def open_submission(application: Application, *, source: str, submission_id: UUID) -> Submission:
    """The submission of this id, made if it is new. Raises `Refused("unknown_submission")` where it is another's."""
    submission, _ = Submission.objects.get_or_create(
        id=submission_id, defaults={"application": application, "source": source}
    )
    if submission.application_id != application.pk:
        raise Refused("unknown_submission", "This submission belongs to another application.")
    return submission


def client_id_of(visit: UUID, code: str, data: bytes) -> UUID:
    """The same file for the same document in the same visit has the same id."""
    return uuid5(visit, f"{code}/{sha256(data).hexdigest()}")


def may_hand_in(document: Document, submission_id: UUID | None) -> bool:
    """Wanted, or handed in by this very submission and not judged yet."""
    if document.is_wanted:
        return True
    if document.state != DocumentState.SUBMITTED or document.waived_at or submission_id is None:
        return False
    newest = document.versions.order_by("-number").first()
    return newest is not None and newest.submission_id == submission_id


# --- How it is done -------------------------------------------------------------------------------------------------


def _keep_file(sheet: _Sheet, submission: Submission | None, actor: Actor, files: list[str]) -> DocumentVersion:
    _lock_open_application(sheet.document)
    kept = _kept_before(sheet.document, sheet.client_id)  # sent twice at once: the lock let the other one pass
    if kept:
        return kept
    fields = {
        "client_id": sheet.client_id,
        "original_name": sheet.original_name[-200:],
        "media_type": sheet.paper.media_type,
        "size": len(sheet.paper.data),
        "sha256": sha256(sheet.paper.data).hexdigest(),
    }
    return _add_version(sheet.document, submission, actor, content=sheet.paper.data, files=files, **fields)


def _add_version(
    document: Document,
    submission: Submission | None,
    actor: Actor,
    content: bytes | None = None,
    files: list[str] | None = None,
    **fields: Any,
) -> DocumentVersion:
    document = Document.objects.get(pk=document.pk)  # refresh_from_db would unprotect the state for every thread
    by_name = content is None and document.state == DocumentState.SUBMITTED and not document.waived_at
    if not (by_name or may_hand_in(document, submission.pk if submission else None)):
        state = "waived" if document.waived_at else document.get_state_display().lower()
        raise Refused("not_wanted", f"{document.name} is not asked for: it is {state}.")
    newest = document.versions.order_by("-number").first()
    version = DocumentVersion(
        document=document, submission=submission, number=newest.number + 1 if newest else 1, **fields
    )
    if content is not None:
        version.file.save("", ContentFile(content), save=False)
        if files is not None:
            files.append(str(version.file.name))
    version.save()
    if document.is_wanted:
        advance(document, "submit", actor=actor)
    else:
        record(document, "replaced", actor=actor)
    return version


def _lock_open_application(document: Document) -> None:
    """One hand at a time on an application's papers. Raises `Refused("application_closed")`."""
    application = Application.objects.select_for_update().get(pk=document.application_id)
    if application.fulfillment_state not in TAKING:
        raise Refused("application_closed", "This application is closed: no more documents are needed.")


def _kept_before(document: Document, client_id: UUID) -> DocumentVersion | None:
    kept = DocumentVersion.objects.filter(client_id=client_id).first()
    if kept and kept.document_id != document.pk:
        raise Refused("client_id_taken", "This upload's id is used already for another document.")
    return kept


def _check_address(url: str) -> None:
    try:
        is_web_address(url)
    except ValidationError:
        raise Refused("bad_link", "This is not a web address that starts with https:// or http://.") from None
    if len(url) > 1000:
        raise Refused("bad_link", "This address is longer than 1000 characters.")


@contextmanager
def _files_undone_on_failure() -> Iterator[list[str]]:
    """A transaction that also writes files: when it fails they go. What a crash leaves the daily sweep finds."""
    files: list[str] = []
    try:
        with transaction.atomic():
            yield files
    except BaseException:
        for name in files:
            default_storage.delete(name)
        raise
