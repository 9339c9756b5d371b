"""A buyer app posts the document form itself, signed, instead of sending the applicant's browser (BECKN-007).

It posts multipart to the form's address with one file a document, named by the document's code, or to the address of
one document's step with a file of any name. The answer is BECKN-007's FormResponse.

The signature is over the whole body, so all of it must be read before it is known who sent it. Therefore nothing is
read of a form that has no link of ours, nor more than its papers may have; and what is long waits on disk.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, JsonResponse
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.http.response import HttpResponseBase

from beckn_adapter import limits, signing
from beckn_adapter.answers import judge, remember
from beckn_adapter.caller import Caller, caller_of
from beckn_adapter.gate import NotAuthenticated, authenticate
from beckn_adapter.limits import TooMany
from beckn_adapter.registry import RegistryDown
from connections.actors import Actor
from connections.documents.handing_in import PapersRefused, Upload, submit_papers
from connections.documents.paper import megabytes
from connections.lifecycle import Refused
from connections.views.form_visit import LinkRefused, open_visit

PREFIX = "/documents/"
IN_MEMORY = 1_000_000  # bytes of a form that are kept in memory
ENVELOPE = 10_000  # bytes that a form has around each file
CHUNK = 65_536


class TooLong(Refused):
    """More than the papers of this form can have."""


@dataclass(frozen=True)
class Form:
    """A body as it was read: `file` stands at its beginning."""

    file: SpooledTemporaryFile[bytes]
    length: int
    hashed: signing.Hashed


class SignedForms:
    """Middleware that answers a form which a buyer app signed, before a session or a CSRF token is asked for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return receive_form(request) if is_signed_form(request) else self.get_response(request)


def is_signed_form(request: HttpRequest) -> bool:
    signed = request.headers.get("Authorization", "").startswith("Signature ")
    return signed and request.method == "POST" and request.path_info.startswith(PREFIX)


def receive_form(request: HttpRequest) -> JsonResponse:
    """Take the papers, all or none. 401 without a good signature, 403 on a link that is not the sender's own."""
    token, _, step = request.path_info.removeprefix(PREFIX).partition("/")
    caller = caller_of(request.META, "form")
    try:
        limits.check_address(caller)
        visit = open_visit(token)
        with _read(request, files=1 if step else max(1, len(visit.documents))) as form:
            sender = authenticate(form.hashed, request.headers["Authorization"], kind="BAP", caller=caller)
            limits.check_subscriber(caller)
            if visit.application.source != sender.subscriber_id:
                raise LinkRefused(403, "This link does not work", "It was given to another buyer app.")
            papers = _papers(request, form, step)
        submission = submit_papers(
            visit.application,
            papers,
            source=sender.subscriber_id,
            actor=Actor.buyer_app(sender.subscriber_id),
            submission_id=visit.id,
        )
    except (NotAuthenticated, RegistryDown, TooMany) as problem:
        return _turned_away(caller, problem)
    except LinkRefused as problem:
        return _form_response(None, {"": Refused("30000", f"{problem.heading}. {problem}")}, problem.status)
    except TooLong as refusal:
        return _form_response(None, {"": refusal}, 413)
    except PapersRefused as refusal:
        return _form_response(None, refusal.problems, 422)
    except Refused as refusal:
        return _form_response(None, {"": refusal}, 422)
    return _form_response(submission.pk, {}, 200)


def _turned_away(caller: Caller, problem: Exception) -> JsonResponse:
    """What the door says to such a caller, in the form's words."""
    error, status, headers = judge(caller, problem)
    remember(caller, error)
    answer = _form_response(None, {"": Refused(error.code, error.message)}, status)
    for name, value in headers.items():
        answer[name] = value
    return answer


@contextmanager
def _read(request: HttpRequest, *, files: int) -> Iterator[Form]:
    """The raw body that the signature is over, no longer than so many files may be. Raises `Refused`."""
    most = files * (settings.DOCUMENT_MAX_BYTES + ENVELOPE)
    sentence = f"This form takes {files} {'file' if files == 1 else 'files'}, so it may have {megabytes(most)} at most."
    named = request.META.get("CONTENT_LENGTH") or ""
    if named.isdigit() and int(named[:12]) > most:
        raise TooLong("too_large", sentence)
    # Django reads nothing of a body that comes in chunks, for it names no length.
    in_chunks = not named and "chunked" in request.headers.get("Transfer-Encoding", "")
    source = request.environ["wsgi.input"] if in_chunks else request  # type: ignore[attr-defined]
    hasher, length = signing.hasher(), 0
    with SpooledTemporaryFile(max_size=IN_MEMORY) as kept:
        while chunk := _next(source, most + 1 - length):
            hasher.update(chunk)
            kept.write(chunk)
            length += len(chunk)
            if length > most:
                raise TooLong("too_large", sentence)
        kept.seek(0)
        yield Form(kept, length, signing.Hashed(hasher.digest()))


def _next(source: Any, most: int) -> bytes:
    try:
        chunk: bytes = source.read(min(CHUNK, most))
    except OSError:  # UnreadablePostError is one
        raise Refused("broken_off", "The form broke off. Send it again.") from None
    return chunk


def _papers(request: HttpRequest, form: Form, step: str) -> dict[str, Upload]:
    about = {**request.META, "CONTENT_LENGTH": str(form.length)}
    try:
        _, found = MultiPartParser(about, form.file, request.upload_handlers, "utf-8").parse()  # type: ignore[arg-type]
    except (MultiPartParserError, SuspiciousOperation, ValueError):
        raise Refused("unreadable", "The form is not multipart/form-data as RFC 7578 has it.") from None
    files = {name: file for name, file in found.items() if not isinstance(file, list)}
    named = step.removeprefix("papers/").strip("/") if step.startswith("papers/") else ""
    if named and len(files) > 1:
        raise Refused("too_many", "This address takes one file.")
    return {
        named or str(code): Upload(data=file.read(), original_name=str(file.name or "")) for code, file in files.items()
    }


def _form_response(submission_id: UUID | None, problems: dict[str, Refused], status: int) -> JsonResponse:
    errors = [{"code": "30000", "message": str(problem), "paths": path} for path, problem in problems.items()]
    answer: dict[str, Any] = {"status": not errors, "submission_id": submission_id and str(submission_id)}
    return JsonResponse({**answer, "errors": errors}, status=status)
