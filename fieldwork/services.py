"""Putting technicians on visits; each act carries the application along."""

from django.db import transaction

from connections.actors import Actor
from connections.lifecycle import Refused, advance, record
from connections.models import Application
from connections.vocabulary import ApplicationState
from fieldwork.models import PENDING_VISITS, Technician, Visit


def open_visit(application: Application, kind: str, *, actor: Actor) -> Visit:
    """Open a visit of a kind; one pending visit of a kind at a time. Inside a transaction."""
    visit = Visit.objects.create(application=application, kind=kind)
    record(visit, "scheduled", actor=actor)
    return visit


@transaction.atomic
def assign_visit(visit: Visit, *, technician: Technician, actor: Actor) -> Visit:
    """Put a technician on a visit; the first technician of an application moves it to TECHNICIAN_ASSIGNED."""
    if technician.provider_id != visit.application.provider_id:
        raise Refused("wrong_provider", f"{technician} works for another provider.")
    visit = advance(visit, "assign", actor=actor, technician=technician)
    if visit.application.fulfillment_state == ApplicationState.SCHEDULED:
        advance(visit.application, "assign_technician", actor=actor)
    return visit


@transaction.atomic
def call_off_visits(application: Application, *, reason: str, actor: Actor) -> None:
    """Call off whatever is still to come; what was done stays done."""
    for visit in application.visits.filter(state__in=PENDING_VISITS):
        advance(visit, "call_off", actor=actor, reason=reason)
