"""What a technician reads: the day, and one visit. And the two steps that need no form: set out, arrive."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from connections.lifecycle import Refused
from connections.vocabulary import ApplicationState
from fieldwork.acts import field_act
from fieldwork.models import PENDING_VISITS, Technician, Visit, VisitState
from fieldwork.phone.access import for_technicians, own_visit
from fieldwork.phone.day import day_of
from fieldwork.phone.forms import SetOutForm, StepForm
from fieldwork.phone.sheets import SHEET_OF_KIND, WAYS_OUT, Sheet, is_open
from fieldwork.planning import is_on_a_later_day
from fieldwork.services import start_of
from fieldwork.whereabouts import premises_position


@dataclass(frozen=True)
class Step:
    """A press of the one big button, with nothing to fill in."""

    name: str
    action: str
    button: str
    state: str
    form: type[StepForm]


STEPS = {
    step.name: step
    for step in (
        Step("set-out", "set_out", "Set out", VisitState.ASSIGNED, SetOutForm),
        Step("arrive", "arrive", "I am here", VisitState.EN_ROUTE, StepForm),
    )
}
NEXT_SHEET_BUTTON = {
    Visit.Kind.ASSESSMENT: "Write down the findings",
    Visit.Kind.INSTALLATION: "Install the meter",
    Visit.Kind.REVISIT: "Say what was done",
}


@require_GET
@for_technicians
def today(request: HttpRequest, technician: Technician) -> HttpResponse:
    now = timezone.now()
    day = day_of(technician, now)
    context: dict[str, Any] = {"technician": technician, "provider": technician.provider, "day": day, "now": now}
    if day.next:
        visit = day.next.visit
        step = next_step(visit)
        context |= {
            "step": step,
            "form": step.form(visit=visit) if step else None,
            "position": premises_position(visit.application),
        }
    return render(request, "fieldwork/today.html", context)


@require_GET
@for_technicians
def visit_page(request: HttpRequest, technician: Technician, pk: int) -> HttpResponse:
    return show_visit(request, technician, own_visit(technician, pk))


@require_POST
@for_technicians
def take_step(request: HttpRequest, technician: Technician, pk: int, name: str) -> HttpResponse:
    visit, step = own_visit(technician, pk), STEPS.get(name)
    if step is None:
        raise Http404
    form = step.form(request.POST, visit=visit)
    if not form.is_valid():
        return show_visit(request, technician, visit, "This page was not complete. Press the button again.")
    if asks_first(visit, form) and "confirmed" not in request.POST:
        context = {"technician": technician, "provider": technician.provider, "visit": visit, "form": form}
        return render(request, "fieldwork/set_out.html", context)
    try:
        field_act(visit, step.action, client_id=form.client_uuid, technician=technician, **form.details())
    except Refused as refusal:
        return show_visit(request, technician, own_visit(technician, pk), str(refusal))
    return redirect("field:visit", pk=pk)


def asks_first(visit: Visit, form: StepForm) -> bool:
    """Setting out for another day is asked once more: the applicant is told at once, and it can not be taken back.

    Not where the visit was moved since the page was shown: that is said instead.
    """
    if not isinstance(form, SetOutForm) or visit.state != VisitState.ASSIGNED:
        return False
    return form.cleaned_data["shown_start"] in ("", start_of(visit)) and is_on_a_later_day(visit)


def show_visit(request: HttpRequest, technician: Technician, visit: Visit, refusal: str = "") -> HttpResponse:
    """One visit with its one next step; `refusal` says what did not work."""
    step = next_step(visit)
    context = {
        "technician": technician,
        "provider": technician.provider,
        "visit": visit,
        "application": visit.application,
        "position": premises_position(visit.application),
        "photos": visit.photos.all(),
        "step": step,
        "sheet": next_sheet(visit),
        "sheet_button": NEXT_SHEET_BUTTON[Visit.Kind(visit.kind)],
        "ways_out": [sheet for sheet in WAYS_OUT if is_open(sheet, visit)],
        "form": step.form(visit=visit) if step else None,
        "refusal": refusal,
        "shares_position": technician.shares_position and visit.state == VisitState.EN_ROUTE,
        "not_approved": waits_for_approval(visit),
    }
    return render(request, "fieldwork/visit.html", context, status=409 if refusal else 200)


def next_step(visit: Visit) -> Step | None:
    return next((step for step in STEPS.values() if step.state == visit.state), None)


def next_sheet(visit: Visit) -> Sheet | None:
    sheet = SHEET_OF_KIND[Visit.Kind(visit.kind)]
    return sheet if is_open(sheet, visit) and not waits_for_approval(visit) else None


def waits_for_approval(visit: Visit) -> bool:
    """An installation that was planned before the order is approved: nothing can be energised yet."""
    pending = visit.kind == Visit.Kind.INSTALLATION and visit.state in PENDING_VISITS
    return pending and visit.application.fulfillment_state != ApplicationState.APPROVED


def stay_or_go_on(request: HttpRequest, visit: Visit, words: str) -> HttpResponse:
    """Back to the visit, with a word on why."""
    messages.info(request, words)
    return redirect("field:visit", pk=visit.pk)
