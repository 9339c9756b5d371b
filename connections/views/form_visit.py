"""Who opens the document form: the link's bearer, for one application, for as long as the link is good."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from uuid import UUID, uuid4

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from connections.actors import Actor
from connections.documents.handing_in import TAKING, may_hand_in
from connections.form_link import LIFETIME, LinkExpired, LinkInvalid, read_form_token
from connections.lifecycle import Refused
from connections.models import Application, Document

APPLICANT = Actor.system("applicant")
NONCE = "document form nonce"


@dataclass(frozen=True)
class Visit:
    """One opening of the form. `id` is that of the submission that it brings, once a paper was sent."""

    token: str
    id: UUID
    application: Application
    documents: list[Document]

    def address(self, page: str, *more: Any) -> str:
        return reverse(f"documents:{page}", args=[self.token, *more])

    def is_open_for(self, document: Document) -> bool:
        return may_hand_in(document, self.id)

    def wanted(self) -> list[Document]:
        return [document for document in self.documents if document.is_wanted]

    def new_nonce(self, document: Document) -> str:
        """Says that this page was ours, when and for which document; it is also the upload's id without a script."""
        return signing.dumps([str(self.id), document.pk, uuid4().hex], salt=NONCE)

    def read_nonce(self, nonce: str, document: Document) -> UUID:
        """Raises `Refused("form_stale")`."""
        try:
            visit, document_pk, made = signing.loads(nonce, salt=NONCE, max_age=LIFETIME)
        except signing.BadSignature:
            visit, document_pk, made = "", 0, ""
        if visit != str(self.id) or document_pk != document.pk:
            raise Refused("form_stale", "This page has been open too long. Choose the file once more and send it.")
        return UUID(made)


class LinkRefused(Exception):
    """Why the form does not open, for the person who followed the link."""

    def __init__(self, status: int, heading: str, text: str) -> None:
        super().__init__(text)
        self.status, self.heading = status, heading


def open_visit(token: str) -> Visit:
    """Raises `LinkRefused`, which tells nothing about any application."""
    try:
        claims = read_form_token(token)
    except LinkExpired:
        again = "Open your application in the app where you made it: it gives you a new link."
        raise LinkRefused(404, "This link has expired", f"{again} What you handed in before is kept.") from None
    except LinkInvalid:
        raise _unknown() from None
    application = (
        Application.objects.select_related("provider", "offering")
        .filter(pk=claims.application, source=claims.source, source_reference=claims.source_reference)
        .first()
    )
    if application is None:
        raise _unknown()
    if application.fulfillment_state not in TAKING:
        raise LinkRefused(403, "No more documents are needed", "The application that this link belongs to is closed.")
    documents = list(application.documents.filter(waived_at=None))
    return Visit(token, claims.visit, application, documents)


def _unknown() -> LinkRefused:
    text = "It may have been cut off on its way. Open it again from the app or the message that gave it to you."
    return LinkRefused(403, "This link does not work", text)


def wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def form_response(submission_id: UUID | None, problems: dict[str, Refused], status: int, **more: str) -> JsonResponse:
    """BECKN-007's FormResponse: status, submission_id and errors with the paths of what they are about."""
    errors = [{"code": p.code, "message": str(p), "paths": path} for path, p in problems.items()]
    submission = str(submission_id) if submission_id else None
    return JsonResponse({"status": not errors, "submission_id": submission, "errors": errors, **more}, status=status)


def for_the_bearer(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Open the visit on the provider's clock, or say why not; nothing of it is kept by browsers or proxies."""

    @wraps(view)
    def guarded(request: HttpRequest, token: str, **more: Any) -> HttpResponse:
        try:
            visit = open_visit(token)
            with timezone.override(visit.application.provider.zone):
                response = view(request, visit, **more)
        except LinkRefused as problem:
            response = _refuse(request, problem)
        except Http404:
            response = _refuse(request, LinkRefused(404, "This is not here", "Open your link again."))
        add_never_cache_headers(response)
        response.headers["Referrer-Policy"] = "no-referrer"
        # Django would log the address of whatever fails, and with it the token: a key that still opens the form.
        response._has_been_logged = True  # type: ignore[attr-defined]
        return response

    return guarded


def _refuse(request: HttpRequest, problem: LinkRefused) -> HttpResponse:
    if wants_json(request):
        return form_response(None, {"": Refused("link_refused", f"{problem.heading}. {problem}")}, problem.status)
    context = {"heading": problem.heading, "text": str(problem)}
    return render(request, "connections/link_refused.html", context, status=problem.status)
