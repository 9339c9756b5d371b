"""The page on which applicants choose another time for their visit, behind the same link as the tracking page."""

from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from connections.lifecycle import Refused
from connections.models import Application
from connections.promises import say_day
from connections.tracking import say_window, say_zone
from connections.views.tracking import application_behind, show_to_applicant
from fieldwork.models import Slot, Visit
from fieldwork.planning import Window
from fieldwork.rescheduling import move_visit, visit_to_move, was_missed, windows_to_choose
from fieldwork.tracking import coming


@require_http_methods(["GET", "POST"])
def change_time(request: HttpRequest, tracking_id: UUID) -> HttpResponse:
    application = application_behind(tracking_id)
    visit, problem = visit_to_move(application), ""
    if request.method == "POST" and visit:
        try:
            _move(visit, request.POST.get("window", ""))
        except Refused as refusal:
            problem = str(refusal)
        else:
            return redirect(f"{request.path}?moved=1")
    context = {
        "application": application,
        "provider": application.provider,
        "problem": problem,
        "moved": "moved" in request.GET,
        **_what_stands(application),
        **(_to_choose(visit) if visit else {}),
    }
    return show_to_applicant(request, "fieldwork/visit_time.html", context, status=422 if problem else 200)


def _move(visit: Visit, chosen: str) -> None:
    """`chosen` is `<slot>_<date>`. Raises `Refused`."""
    number, _, day = chosen.partition("_")
    try:
        slot = Slot.objects.get(pk=int(number), provider=visit.application.provider)
        move_visit(visit, slot=slot, day=date.fromisoformat(day))
    except (ValueError, Slot.DoesNotExist):
        raise Refused("nothing_chosen", "Choose one of the times.") from None


def _what_stands(application: Application) -> dict[str, Any]:
    visit, zone = coming(application), application.provider.zone
    if visit is None or visit.window_start is None:
        return {"window": ""}
    return {
        "missed": was_missed(visit),
        "window": say_window(visit.window_start, visit.window_end, zone),
        "zone": say_zone(zone, visit.window_start),
    }


def _to_choose(visit: Visit) -> dict[str, Any]:
    zone = visit.application.provider.zone
    days = groupby(windows_to_choose(visit), lambda window: window.day)
    return {
        "visit": visit,
        "days": [(say_day(day), [_choice(window, zone) for window in windows]) for day, windows in days],
    }


def _choice(window: Window, zone: Any) -> dict[str, str]:
    starts, ends = window.starts.astimezone(zone), window.ends.astimezone(zone)
    return {
        "value": f"{window.slot.pk}_{window.day.isoformat()}",
        "hours": f"{starts:%H:%M}–{ends:%H:%M}",
        "name": window.slot.name,
    }
