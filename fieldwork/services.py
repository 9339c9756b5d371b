"""Visits and their technicians; each act carries the application along.

Whoever touches a visit and its application locks the application first (`lock_for_work`): two orders of locking would
sooner or later wait for each other.
"""

from decimal import Decimal

from django.db import transaction

from connections.actors import Actor
from connections.lifecycle import Refused, advance, check_permission, record
from connections.models import Application
from connections.tracking import say_window
from connections.vocabulary import ApplicationState
from fieldwork.models import PENDING_VISITS, Technician, Visit, VisitState


def lock_for_work(visit: Visit) -> Visit:
    """The visit as it is now, locked, its application locked before it. Inside a transaction."""
    Application.objects.select_for_update().get(pk=visit.application_id)
    return Visit.objects.select_for_update().get(pk=visit.pk)


def open_visit(application: Application, kind: str, *, actor: Actor, follows: Visit | None = None) -> Visit:
    """Open a visit of a kind; one pending visit of a kind at a time. Inside a transaction."""
    visit = Visit.objects.create(application=application, kind=kind, follows=follows)
    record(visit, "scheduled", actor=actor)
    return visit


@transaction.atomic
def assign_visit(visit: Visit, *, technician: Technician, actor: Actor, seen: int | None = None) -> Visit:
    """Put a technician on a visit; the first technician of an application moves it to TECHNICIAN_ASSIGNED.

    Whoever is on it already stays, and nothing is recorded. `seen` is the id of whom the clerk saw on it, 0 for nobody;
    None where nobody looked. Raises `Refused`: `wrong_provider`, `technician_busy`; `changed`, if it is somebody else's
    since.
    """
    visit = lock_for_work(visit)
    if visit.state == VisitState.ASSIGNED and visit.technician_id == technician.pk:
        check_permission(visit, "assign", actor)
        return visit
    if seen is not None and visit.technician_id not in (None, seen):
        words = f"{visit.technician} was put on it meanwhile. Send yours again to put them in that place."
        raise Refused("changed", words)
    visit = advance(visit, "assign", actor=actor, technician=technician)
    if visit.application.fulfillment_state == ApplicationState.SCHEDULED:
        advance(visit.application, "assign_technician", actor=actor)
    return visit


@transaction.atomic
def call_off_visits(application: Application, *, reason: str, actor: Actor) -> None:
    """Call off whatever is still to come; what was done stays done."""
    for visit in application.visits.filter(state__in=PENDING_VISITS):
        advance(visit, "call_off", actor=actor, reason=reason)


@transaction.atomic
def set_out(visit: Visit, *, actor: Actor, shown_start: str = "") -> Visit:
    """The technician leaves for the premises; the applicant is told.

    `shown_start` is what `start_of` said of the visit that the technician looked at, empty where nobody looked.
    Raises `Refused`: `changed`, if the visit was moved since.
    """
    visit = lock_for_work(visit)
    if visit.state == VisitState.ASSIGNED and shown_start not in ("", start_of(visit)):
        raise Refused("changed", _where_it_went(visit))
    return advance(visit, "set_out", actor=actor)


def start_of(visit: Visit) -> str:
    """When the visit begins, as a page carries it: in UTC, or `open` where it has no time yet."""
    return visit.window_start.isoformat() if visit.window_start else "open"


def _where_it_went(visit: Visit) -> str:
    if visit.window_start is None:
        return "This visit has no time any more. Ask the office."
    zone = visit.application.provider.zone
    return f"This visit was moved to {say_window(visit.window_start, visit.window_end, zone)}."


@transaction.atomic
def arrive(visit: Visit, *, actor: Actor) -> Visit:
    """The technician is at the premises."""
    return advance(lock_for_work(visit), "arrive", actor=actor)


@transaction.atomic
def report_no_access(visit: Visit, *, reason: str, actor: Actor) -> Visit:
    """Nobody let the technician in. Needs a reason and a photo; a follow-up visit opens."""
    return advance(lock_for_work(visit), "report_no_access", actor=actor, reason=reason.strip())


@transaction.atomic
def report_unsafe(visit: Visit, *, reason: str, actor: Actor) -> Visit:
    """It is not safe to work there. Needs a reason, no photo: nobody is to stay for one. A follow-up visit opens."""
    return advance(lock_for_work(visit), "report_unsafe", actor=actor, reason=reason.strip())


@transaction.atomic
def leave_incomplete(visit: Visit, *, reason: str, actor: Actor) -> Visit:
    """Begun and not finished. Needs a reason and a photo; a follow-up visit opens."""
    return advance(lock_for_work(visit), "leave_incomplete", actor=actor, reason=reason.strip())


@transaction.atomic
def complete_revisit(visit: Visit, *, note: str, actor: Actor) -> Visit:
    """Finish a visit that was neither an assessment nor an installation; `note` says what was done."""
    visit = lock_for_work(visit)
    if visit.kind != Visit.Kind.REVISIT:
        raise Refused("wrong_kind", f"An {visit.get_kind_display().lower()} is finished with its results, not a note.")
    if not note.strip():
        raise Refused("note_missing", "Say what was done.")
    return advance(visit, "complete", actor=actor, note=note.strip())


@transaction.atomic
def rate_visit(visit: Visit, *, value: Decimal, actor: Actor) -> Visit:
    """Keep the applicant's word on a completed visit, 1 (bad) to 5 (good); the last word counts.

    Raises `Refused`: `not_completed`, `rating_out_of_range`.
    """
    visit = lock_for_work(visit)
    if visit.state != VisitState.COMPLETED:
        raise Refused("not_completed", "Only a visit that has been completed can be rated.")
    if not (value.is_finite() and 1 <= value <= 5):
        raise Refused("rating_out_of_range", "A rating goes from 1 to 5.")
    if visit.rating == value.quantize(Decimal("0.1")):  # the same word again is no news
        return visit
    visit.rating = value.quantize(Decimal("0.1"))
    visit.save(update_fields=["rating"])
    record(visit, "rated", actor=actor, value=visit.rating)
    return visit
