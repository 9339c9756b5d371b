"""status → on_status and track → on_track: where an order stands (guide as published; core `Tracking`)."""

from typing import Any

from django.conf import settings

from beckn_adapter.errors import TRACKING_NOT_SUPPORTED, BecknError
from beckn_adapter.handlers.lookup import find_order
from beckn_adapter.models import Message
from beckn_adapter.translate.order import write_order
from connections.models import Application
from connections.vocabulary import OPEN_STATES, ApplicationState
from fieldwork.models import VisitState

Json = dict[str, Any]


def status(row: Message, request: Json) -> Json:
    """The whole order as it stands."""
    application = find_order(row, request["message"]["order_id"])
    return {"order": write_order(application, settings.BECKN_WIRE_PROFILE)}


def track(row: Message, request: Json) -> Json:
    """The tracking page, and where the technician is while on the way, if the technician shares it. An order that
    was cancelled or rejected is not tracked (40005)."""
    application = find_order(row, request["message"]["order_id"])
    state = application.fulfillment_state
    if state not in {*OPEN_STATES, ApplicationState.CONNECTION_ESTABLISHED}:
        words = application.get_fulfillment_state_display().lower()
        raise BecknError(
            TRACKING_NOT_SUPPORTED, f"There is nothing to track: the order is {words}.", "/message/order_id"
        )
    tracking: Json = {
        "id": str(application.tracking_id),
        "url": f"{settings.PUBLIC_URL}/track/{application.tracking_id}/",
        "status": "active" if state in OPEN_STATES else "inactive",
    }
    position = _position_on_the_way(application)
    return {"tracking": {**tracking, "location": {"gps": position}} if position else tracking}


def _position_on_the_way(application: Application) -> str:
    visit = (
        application.visits.filter(state=VisitState.EN_ROUTE, technician__shares_position=True)
        .exclude(technician__latitude=None)
        .select_related("technician")
        .first()
    )
    if visit is None or visit.technician is None:
        return ""
    return f"{visit.technician.latitude},{visit.technician.longitude}"
