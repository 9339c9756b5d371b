"""What fieldwork adds to the applicant's tracking page: when somebody comes, and who."""

from typing import Any
from zoneinfo import ZoneInfo

from connections.models import Application
from connections.tracking import answer, name_events, panel, say_window
from fieldwork.models import PENDING_VISITS, Visit, VisitState

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
    visits = application.visits.filter(state__in=PENDING_VISITS).select_related("technician")
    return visits.order_by("window_start", "id").first()


@answer
def when_somebody_comes(application: Application) -> str:
    visit = coming(application)
    if visit is None or visit.technician is None:
        return ""
    if visit.state == VisitState.EN_ROUTE:
        return "Your technician is on the way"
    if visit.state == VisitState.ON_SITE:
        return "Your technician is with you"
    if visit.window_start is None:
        return ""
    zone = ZoneInfo(application.provider.time_zone)
    return f"Your technician comes on {say_window(visit.window_start, visit.window_end, zone)}"


@panel(10, "fieldwork/tracking_visit.html")
def the_visit(application: Application) -> dict[str, Any]:
    visit = coming(application)
    if visit is None or visit.technician is None:
        return {}
    zone = ZoneInfo(application.provider.time_zone)
    window = say_window(visit.window_start, visit.window_end, zone) if visit.window_start else ""
    first_name = visit.technician.name.split(maxsplit=1)[0] if visit.technician.name else ""
    return {"visit": visit, "window": window, "first_name": first_name}
