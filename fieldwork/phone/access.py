"""Who sees the phone pages: a technician, and only their own visits; everything on the provider's clock."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.views.decorators.cache import never_cache

from fieldwork.models import Technician, Visit
from fieldwork.planning import zone_of

View = Callable[..., HttpResponse]


def for_technicians(view: View) -> Callable[..., HttpResponseBase]:
    """Let `view(request, technician, ...)` answer a technician who is logged in; send others to the login."""

    @never_cache
    @login_required(login_url=reverse_lazy("field:login"))
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        rows = Technician.objects.select_related("provider", "user")
        technician = rows.filter(user=request.user.pk, active=True).first()
        if technician is None:
            return render(request, "fieldwork/nobody.html", status=403)
        with timezone.override(zone_of(technician.provider)):
            return view(request, technician, *args, **kwargs)

    return guarded


def own_visit(technician: Technician, pk: int) -> Visit:
    """404 for a visit that is not, or not any more, the technician's."""
    rows = Visit.objects.select_related("application__offering", "application__provider", "technician")
    return get_object_or_404(rows, pk=pk, technician=technician)
