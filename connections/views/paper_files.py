"""Papers as files and as pictures. Who may have them is settled by the caller: the form's token or the admin."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from connections.documents.paper import EXTENSION, draw_page
from connections.lifecycle import Refused
from connections.models import DocumentVersion
from connections.views.form_visit import Visit, for_the_bearer

PREVIEW_WIDTH = 800  # pixels
NOTHING_ACTIVE = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@require_GET
@for_the_bearer
def download(request: HttpRequest, visit: Visit, version: int) -> HttpResponse:
    return as_attachment(_own(visit, version))


@require_GET
@for_the_bearer
def page(request: HttpRequest, visit: Visit, version: int, page: int) -> HttpResponse:
    return as_picture(_own(visit, version), page, PREVIEW_WIDTH)


def _own(visit: Visit, version: int) -> DocumentVersion:
    kept = DocumentVersion.objects.filter(pk=version, document__in=visit.documents).first()
    if kept is None:
        raise Http404
    return kept


def as_attachment(version: DocumentVersion) -> HttpResponse:
    """The file itself, to be kept and never shown in our pages' name. 404 for a version without a file."""
    name = f"{version.document.code}-{version.number}.{EXTENSION.get(version.media_type, 'bin')}"
    response = HttpResponse(read_file(version), content_type=version.media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return _locked_in(response)


def as_picture(version: DocumentVersion, page: int, width: int) -> HttpResponse:
    """Page `page` (from 0), drawn by us, `width` pixels wide at most. 404 where there is none."""
    try:
        drawn = draw_page(read_file(version), page, width)
    except Refused:
        raise Http404 from None
    return _locked_in(HttpResponse(drawn, content_type="image/png"))


def read_file(version: DocumentVersion) -> bytes:
    """404 where there is no file, or it is gone."""
    try:
        with version.file.open("rb") as file:
            return file.read()
    except (ValueError, FileNotFoundError):
        raise Http404 from None


def _locked_in(response: HttpResponse) -> HttpResponse:
    response.headers["Content-Security-Policy"] = NOTHING_ACTIVE
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store, private"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
