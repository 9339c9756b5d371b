"""Photos over the phone pages: taking them in, one by one or with a sheet, and showing them to whoever may see them."""

from uuid import UUID, uuid4

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse, reverse_lazy
from django.views.decorators.http import require_GET, require_POST

from connections.lifecycle import Refused
from fieldwork.models import Photo, Technician, Visit
from fieldwork.phone.access import for_technicians, own_visit
from fieldwork.photos import keep_photo, may_see


@require_POST
@for_technicians
def upload(request: HttpRequest, technician: Technician, pk: int) -> HttpResponse:
    """One photo by script, as soon as it was taken: 201 with its address, 422 with what is wrong with it."""
    visit, kind = own_visit(technician, pk), request.POST.get("kind", "")
    if kind not in Photo.Kind.values or "photo" not in request.FILES:
        return JsonResponse({"error": "There was no photo."}, status=422)
    refusal = keep_what_came(request, visit, kind)
    if refusal:
        return JsonResponse({"error": refusal}, status=422)
    photo = visit.photos.filter(kind=kind).last()
    address = reverse("field:photo", args=[photo.pk]) if photo else ""
    return JsonResponse({"address": address, "next_id": str(uuid4())}, status=201)


def keep_what_came(request: HttpRequest, visit: Visit, kind: str) -> str:
    """Keep the photo that came along, if one did. Returns why it was not kept, empty if all is well."""
    file = request.FILES.get("photo")
    if file is None or not kind:
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
