"""The assessment: what was found at the premises, and what that allows."""

from decimal import Decimal

from django.db import transaction

from connections.actors import Actor
from connections.lifecycle import Refused, advance
from connections.models import Application, Offering
from connections.vocabulary import ApplicationState, Phase
from fieldwork.models import Finding, Visit, VisitState
from fieldwork.services import lock_for_work

UNTIL_APPROVED = [ApplicationState.TECHNICIAN_ASSIGNED, ApplicationState.ASSESSMENT_COMPLETED]


@transaction.atomic
def complete_assessment(
    visit: Visit,
    *,
    feasible: bool,
    phase: str,
    load_kw: Decimal,
    service_drop_m: Decimal,
    works_needed: str = "",
    notes: str = "",
    actor: Actor,
) -> Visit:
    """Write down the findings, finish the visit and move the application to ASSESSMENT_COMPLETED.

    Load in kW, length in m. A feasible finding sanctions min(requested, found); one that is not is for staff to look
    at. A further assessment replaces the findings and moves nothing. Raises `Refused`.
    """
    visit = lock_for_work(visit)
    on_site(visit, Visit.Kind.ASSESSMENT)
    if min(load_kw, service_drop_m) < 0:
        raise Refused("finding_invalid", "Load and length can not be less than nothing.")
    if not feasible and not (works_needed.strip() or notes.strip()):
        raise Refused("reason_missing", "Say why the connection can not be made, or which works it needs.")
    finding = Finding.objects.create(
        visit=visit,
        feasible=feasible,
        phase=phase,
        load_kw=load_kw,
        service_drop_m=service_drop_m,
        works_needed=works_needed.strip(),
        notes=notes.strip(),
    )
    visit = advance(visit, "complete", actor=actor)
    _tell_the_application(visit.application, finding, actor)
    return visit


def on_site(visit: Visit, kind: str) -> None:
    """Raises `Refused` unless the technician is at the premises for a visit of this kind."""
    if visit.kind != kind:
        raise Refused("wrong_kind", f"This is no {Visit.Kind(kind).label.lower()} visit.")
    if not visit.is_pending:
        raise Refused("wrong_state", words_when_over(visit))
    if visit.state != VisitState.ON_SITE:
        raise Refused("wrong_state", f"The visit is {visit.get_state_display().lower()}: say first that you are there.")


def words_when_over(visit: Visit) -> str:
    """What whoever still sends something about the visit is told."""
    how = "called off" if visit.state == VisitState.CANCELLED else visit.get_state_display().lower()
    return f"This visit is over ({how}). What you sent now was not written down."


def _tell_the_application(application: Application, finding: Finding, actor: Actor) -> None:
    if application.fulfillment_state not in UNTIL_APPROVED:
        return  # what has been approved stays as it was approved
    against = what_speaks_against(finding, application.offering)
    application.sanctioned_load_kw = sanctioned_load(application, finding)
    if against:
        application.attention = f"{application.attention} {against}".strip()[:300]
    application.save(update_fields=["sanctioned_load_kw", "attention", "updated_at"])
    if application.fulfillment_state == ApplicationState.TECHNICIAN_ASSIGNED:
        advance(application, "complete_assessment", actor=actor)


def latest_finding(application: Application) -> Finding | None:
    """The findings that count: those of the last assessment that was completed."""
    found = Finding.objects.filter(visit__application=application, visit__state=VisitState.COMPLETED)
    return found.order_by("visit_id").last()


def sanctioned_load(application: Application, finding: Finding) -> Decimal | None:
    """The load (kW) that may be drawn: what was asked for, or what the service can carry if that is less."""
    return min(application.requested_load_kw, finding.load_kw) if finding.feasible else None


def can_serve(available: str, wanted: str) -> bool:
    """Whether a service of one phase can feed a connection of another: a single phase is in all of them."""
    return wanted in (available, Phase.SINGLE_PHASE)


def what_speaks_against(finding: Finding, offering: Offering) -> str:
    """Why the findings do not allow this offering, as a sentence; empty where they do."""
    if not finding.feasible:
        return f"The assessment found it not feasible: {finding.works_needed or finding.notes}."
    if not can_serve(finding.phase, offering.phase):
        return (
            f"The assessment found {finding.get_phase_display().lower()}, {offering.name} needs {phase_of(offering)}."
        )
    if finding.load_kw == 0 or finding.load_kw < offering.min_load_kw:
        smallest = f"{offering.min_load_kw.normalize():f}"
        found = f"{finding.load_kw.normalize():f}"
        return f"The assessment found {found} kW, {offering.name} begins at {smallest} kW."
    return ""


def phase_of(offering: Offering) -> str:
    return offering.get_phase_display().lower()
