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
from fieldwork.phone.forms import StepForm
from fieldwork.phone.sheets import SHEET_OF_KIND, WAYS_OUT, Sheet, is_open
from fieldwork.whereabouts import premises_position


@dataclass(frozen=True)
class Step:
    """A press of the one big button that needs no form."""

    name: str
    action: str
    button: str
    state: str


STEPS = {
    step.name: step
    for step in (
        Step("set-out", "set_out", "Set out", VisitState.ASSIGNED),
        Step("arrive", "arrive", "I am here", VisitState.EN_ROUTE),
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
        context |= {
            "step": next_step(visit),
            "form": StepForm(visit=visit),
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
    form = StepForm(request.POST, visit=visit)
    if step is None:
        raise Http404
    if not form.is_valid():
        return show_visit(request, technician, visit, "This page was not complete. Press the button again.")
    try:
        field_act(visit, step.action, client_id=form.client_uuid, technician=technician)
    except Refused as refusal:
        return show_visit(request, technician, own_visit(technician, pk), str(refusal))
    return redirect("field:visit", pk=pk)


def show_visit(request: HttpRequest, technician: Technician, visit: Visit, refusal: str = "") -> HttpResponse:
    """One visit with its one next step; `refusal` says what did not work."""
    context = {
        "technician": technician,
        "provider": technician.provider,
        "visit": visit,
        "application": visit.application,
        "position": premises_position(visit.application),
        "photos": visit.photos.all(),
        "step": next_step(visit),
        "sheet": next_sheet(visit),
        "sheet_button": NEXT_SHEET_BUTTON[Visit.Kind(visit.kind)],
        "ways_out": [sheet for sheet in WAYS_OUT if is_open(sheet, visit)],
        "form": StepForm(visit=visit),
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
