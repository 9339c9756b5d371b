"""cancel → on_cancel, and the reasons that may be given (core; Generic guide: cancellation)."""

from typing import Any

from django.conf import settings
from django.utils import timezone

from beckn_adapter.errors import CANCELLATION_NOT_POSSIBLE, INVALID_CANCELLATION_REASON, BecknError
from beckn_adapter.handlers.lookup import find_order, find_transaction
from beckn_adapter.models import Message
from beckn_adapter.translate.context import write_time
from beckn_adapter.translate.endings import write_refund, write_settlement
from beckn_adapter.translate.order import write_order
from beckn_adapter.translate.taxonomy import squash
from billing.services import preview_settlement
from connections.actors import Actor
from connections.lifecycle import advance_locked
from connections.models import Application, CancellationReason
from connections.vocabulary import OPEN_STATES, ApplicationState

Json = dict[str, Any]
REASON_PATH = "/message/cancellation_reason_id"


def cancel(row: Message, request: Json) -> Json:
    """End the order on the terms of its state. With descriptor.code SOFT_CANCEL only say what it would cost.

    An order that is cancelled already is told as it is. Raises 30011 for a reason we do not have, 50001 too late.
    """
    message = request["message"]
    application = find_order(row, message["order_id"])
    if application.fulfillment_state == ApplicationState.CANCELLED:
        return {"order": write_order(application, settings.BECKN_WIRE_PROFILE)}
    if application.fulfillment_state not in OPEN_STATES:
        words = application.get_fulfillment_state_display().lower()
        raise BecknError(CANCELLATION_NOT_POSSIBLE, f"Too late to cancel: the order is {words}.", "/message/order_id")
    descriptor = message.get("descriptor") or {}
    if squash(descriptor.get("code") or "") == "softcancel":
        return {"order": _preview(application)}
    reason = find_reason(application, message.get("cancellation_reason_id") or "")
    beside_it = read_words(descriptor, reason)
    advance_locked(
        application,
        "cancel",
        actor=Actor.buyer_app(row.bap_id),
        reason=reason.text if reason else (descriptor.get("name") or "No reason given")[:500],
        reason_code=reason.code if reason else "",
        **({"beside_it": beside_it} if beside_it else {}),
    )
    return {"order": write_order(application, settings.BECKN_WIRE_PROFILE)}


def read_words(descriptor: Json, reason: CancellationReason | None) -> dict[str, str]:
    """What is said beside the reason. Without a reason of ours the descriptor's name is the reason."""
    names = ("name", "short_desc", "long_desc") if reason else ("short_desc", "long_desc")
    words = {name: str(descriptor.get(name) or "").strip() for name in names}
    return {name: text for name, text in words.items() if text and not (reason and text == reason.text)}


def find_reason(application: Application, code: str) -> CancellationReason | None:
    """The provider's reason with this id. None is allowed where the provider's term for the state asks for none."""
    reason = application.provider.cancellation_reasons.filter(code=code).first()
    if reason or not (code or _reason_is_required(application)):
        return reason
    known = ", ".join(application.provider.cancellation_reasons.values_list("code", flat=True))
    raise BecknError(INVALID_CANCELLATION_REASON, f"The reason is none of {known}.", REASON_PATH)


def _reason_is_required(application: Application) -> bool:
    term = application.provider.cancellation_terms.filter(state=application.fulfillment_state).first()
    has_reasons = application.provider.cancellation_reasons.exists()
    return has_reasons and (term is None or term.reason_required)


def _preview(application: Application) -> Json:
    """The order as it is, with the quote and the refund as they would be."""
    settlement = preview_settlement(application, at_state=application.fulfillment_state, by_applicant=True)
    return {
        **write_order(application, settings.BECKN_WIRE_PROFILE),
        "quote": write_settlement(settlement),
        "refund_terms": [write_refund(settlement)],
        "updated_at": write_time(timezone.now()),
    }


def get_cancellation_reasons(row: Message, request: Json) -> Json:
    """The reasons of the provider that the transaction is about; of all, where it is about none yet."""
    application = find_transaction(row)
    reasons = CancellationReason.objects.filter(provider__active=True)
    if application:
        reasons = reasons.filter(provider=application.provider)
    options = {reason.code: reason for reason in reasons}
    return {
        "cancellation_reasons": [
            {"id": code, "descriptor": {"code": reason.word.replace("-", "_").upper(), "name": reason.text}}
            for code, reason in options.items()
        ]
    }
