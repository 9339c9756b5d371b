"""The context of what we send: derived from what we were sent, never typed in (core `Context`)."""

from datetime import datetime
from typing import Any

from django.conf import settings

Json = dict[str, Any]
META_CALLBACKS = {
    "get_cancellation_reasons": "cancellation_reasons",
    "get_return_reasons": "return_reasons",
    "get_rating_categories": "rating_categories",
}
DEFAULT_TTL = "PT10M"
LASTING = ("domain", "location", "version", "transaction_id", "bap_id", "bap_uri", "ttl")


def callback_action(action: str) -> str:
    """`confirm` is answered by `on_confirm`; the meta requests drop their `get_` instead."""
    return META_CALLBACKS.get(action, f"on_{action}")


def outlasting(request: Json) -> Json:
    """What of a request's context outlasts it: all that callbacks need which nobody asks for."""
    return {name: request[name] for name in LASTING if name in request}


def answer_context(request: Json, *, action: str, now: datetime, message_id: str | None = None) -> Json:
    """The request's context turned round. A solicited answer echoes message_id; an unsolicited one brings its own."""
    kept: Json = {
        name: request[name] for name in ("domain", "location", "version", "transaction_id") if name in request
    }
    return {
        **kept,
        "action": action,
        "bap_id": request["bap_id"],
        "bap_uri": request["bap_uri"],
        "bpp_id": settings.BECKN_SUBSCRIBER_ID,
        "bpp_uri": settings.BECKN_SUBSCRIBER_URI,
        "message_id": message_id or request["message_id"],
        "timestamp": write_time(now),
        "ttl": request.get("ttl") or DEFAULT_TTL,
    }


def write_time(moment: datetime) -> str:
    """RFC 3339 in UTC to the millisecond, `2025-05-07T14:00:35.120Z`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
