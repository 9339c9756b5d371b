"""A buyer app posts the document form itself, signed, instead of sending the applicant's browser (BECKN-007).

It posts multipart to the form's address with one file a document, named by the document's code, or to the address of
one document's step with a file of any name. The answer is BECKN-007's FormResponse.
"""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, JsonResponse
from django.http.multipartparser import MultiPartParserError

from beckn_adapter import limits
from beckn_adapter.answers import judge, remember
from beckn_adapter.caller import Caller, caller_of
from beckn_adapter.gate import NotAuthenticated, authenticate
from beckn_adapter.limits import TooMany
from beckn_adapter.registry import RegistryDown
from connections.actors import Actor
from connections.documents.handing_in import PapersRefused, Upload, submit_papers
from connections.lifecycle import Refused
from connections.views.form_visit import LinkRefused, open_visit

PREFIX = "/documents/"
MOST_PAPERS = 10


def is_signed_form(request: HttpRequest) -> bool:
    signed = request.headers.get("Authorization", "").startswith("Signature ")
    return signed and request.method == "POST" and request.path_info.startswith(PREFIX)


def receive_form(request: HttpRequest) -> JsonResponse:
    """Take the papers, all or none. 401 without a good signature, 403 on a link that is not the sender's own."""
    token, _, step = request.path_info.removeprefix(PREFIX).partition("/")
    caller = caller_of(request, "form")
    try:
        limits.check_address(caller)
        body = _read(request)
        sender = authenticate(body, request.headers["Authorization"], kind="BAP", caller=caller).subscriber_id
        limits.check_subscriber(caller)
        visit = open_visit(token)
        if visit.application.source != sender:
            raise LinkRefused(403, "This link does not work", "It was given to another buyer app.")
        submission = submit_papers(
            visit.application,
            _papers(request, step),
            source=sender,
            actor=Actor.buyer_app(sender),
            submission_id=visit.id,
        )
    except (NotAuthenticated, RegistryDown, TooMany) as problem:
        return _turned_away(caller, problem)
    except LinkRefused as problem:
        return _form_response(None, {"": Refused("30000", f"{problem.heading}. {problem}")}, problem.status)
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


def _read(request: HttpRequest) -> bytes:
    """The raw body that the signature is over, bounded; the form is parsed from these same bytes afterwards."""
    most = settings.DOCUMENT_MAX_BYTES * MOST_PAPERS
    body = request.read(most + 1)
    if len(body) > most:
        raise Refused("too_large", f"A form may have {most} bytes at most.")
    request._body = body  # what `request.body` would set, which stops at 2.5 MB
    return body


def _papers(request: HttpRequest, step: str) -> dict[str, Upload]:
    try:
        files = {name: file for name, file in request.FILES.items() if not isinstance(file, list)}
    except (MultiPartParserError, SuspiciousOperation, ValueError):
        raise Refused("unreadable", "The form is not multipart/form-data as RFC 7578 has it.") from None
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
