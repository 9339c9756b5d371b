"""update → on_update: contact and billing while the order is open, premises and load until it is approved;
and payments that the buyer app has seen."""

import re
from typing import Any

from django.conf import settings

from beckn_adapter.errors import (
    INVALID_UPDATE_TARGET,
    UPDATE_INCONSISTENCY,
    UPDATION_NOT_POSSIBLE,
    BecknError,
)
from beckn_adapter.handlers.agreement import PEOPLE, differences
from beckn_adapter.handlers.lookup import ITEM, find_order
from beckn_adapter.handlers.paid import note_payments, unknown_payments
from beckn_adapter.handlers.unread import find_unread
from beckn_adapter.models import Message
from beckn_adapter.translate.order import write_order
from beckn_adapter.translate.request import FULFILLMENT, ORDER
from connections.actors import Actor
from connections.lifecycle import Refused
from connections.services import amend_application

Json = dict[str, Any]
TARGET_PATH = "/message/update_target"
# The schema's own words are singular, the guides' plural.
PARTS = {
    "item": "items",
    "items": "items",
    "billing": "billing",
    "fulfillment": "fulfillments",
    "fulfillments": "fulfillments",
    "payment": "payments",
    "payments": "payments",
}
# What can be changed; which of the stops is the house, the order says (find_premises).
CHANGEABLE = (
    *(path for _, path, *_ in PEOPLE),
    *(f"{FULFILLMENT}/stops/0/location/{name}" for name in ("address", "gps", "area_code")),
    f"{ITEM}/tags",
    f"{ORDER}/payments",
)
THESE_CAN = f"These can: {', '.join(path.removeprefix(f'{ORDER}/') for path in CHANGEABLE)}."


def update(row: Message, request: Json) -> Json:
    """Change what the targets name. Raises 30012 for a target that is none, 30013 for a change outside the targets or a
    payment that is reported outside them, 50002 for what can not be changed, not any more, or is not known."""
    message = request["message"]
    order = message["order"]
    application = find_order(row, order["id"], f"{ORDER}/id")
    targets = read_targets(message["update_target"])
    changes: Json = {}
    for difference in differences(order, application):
        if not any(_covers(target, difference.path) for target in targets):
            message_text = f"{difference.what} is changed, but update_target does not name it."
            raise BecknError(UPDATE_INCONSISTENCY, message_text, difference.path)
        if not difference.changes:
            raise BecknError(UPDATION_NOT_POSSIBLE, f"{difference.what} can not be changed.", difference.path)
        changes |= difference.changes
    try:
        application = amend_application(application, changes=changes, actor=Actor.buyer_app(row.bap_id))
    except Refused as refusal:
        if refusal.code != "amendment_too_late":
            raise
        raise BecknError(UPDATION_NOT_POSSIBLE, str(refusal), TARGET_PATH) from refusal
    if any(_covers(target, f"{ORDER}/payments") for target in targets):
        note_payments(order, application, actor=Actor.buyer_app(row.bap_id))
    else:
        for path in unknown_payments(order, application):
            raise BecknError(UPDATE_INCONSISTENCY, "A payment is reported, but update_target does not name it.", path)
    told = write_order(application, settings.BECKN_WIRE_PROFILE)
    for path in find_unread(order, targets, application, told):  # a refusal takes back what was changed
        what = path.removeprefix(f"{ORDER}/")[:80]
        raise BecknError(UPDATION_NOT_POSSIBLE, f"{what!r} can not be changed. {THESE_CAN}", path[:255])
    return {"order": told}


def read_targets(text: str) -> list[str]:
    """`order.fulfillments[0].customer.contact.phone, billing` as JSON pointers below /message/order."""
    targets = [_pointer(target.strip()) for target in text.split(",") if target.strip()]
    if not targets:
        raise BecknError(INVALID_UPDATE_TARGET, "update_target names nothing.", TARGET_PATH)
    return targets


def _pointer(target: str) -> str:
    steps = [step for step in re.split(r"[./\[\]]+", target) if step and step not in {"message", "order"}]
    if not steps or steps[0] not in PARTS:
        message = f"update_target names {target[:80]!r}; items, billing, fulfillments and payments can be updated."
        raise BecknError(INVALID_UPDATE_TARGET, message, TARGET_PATH)
    pointer = "/".join([ORDER, PARTS[steps[0]], *steps[1:]])
    if re.match(rf"{ORDER}/(items|fulfillments)/0*[1-9]", pointer):
        message = f"update_target names {target[:80]!r}; an order has one item and one fulfillment, both with index 0."
        raise BecknError(INVALID_UPDATE_TARGET, message, TARGET_PATH)
    if not any(_covers(re.sub(r"/stops/\d+", "/stops/0", pointer), path) for path in CHANGEABLE):
        raise BecknError(UPDATION_NOT_POSSIBLE, f"{target[:80]!r} can not be changed. {THESE_CAN}", TARGET_PATH)
    return pointer


def _covers(target: str, path: str) -> bool:
    """A target covers what stands below it; tags are compared as a whole, so a target inside them covers them."""
    return f"{path}/".startswith(f"{target}/") or f"{target}/".startswith(f"{path}/")
