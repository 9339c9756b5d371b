"""What fieldwork adds to the life of an application, and what it asks before a visit or a meter moves."""

from decimal import Decimal
from typing import Any

from connections.actors import Actor
from connections.lifecycle import Refused, consequence, guard
from connections.models import Application, Event
from fieldwork.assessing import latest_finding, sanctioned_load, what_speaks_against
from fieldwork.models import PENDING_VISITS, Finding, Installation, Meter, MeterState, Photo, Technician, Visit
from fieldwork.planning import refuse_a_clash
from fieldwork.services import call_off_visits, open_visit

# --- What follows ---------------------------------------------------------------------------------------------------


@consequence("application.scheduled")
def open_the_assessment_visit(application: Application, event: Event, actor: Actor) -> None:
    open_visit(application, Visit.Kind.ASSESSMENT, actor=actor)


@consequence("application.approved")
def open_the_installation_visit(application: Application, event: Event, actor: Actor) -> None:
    if not application.visits.filter(kind=Visit.Kind.INSTALLATION, state__in=PENDING_VISITS).exists():
        open_visit(application, Visit.Kind.INSTALLATION, actor=actor)


@consequence("visit.no_access")
@consequence("visit.unsafe")
@consequence("visit.incomplete")
def try_again(visit: Visit, event: Event, actor: Actor) -> None:
    """A visit that came to nothing is followed by one of the same kind, which can finish the work."""
    open_visit(visit.application, visit.kind, actor=actor, follows=visit)


@consequence("application.cancelled")
@consequence("application.failed")
def nobody_sets_out_for_nothing(application: Application, event: Event, actor: Actor) -> None:
    # The one who may end an application may thereby call off its visits, whatever their permissions on visits.
    call_off_visits(application, reason=application.reason, actor=Actor.system(f"after {event.kind}"))


@consequence("application.amended")
def sanction_the_new_load(application: Application, event: Event, actor: Actor) -> None:
    """Another load than the one that was assessed: what the service can carry stays as it was found."""
    finding = latest_finding(application)
    if finding and "requested_load_kw" in event.data:
        application.sanctioned_load_kw = sanctioned_load(application, finding)
        application.save(update_fields=["sanctioned_load_kw"])


# --- What is asked before -------------------------------------------------------------------------------------------


@guard("application", "approve")
def the_findings_allow_it(application: Application, **_: Any) -> None:
    finding = latest_finding(application)
    against = what_speaks_against(finding, application.offering) if finding else ""
    if against:
        raise Refused("findings_against", against)


@guard("application", "establish_connection")
def a_meter_hangs_there(
    application: Application,
    *,
    meter_serial: str = "",
    seal_number: str = "",
    initial_reading_kwh: Decimal | None = None,
    **_: Any,
) -> None:
    """No power without meter, seal and reading, whoever asks: the installation must be written down, and be this."""
    hung = Installation.objects.filter(
        visit__application=application, meter__serial=meter_serial, seal_number=seal_number
    ).first()
    if hung is None or hung.initial_reading_kwh != initial_reading_kwh:
        raise Refused("not_installed", "No technician has installed this meter with this seal and reading.")


@guard("visit", "assign")
def the_technician_can_come(visit: Visit, *, technician: Technician, **_: Any) -> None:
    if technician.provider_id != visit.application.provider_id:
        raise Refused("wrong_provider", f"{technician} works for another provider.")
    refuse_a_clash(visit, technician)


@guard("visit", "complete")
def the_work_is_written_down(visit: Visit, **_: Any) -> None:
    if visit.kind == Visit.Kind.ASSESSMENT:
        if not Finding.objects.filter(visit=visit).exists():
            raise Refused("finding_missing", "Write down what was found first.")
        if not visit.photos.filter(kind=Photo.Kind.PREMISES).exists():
            raise Refused("photo_missing", "Take a photo of the premises.")
    if visit.kind == Visit.Kind.INSTALLATION:
        if not Installation.objects.filter(visit=visit).exists():
            raise Refused("installation_missing", "Write down meter, seal and reading first.")
        if not visit.photos.filter(kind=Photo.Kind.METER).exists():
            raise Refused("photo_missing", "Take a photo of the meter on the wall.")


@guard("visit", "report_no_access")
@guard("visit", "report_unsafe")
@guard("visit", "leave_incomplete")
@guard("meter", "report_faulty")
def it_is_said_why(thing: Visit | Meter, *, reason: str = "", **_: Any) -> None:
    if not reason.strip():
        raise Refused("reason_missing", "Say why.")


@guard("visit", "report_no_access")
@guard("visit", "leave_incomplete")
def it_is_shown_why(visit: Visit, **_: Any) -> None:
    if not visit.photos.filter(kind=Photo.Kind.REASON).exists():
        raise Refused("photo_missing", "Take a photo that shows why.")


@guard("meter", "issue")
def it_stays_in_the_house(meter: Meter, *, technician: Technician, **_: Any) -> None:
    if technician.provider_id != meter.provider_id:
        raise Refused("wrong_provider", f"{technician} works for another provider.")


@guard("meter", "issue")
def it_changes_hands(meter: Meter, *, technician: Technician, **_: Any) -> None:
    if meter.state == MeterState.ISSUED and meter.technician_id == technician.pk:
        raise Refused("issued_already", f"{technician} has meter {meter} already.")
