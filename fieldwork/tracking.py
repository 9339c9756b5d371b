"""What fieldwork adds to the applicant's tracking page: when somebody comes, and who."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from connections.models import Application
from connections.promises import appointment, reads
from connections.tracking import answer, happening, name_events, panel, say_window, say_zone
from connections.vocabulary import OPEN_STATES
from fieldwork.models import PENDING_VISITS, Visit, VisitState
from fieldwork.rescheduling import may_move

FAR_OFF = datetime.max.replace(tzinfo=UTC)  # a visit without a window comes after those that have one
reads("visits")
name_events(
    {
        "visit.assigned": "A technician will come",
        "visit.rescheduled": "Visit moved to another time",
        "visit.en_route": "The technician is on the way",
        "visit.on_site": "The technician has arrived",
        "visit.no_access": "The technician could not get in",
        "visit.unsafe": "The work could not be done safely",
        "visit.incomplete": "The work was begun, and will be finished on another visit",
        "visit.completed": "Visit completed",
    }
)


def coming(application: Application) -> Visit | None:
    """The visit that is still to come, the earliest."""
    pending = [visit for visit in application.visits.all() if visit.state in PENDING_VISITS]
    return min(pending, key=lambda visit: (visit.window_start or FAR_OFF, visit.pk), default=None)


@happening
def who_is_on_the_way(application: Application) -> str:
    visit = coming(application)
    told = {VisitState.EN_ROUTE: "Your technician is on the way", VisitState.ON_SITE: "Your technician is with you"}
    return told.get(VisitState(visit.state), "") if visit else ""


@answer
def when_somebody_comes(application: Application) -> str:
    visit = coming(application)
    if visit is None or visit.window_start is None:
        return ""
    zone = ZoneInfo(application.provider.time_zone)
    window = say_window(visit.window_start, visit.window_end, zone)
    return f"Your technician comes on {window}" if visit.technician else f"Your visit is planned for {window}"


@appointment
def agreed_with_the_applicant(application: Application) -> datetime | None:
    """The end of the window that a technician has promised: until then nobody is late."""
    pending = [visit for visit in application.visits.all() if visit.is_pending and visit.technician_id]
    return min((at for visit in pending if (at := visit.window_end or visit.window_start)), default=None)


@panel(10, "fieldwork/tracking_visit.html")
def the_visit(application: Application) -> dict[str, Any]:
    """The next visit: its window, who comes, and whether the applicant may choose another time."""
    visit = coming(application)
    if visit is None or application.fulfillment_state not in OPEN_STATES:
        return {}
    window, worker, zone = visit.window_start, visit.technician, ZoneInfo(application.provider.time_zone)
    return {
        "window": say_window(window, visit.window_end, zone) if window else "",
        "zone": say_zone(zone, window) if window else "",
        "kind": visit.get_kind_display().lower(),
        "first_name": worker.name.split(maxsplit=1)[0] if worker and worker.name else "",
        "phone": worker.phone if worker else "",
        "may_move": may_move(visit) and application.provider.slots.exists(),
        "tracking_id": application.tracking_id,
    }
