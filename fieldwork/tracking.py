"""What fieldwork adds to the applicant's tracking page: when somebody comes, and who."""

from datetime import UTC, datetime
from typing import Any

from connections.models import Application, Provider
from connections.promises import appointment, reads, say_day
from connections.tracking import answer, happening, name_events, panel, say_window, say_zone
from connections.vocabulary import OPEN_STATES
from fieldwork.models import PENDING_VISITS, Visit, VisitState
from fieldwork.rescheduling import may_move, was_missed

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


@happening
def that_nobody_came(application: Application) -> str:
    """Told before whatever is wanted of the applicant: somebody has waited for us."""
    visit = coming(application)
    if visit is None or visit.window_start is None or not was_missed(visit):
        return ""
    if _is_today(visit.window_start, application.provider):
        return "We are late for your visit today: we are sorry"
    return f"Nobody came on {say_day(visit.window_start.astimezone(application.provider.zone))}: we are sorry"


@answer
def when_somebody_comes(application: Application) -> str:
    visit = coming(application)
    if visit is None or visit.window_start is None:
        return ""
    window = say_window(visit.window_start, visit.window_end, application.provider.zone)
    return f"Your technician comes on {window}" if visit.technician else f"Your visit is planned for {window}"


@appointment
def agreed_with_the_applicant(application: Application) -> datetime | None:
    """The end of the window that a technician has promised: until then nobody is late."""
    pending = [visit for visit in application.visits.all() if visit.is_pending and visit.technician_id]
    return min((at for visit in pending if (at := visit.window_end or visit.window_start)), default=None)


@panel(10, "fieldwork/tracking_visit.html")
def the_visit(application: Application) -> dict[str, Any]:
    """The next visit: its window, who comes, and whether the applicant may choose another time; one that was missed
    with what follows."""
    visit = coming(application)
    if visit is None or application.fulfillment_state not in OPEN_STATES:
        return {}
    window, worker, zone = visit.window_start, visit.technician, application.provider.zone
    first_name = worker.name.split(maxsplit=1)[0] if worker and worker.name else ""
    return {
        "window": say_window(window, visit.window_end, zone) if window else "",
        "zone": say_zone(zone, window) if window else "",
        "kind": visit.get_kind_display().lower(),
        "first_name": first_name,
        "phone": worker.phone if worker else "",
        "may_move": may_move(visit) and application.provider.slots.exists(),
        "tracking_id": application.tracking_id,
        "missed": _what_follows(visit, first_name) if was_missed(visit) else "",
    }


def _what_follows(visit: Visit, first_name: str) -> str:
    """After a visit that was missed. A phone without signal reports later: whoever was visited has not dreamt it."""
    if visit.window_start and _is_today(visit.window_start, visit.application.provider):
        return f"{first_name or 'A technician'} may still come today. If not, we plan another time and tell you."
    return "We plan another time and tell you. If a technician was with you, the report has not reached us yet."


def _is_today(moment: datetime, provider: Provider) -> bool:
    return moment.astimezone(provider.zone).date() == provider.today()
