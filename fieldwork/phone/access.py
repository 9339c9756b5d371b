"""Who sees the phone pages: a technician, and only their own visits; everything on the provider's clock."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.views.decorators.cache import never_cache

from fieldwork.models import Technician, Visit
from fieldwork.phone.over import GivenAway, show_too_late

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
        with timezone.override(technician.provider.zone):
            try:
                return view(request, technician, *args, **kwargs)
            except GivenAway as gone:
                return show_too_late(request, technician, gone.visit, str(gone))

    return guarded


def own_visit(technician: Technician, pk: int) -> Visit:
    """404 for a visit that is not the technician's; raises `GivenAway` for one that was, and is not any more."""
    rows = Visit.objects.select_related("application__offering", "application__provider", "technician")
    visit = get_object_or_404(rows, pk=pk)
    if visit.technician_id == technician.pk:
        return visit
    if was_given_to(visit, technician):
        raise GivenAway(visit)
    raise Http404


def was_given_to(visit: Visit, technician: Technician) -> bool:
    """Whether the technician was put on the visit at some time. Another provider's visits are nobody's news."""
    application = visit.application
    if application.provider_id != technician.provider_id:
        return False
    put_on = application.events.filter(kind="visit.assigned", subject=str(visit), facts__technician=technician.name)
    return put_on.exists()
