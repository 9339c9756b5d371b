"""Where the technician is, sent by the page of a visit while they are on the way, if they share it."""

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from connections.lifecycle import Refused
from fieldwork.models import Technician
from fieldwork.phone.access import for_technicians
from fieldwork.whereabouts import share_position


class PositionForm(forms.Form):
    latitude = forms.DecimalField(min_value=-90, max_value=90)
    longitude = forms.DecimalField(min_value=-180, max_value=180)


@require_POST
@for_technicians
def send_position(request: HttpRequest, technician: Technician) -> HttpResponse:
    """204 when it was kept, 409 when it is not wanted any more, 422 when it is no position."""
    form = PositionForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"error": "This is no position."}, status=422)
    try:
        share_position(technician, **form.cleaned_data)
    except Refused as refusal:
        return JsonResponse({"error": str(refusal)}, status=409)
    return HttpResponse(status=204)
