"""What the phone's script sends beside the pages: a photo as soon as it was taken, the position while on the way.

What can not be kept is answered with 422 and `{"errors": {field: [sentence, …]}}`, whatever else with its own status.
"""

from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.urls import reverse
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from connections.lifecycle import Refused
from fieldwork.models import Photo, Technician
from fieldwork.phone.access import for_technicians, own_visit
from fieldwork.photos import keep_photo
from fieldwork.whereabouts import share_position


class PhotoSent(serializers.Serializer):
    """A photo by its content; the phone gave it its id, so that the same one sent twice is kept once."""

    kind = serializers.ChoiceField(Photo.Kind.choices)
    photo = serializers.FileField()
    photo_id = serializers.UUIDField(default=uuid4)


class PositionSent(serializers.Serializer):
    """WGS 84, in degrees."""

    latitude = serializers.DecimalField(None, None, min_value=Decimal(-90), max_value=Decimal(90))
    longitude = serializers.DecimalField(None, None, min_value=Decimal(-180), max_value=Decimal(180))


@for_technicians
@api_view(["POST"])
def upload(request: Request, technician: Technician, pk: int) -> Response:
    """201 with the address of the photo."""
    visit, sent = own_visit(technician, pk), PhotoSent(data=request.data)
    if not sent.is_valid():
        return _unfit(sent.errors)
    kind, file, client_id = (sent.validated_data[name] for name in ("kind", "photo", "photo_id"))
    try:
        photo = keep_photo(visit, kind=kind, data=file.read(), client_id=client_id)
    except Refused as refusal:
        return _unfit({"photo": [str(refusal)]})
    return Response({"address": reverse("field:photo", args=[photo.pk])}, status=201)


@for_technicians
@api_view(["POST"])
def send_position(request: Request, technician: Technician) -> Response:
    """204 when it was kept, 409 when it is not wanted any more."""
    sent = PositionSent(data=request.data)
    if not sent.is_valid():
        return _unfit(sent.errors)
    try:
        share_position(technician, **sent.validated_data)
    except Refused as refusal:
        return Response({"errors": {"position": [str(refusal)]}}, status=409)
    return Response(status=204)


def _unfit(errors: dict[str, Any]) -> Response:
    return Response({"errors": errors}, status=422)
