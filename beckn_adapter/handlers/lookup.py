"""Finding what an order names: the provider, the offering, the way of serving."""

from typing import Any

from beckn_adapter.announce import catch_up
from beckn_adapter.errors import (
    ADD_ON_NOT_FOUND,
    BUSINESS_ERROR,
    FULFILLMENT_UNAVAILABLE,
    ITEM_NOT_FOUND,
    LOCATION_NOT_FOUND,
    OFFER_NOT_FOUND,
    ORDER_NOT_FOUND,
    PROVIDER_CATEGORY_NOT_FOUND,
    PROVIDER_NOT_FOUND,
    QUANTITY_UNAVAILABLE,
    BecknError,
)
from beckn_adapter.models import Conversation, Message
from beckn_adapter.translate.catalogue import CATEGORY_ID
from beckn_adapter.translate.request import ORDER, Wish, read_wish
from connections.models import Application, Offering, Provider
from connections.shelf import shelf
from connections.vocabulary import ApplicationState

Json = dict[str, Any]
ITEM = f"{ORDER}/items/0"


def find_offering(order: Json) -> Offering:
    """The offering that an order names. Raises 30001, 30004, 30008, 40000 (several items) or 40002 (several of one)."""
    provider_code = order["provider"]["id"]
    catalogue = shelf()
    provider = catalogue.provider(provider_code)
    if provider is None:
        raise BecknError(PROVIDER_NOT_FOUND, f"No provider has the id {provider_code[:80]!r}.", f"{ORDER}/provider/id")
    if len(order["items"]) > 1:
        raise BecknError(BUSINESS_ERROR, "One connection is ordered at a time.", f"{ORDER}/items/1")
    item = order["items"][0]
    offering = catalogue.offering(provider, item["id"])
    if offering is None:
        message = f"{provider.name} offers no item with the id {item['id'][:80]!r}."
        raise BecknError(ITEM_NOT_FOUND, message, f"{ITEM}/id")
    count = ((item.get("quantity") or {}).get("selected") or {}).get("count", 1)
    if count != 1:
        raise BecknError(QUANTITY_UNAVAILABLE, "A connection is ordered once.", f"{ITEM}/quantity/selected/count")
    check_names(order, provider)
    check_fulfillment(order, provider)
    return offering


def check_names(order: Json, provider: Provider) -> None:
    """Locations (30002), categories (30003), offers (30006) and add-ons (30007) that an order names must exist."""
    places = {area.code for area in provider.service_areas.all()}
    for n, location in enumerate(order["provider"].get("locations") or []):
        if location.get("id") not in places:
            message = f"{provider.name} has no location {str(location.get('id'))[:80]!r}."
            raise BecknError(LOCATION_NOT_FOUND, message, f"{ORDER}/provider/locations/{n}/id")
    for n, category in enumerate(order["items"][0].get("category_ids") or []):
        if category != CATEGORY_ID:
            message = f"{provider.name} has no category {category[:80]!r}."
            raise BecknError(PROVIDER_CATEGORY_NOT_FOUND, message, f"{ITEM}/category_ids/{n}")
    for field, code, what in (("offers", OFFER_NOT_FOUND, "offers"), ("add_ons", ADD_ON_NOT_FOUND, "add-ons")):
        if order.get(field):
            raise BecknError(code, f"{provider.name} has no {what}.", f"{ORDER}/{field}/0/id")


def check_fulfillment(order: Json, provider: Provider) -> None:
    for n, fulfillment in enumerate(order.get("fulfillments") or []):
        wanted = fulfillment.get("id")
        if wanted and wanted != provider.onsite_service_id:
            message = f"{provider.name} has no fulfillment {wanted[:80]!r}; it has {provider.onsite_service_id!r}."
            raise BecknError(FULFILLMENT_UNAVAILABLE, message, f"{ORDER}/fulfillments/{n}/id")


def read_item_wish(order: Json, offering: Offering) -> Wish:
    """The wish in the item's tags; raises 40000 where it contradicts the offering."""
    path = f"{ITEM}/tags"
    wish = read_wish(order["items"][0].get("tags"), path)
    if wish.unknown:
        raise BecknError(BUSINESS_ERROR, f"Not offered: {', '.join(wish.unknown)}.", path)
    for name in ("property_type", "phase", "user_type"):
        value = getattr(wish, name)
        if value and value != getattr(offering, name):
            message = f"{offering.name} is for {name.replace('_', ' ')} {getattr(offering, name)}, not {value}."
            raise BecknError(BUSINESS_ERROR, message, path)
    return wish


def find_order(row: Message, order_id: str, path: str = "/message/order_id") -> Application:
    """The sender's own order, locked, and its past told. Somebody else's is answered as if it did not exist (30010)."""
    application = (
        Application.objects.select_for_update(of=("self",), no_key=True)
        .filter(number=order_id, conversation__bap_id=row.bap_id)
        .exclude(fulfillment_state=ApplicationState.DRAFT)
        .first()
    )
    if application is None:
        raise BecknError(ORDER_NOT_FOUND, "No order has this id.", path)
    row.application = application
    shelf().lend(application)
    catch_up(application)
    return application


def find_transaction(row: Message) -> Application | None:
    """The application that the sender's transaction is about, if there is one."""
    thread = Conversation.objects.filter(bap_id=row.bap_id, transaction_id=row.transaction_id).first()
    if thread:
        row.application = thread.application
    return thread.application if thread else None
