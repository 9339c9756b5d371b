"""Photos of the phone pages: the one that comes along with a sheet, and showing them to whoever may see them."""

from uuid import UUID, uuid4

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse_lazy
from django.views.decorators.http import require_GET

from connections.lifecycle import Refused
from fieldwork.models import Photo, Visit
from fieldwork.photos import keep_photo, may_see


def keep_what_came(request: HttpRequest, visit: Visit, kind: str) -> str:
    """Keep the photo that came along, if one did. Returns why it was not kept, empty if all is well."""
    file = request.FILES.get("photo")
    if file is None or not kind or not visit.is_pending:  # what is over is told of the whole sheet, not of its photo
        return ""
    try:
        keep_photo(visit, kind=kind, data=file.read(), client_id=_id(request.POST.get("photo_id", "")))
    except Refused as refusal:
        return str(refusal)
    return ""


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return uuid4()


@require_GET
@login_required(login_url=reverse_lazy("field:login"))
def show(request: HttpRequest, pk: int) -> FileResponse:
    """A photo, for staff who may view visits and for the technician who took it; 404 for others."""
    photo = get_object_or_404(Photo.objects.select_related("visit__technician"), pk=pk)
    if not may_see(photo, request.user):
        raise Http404
    response = FileResponse(photo.file.open("rb"), content_type=photo.media_type)
    response["Cache-Control"] = "private, max-age=3600"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Content-Disposition"] = "inline"
    return response
