"""Finding what an order names: the provider, the offering, the way of serving."""

from collections.abc import Iterator
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
from beckn_adapter.translate.request import FULFILLMENT, ORDER, Wish, read_wish
from beckn_adapter.translate.taxonomy import read
from connections.models import Application, Offering, Provider
from connections.shelf import shelf
from connections.vocabulary import ApplicationState

Json = dict[str, Any]
ITEM = f"{ORDER}/items/0"


def find_offering(order: Json) -> Offering:
    """The offering that an order names. Raises 30001, 30004, 40000 (several items), and what `check_names` raises."""
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
    check_names(order, provider)
    return offering


def check_names(order: Json, provider: Provider) -> None:
    """Whatever an order names must exist, and once: locations (30002), categories (30003), offers (30006), add-ons
    (30007), the fulfilment (30008), the quantity (40002), one place where power is wanted (40000)."""
    item = (order.get("items") or [{}])[0]
    count = ((item.get("quantity") or {}).get("selected") or {}).get("count", 1)
    if count != 1:
        raise BecknError(QUANTITY_UNAVAILABLE, "A connection is ordered once.", f"{ITEM}/quantity/selected/count")
    places = {area.code for area in provider.service_areas.all()}
    for path, location in _places_of(order.get("provider") or {}, item):
        if location not in places:
            raise BecknError(LOCATION_NOT_FOUND, f"{provider.name} has no location {str(location)[:80]!r}.", path)
    for n, category in enumerate(item.get("category_ids") or []):
        if category != CATEGORY_ID:
            message = f"{provider.name} has no category {category[:80]!r}."
            raise BecknError(PROVIDER_CATEGORY_NOT_FOUND, message, f"{ITEM}/category_ids/{n}")
    for field, code, what in (("offers", OFFER_NOT_FOUND, "offers"), ("add_ons", ADD_ON_NOT_FOUND, "add-ons")):
        for thing, path in ((order, ORDER), (item, ITEM)):
            if thing.get(field):
                raise BecknError(code, f"{provider.name} has no {what}.", f"{path}/{field}/0/id")
    _check_fulfillments(order.get("fulfillments") or [], item, provider)


def _places_of(provider: Json, item: Json) -> Iterator[tuple[str, Any]]:
    """Each location that is named, after where it stands."""
    for n, location in enumerate(provider.get("locations") or []):
        yield f"{ORDER}/provider/locations/{n}/id", location.get("id")
    for n, name in enumerate(item.get("location_ids") or []):
        yield f"{ITEM}/location_ids/{n}", name


def _check_fulfillments(fulfillments: list[Json], item: Json, provider: Provider) -> None:
    ours = provider.onsite_service_id
    named = [(f"{FULFILLMENT}/id", fulfillment.get("id")) for fulfillment in fulfillments[:1]]
    named += [(f"{ITEM}/fulfillment_ids/{n}", name) for n, name in enumerate(item.get("fulfillment_ids") or [])]
    for path, name in named:
        if name and name != ours:
            message = f"{provider.name} has no fulfillment {name[:80]!r}; it has {ours!r}."
            raise BecknError(FULFILLMENT_UNAVAILABLE, message, path)
    if len(fulfillments) > 1:
        raise BecknError(BUSINESS_ERROR, "One connection is ordered at a time.", f"{ORDER}/fulfillments/1")
    for fulfillment in fulfillments:
        way = fulfillment.get("type")
        if way and read("fulfillment-type", way) is None:
            message = f"A connection is made on site, not by {way[:80]!r}."
            raise BecknError(FULFILLMENT_UNAVAILABLE, message, f"{FULFILLMENT}/type")
        types = [read("stop-type", stop.get("type") or "") for stop in fulfillment.get("stops") or []]
        for n in [n for n, kind in enumerate(types) if kind == "END"][1:]:
            raise BecknError(BUSINESS_ERROR, "One place is connected at a time.", f"{FULFILLMENT}/stops/{n}")


def read_offered_wish(item: Json) -> Wish:
    """The wish in an item's tags; raises 40000 for what nobody offers."""
    path = f"{ITEM}/tags"
    wish = read_wish(item.get("tags"), path)
    if wish.unknown:
        raise BecknError(BUSINESS_ERROR, f"Not offered: {', '.join(wish.unknown)}.", path)
    return wish


def read_item_wish(order: Json, offering: Offering) -> Wish:
    """The same; raises 40000 where it contradicts the offering."""
    wish = read_offered_wish(order["items"][0])
    for name in ("property_type", "phase", "user_type"):
        value = getattr(wish, name)
        if value and value != getattr(offering, name):
            message = f"{offering.name} is for {name.replace('_', ' ')} {getattr(offering, name)}, not {value}."
            raise BecknError(BUSINESS_ERROR, message, f"{ITEM}/tags")
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
