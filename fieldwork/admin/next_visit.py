"""Who has the ball where a visit is wanted and nobody is on it: told on the page of the application, with a button."""

from urllib.parse import urlencode

from django.urls import reverse

from connections.admin import NextStep, knows_next_step
from connections.models import Application
from connections.vocabulary import ApplicationState as S
from fieldwork.models import PENDING_VISITS, Visit
from fieldwork.planning import MAY_BE_MOVED

MAY_ASSIGN = ("fieldwork.view_visit", "fieldwork.assign_visit")
MAY_ADD = ("fieldwork.view_visit", "fieldwork.add_visit")
# Which visit takes an order out of its state.
WANTED: dict[str, str] = {
    S.SCHEDULED: Visit.Kind.ASSESSMENT,
    S.TECHNICIAN_ASSIGNED: Visit.Kind.ASSESSMENT,
    S.APPROVED: Visit.Kind.INSTALLATION,
}


@knows_next_step
def a_visit_that_nobody_makes(application: Application) -> NextStep | None:
    """A pending visit that no active technician is on, or one that is wanted and was never planned anew."""
    wanted = WANTED.get(application.fulfillment_state)
    visits = application.visits.filter(state__in=PENDING_VISITS).select_related("technician")
    pending = sorted(visits, key=lambda visit: visit.kind != wanted)  # what takes the order further comes first
    for visit in pending:
        if visit.state in MAY_BE_MOVED and not (visit.technician and visit.technician.active):
            return _put_somebody_on(visit)
    if wanted is None or any(visit.kind == wanted for visit in pending):
        return None
    what = f"{Visit.Kind(wanted).label.lower()} visit"
    address = f"{reverse('admin:fieldwork_visit_add')}?{urlencode({'application': application.pk, 'kind': wanted})}"
    return NextStep(f"You: add an {what}, there is none to come.", f"Add an {what}", address, MAY_ADD)


def _put_somebody_on(visit: Visit) -> NextStep:
    what, address = str(visit).lower(), reverse("admin:fieldwork_visit_advance", args=[visit.pk, "assign"])
    if visit.technician:
        words = f"You: put somebody else on the {what}. {visit.technician} is not active any more."
    else:
        words = f"You: put a technician on the {what}."
    return NextStep(words, "Put a technician on it", address, MAY_ASSIGN)
