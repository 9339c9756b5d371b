"""What each action does: our services called in the buyer app's name, and the answer in Beckn's words."""

from collections.abc import Callable
from typing import Any

from beckn_adapter.errors import BUSINESS_ERROR, BecknError
from beckn_adapter.handlers.cancel import cancel, get_cancellation_reasons
from beckn_adapter.handlers.confirm import confirm
from beckn_adapter.handlers.init import init
from beckn_adapter.handlers.search import search
from beckn_adapter.handlers.select import select
from beckn_adapter.handlers.status import status, track
from beckn_adapter.handlers.update import update
from beckn_adapter.handlers.voices import get_rating_categories, rating, support
from beckn_adapter.models import Message
from beckn_adapter.translate.written import Written
from connections.lifecycle import Refused

Json = dict[str, Any]

HANDLERS: dict[str, Callable[[Message, Json], Json | Written]] = {
    "search": search,
    "select": select,
    "init": init,
    "confirm": confirm,
    "status": status,
    "track": track,
    "cancel": cancel,
    "update": update,
    "rating": rating,
    "support": support,
    "get_cancellation_reasons": get_cancellation_reasons,
    "get_rating_categories": get_rating_categories,
}
# Where in the request a refusal of ours belongs.
PATHS = {
    "load_out_of_range": "/message/order/items/0/tags",
    "not_served": "/message/order/fulfillments/0/stops/0/location",
}


def handle(row: Message, request: Json) -> Json:
    """The callback's content: `{"message": …}`. Raises `BecknError` for what the buyer app must be told instead."""
    try:
        return {"message": HANDLERS[row.action](row, request)}
    except Refused as refusal:
        raise BecknError(BUSINESS_ERROR, str(refusal), PATHS.get(refusal.code, "/message/order")) from refusal
