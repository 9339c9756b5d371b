"""The document form: one paper a page, what was sent, and the end. Works without script, better with it."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from connections.documents.handing_in import PapersRefused, Upload, client_id_of, submit_papers
from connections.documents.paper import ACCEPTED, megabytes
from connections.lifecycle import Refused
from connections.models import Document, Submission
from connections.views.form_visit import APPLICANT, Visit, for_the_bearer, form_response, wants_json
from connections.views.intake import read_upload

FORM = "document form"  # as a submission's source: unsigned, by the link's bearer
STATUS = {"too_large": 413, "form_stale": 403}  # every other refusal is 422: understood, and not taken


@require_GET
@for_the_bearer
def first_step(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The first paper that is wanted; when none is, what was handed in."""
    wanted = visit.wanted()
    return _show_step(request, visit, wanted[0]) if wanted else check_page(request, visit)


# No session stands behind this page: the token in the address is the key, and the nonce says that the page was ours.
@csrf_exempt
@require_http_methods(["GET", "POST"])
@for_the_bearer
def step(request: HttpRequest, visit: Visit, code: str) -> HttpResponse:
    document = next((document for document in visit.documents if document.code == code), None)
    if document is None:
        raise Http404
    if request.method == "GET":
        return _show_step(request, visit, document)
    try:
        _take(request, visit, document)
    except Refused as refusal:
        status = STATUS.get(refusal.code, 422)
        if wants_json(request):
            return form_response(None, {code: refusal}, status)
        return _show_step(request, visit, document, refusal, status)
    onward = _page_after(visit, document)
    if wants_json(request):
        return form_response(visit.id, {}, 200, next=onward)
    return HttpResponseRedirect(onward)


def _take(request: HttpRequest, visit: Visit, document: Document) -> None:
    """Keep the file that the request brings. Raises `Refused`."""
    data, name = read_upload(request)  # first: reading the fields reads the file too
    nonce = visit.read_nonce(request.POST.get("nonce", ""), document)
    try:
        client_id = UUID(request.POST["client_id"])
    except (KeyError, ValueError):
        client_id = client_id_of(nonce, document.code, data)
    try:
        papers = {document.code: Upload(data, name, client_id)}
        submit_papers(visit.application, papers, source=FORM, actor=APPLICANT, submission_id=visit.id)
    except PapersRefused as refused:
        raise refused.problems[document.code] from None


def _page_after(visit: Visit, document: Document) -> str:
    """The next paper that is wanted, those before this one last; then what was handed in."""
    place = visit.documents.index(document)
    in_turn = [*visit.documents[place + 1 :], *visit.documents[:place]]
    following = next((other for other in in_turn if other.is_wanted), None)
    return f"{visit.address('step', following.code)}?sent={document.code}" if following else visit.address("check")


def _show_step(
    request: HttpRequest, visit: Visit, document: Document, refusal: Refused | None = None, status: int = 200
) -> HttpResponse:
    place = visit.documents.index(document)
    wanted = visit.application.offering.required_documents.filter(code=document.code).first()
    skip = next((other for other in visit.documents[place + 1 :] if other.is_wanted), None)
    context = {
        **_shared(visit),
        "document": document,
        "hint": wanted.hint if wanted else "",
        "number": place + 1,
        "total": len(visit.documents),
        "newest": document.versions.order_by("-number").first(),
        "is_open": visit.is_open_for(document),
        "nonce": visit.new_nonce(document),
        "refusal": refusal,
        "just_sent": _just_sent(visit, request.GET.get("sent", "")),
        "back": visit.address("step", visit.documents[place - 1].code) if place else "",
        "skip": visit.address("step", skip.code) if skip else visit.address("check"),
        "skips_to": skip,
        "accepted": ACCEPTED,
        "max_bytes": settings.DOCUMENT_MAX_BYTES,
        "most": megabytes(settings.DOCUMENT_MAX_BYTES),
    }
    return render(request, "connections/document_step.html", context, status=status)


def _just_sent(visit: Visit, code: str) -> Document | None:
    sent = next((document for document in visit.documents if document.code == code), None)
    return sent if sent and not sent.is_wanted else None


def _shared(visit: Visit) -> dict[str, Any]:
    return {
        "visit": visit,
        "token": visit.token,
        "application": visit.application,
        "provider": visit.application.provider,
    }


@require_GET
@for_the_bearer
def check(request: HttpRequest, visit: Visit) -> HttpResponse:
    return check_page(request, visit)


def check_page(request: HttpRequest, visit: Visit) -> HttpResponse:
    rows = [
        {
            "document": document,
            "newest": document.versions.order_by("-number").first(),
            "is_open": visit.is_open_for(document),
            "address": visit.address("step", document.code),
        }
        for document in visit.documents
    ]
    context = {**_shared(visit), "rows": rows, "wanted": visit.wanted(), "submission": _submission(visit)}
    return render(request, "connections/document_check.html", context)


@require_GET
@for_the_bearer
def done(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The end, with the number of the submission; whoever sent nothing goes back to what is asked."""
    submission = _submission(visit)
    if submission is None:
        return HttpResponseRedirect(visit.address("form"))
    sent = {version.document_id for version in submission.versions.all()}
    context = {
        **_shared(visit),
        "submission": submission,
        "sent": [document for document in visit.documents if document.pk in sent],
        "wanted": visit.wanted(),
    }
    return render(request, "connections/document_done.html", context)


def _submission(visit: Visit) -> Submission | None:
    return Submission.objects.filter(pk=visit.id, application=visit.application).prefetch_related("versions").first()
