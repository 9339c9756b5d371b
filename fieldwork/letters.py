"""What applicants are written about their visits: that somebody comes and when, another time, and that it failed."""

from django.urls import reverse

from connections.letters import Said, mailed, not_mailed
from connections.models import Application, Event
from connections.tracking import say_window, say_zone
from connections.vocabulary import OPEN_STATES
from fieldwork.models import Visit, VisitState
from fieldwork.rescheduling import may_move, was_missed
from fieldwork.tracking import coming

THE_STOCK = "the utility's own stock"
TOO_QUICK = "a letter would come too late: the page tells it at once"
not_mailed(
    {
        "visit.scheduled": "the utility's own planning",
        "visit.en_route": TOO_QUICK,
        "visit.on_site": TOO_QUICK,
        "visit.completed": "the applicant was there, and the state that is reached by it is told",
        "visit.rated": "the applicant's own word",
        "meter.in_stock": THE_STOCK,
        "meter.issued": THE_STOCK,
        "meter.installed": "told with the power",
        "meter.removed": THE_STOCK,
        "meter.faulty": THE_STOCK,
    }
)


@mailed("visit.assigned", weight=50, minutes=2)
@mailed("visit.rescheduled", weight=50, minutes=2)
def somebody_comes(application: Application, event: Event) -> Said | None:
    """When the next visit is, as it is planned by now, and who comes; nothing once its time is over."""
    visit = _to_come(application)
    if visit is None or visit.state not in {VisitState.SCHEDULED, VisitState.ASSIGNED} or was_missed(visit):
        return None
    worker = visit.technician
    if visit.window_start is None:
        who = f"{worker.name.split(maxsplit=1)[0]} will come" if worker and worker.name else ""
        return Said(f"{who} for the {_kind(visit)}", ("We will tell you the time soon.",)) if who else None
    zone = application.provider.zone
    window = say_window(visit.window_start, visit.window_end, zone)
    verb = "Your technician comes on" if worker else "Your visit is planned for"
    facts = [("When", f"{window}, {say_zone(zone, visit.window_start)}"), ("What for", _kind(visit).capitalize())]
    if worker:
        facts.append(("Who", f"{worker.name}, {worker.phone}" if worker.phone else worker.name))
    words = ("Somebody should be there to let the technician in.",)
    action = ("Change the time", reverse("visit:time", args=[application.tracking_id])) if may_move(visit) else None
    return Said(f"{verb} {window}", words, tuple(facts), action)


@mailed("visit.cancelled", weight=55, minutes=3)
def visit_called_off(application: Application, event: Event) -> Said | None:
    """An order that ends calls its visits off by itself: that is told with the end."""
    if application.fulfillment_state not in OPEN_STATES:
        return None
    return Said("Your visit was called off", (str(event.data.get("reason") or ""), "We will plan another one."))


@mailed("visit.no_access", weight=58, minutes=3)
@mailed("visit.unsafe", weight=58, minutes=3)
@mailed("visit.incomplete", weight=58, minutes=3)
def visit_failed(application: Application, event: Event) -> Said | None:
    """What went wrong, in the technician's words. Another visit follows by itself."""
    if application.fulfillment_state not in OPEN_STATES:
        return None
    headline = {
        "visit.no_access": "We could not get in",
        "visit.unsafe": "We could not work safely",
        "visit.incomplete": "We could not finish the work",
    }[event.kind]
    reason = str(event.data.get("reason") or "")
    return Said(headline, (*([reason] if reason else []), "We come again, and tell you when."))


def _to_come(application: Application) -> Visit | None:
    return coming(application) if application.fulfillment_state in OPEN_STATES else None


def _kind(visit: Visit) -> str:
    return str(visit.get_kind_display()).lower()
