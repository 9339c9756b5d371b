"""Where an order that a buyer app sends differs from ours. What it leaves out is no difference.

A confirm may not differ at all; an update may, in the fields that it names and that can be changed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from beckn_adapter.errors import INVALID_REQUEST, PAYMENT_NOT_SUPPORTED, QUOTE_UNAVAILABLE, BecknError
from beckn_adapter.handlers.lookup import ITEM, check_names, read_offered_wish
from beckn_adapter.translate.amounts import read_money
from beckn_adapter.translate.request import (
    EMAIL,
    FULFILLMENT,
    ORDER,
    PHONE,
    check_text,
    find_premises,
    read_gps,
)
from beckn_adapter.translate.taxonomy import read
from billing.models import Instalment
from billing.services import quoted_price
from connections.models import Application

Json = dict[str, Any]
CUSTOMER = f"{FULFILLMENT}/customer"


@dataclass(frozen=True)
class Difference:
    """One thing that is said otherwise. `changes` are the application's fields by which it could be brought about."""

    what: str
    path: str
    code: str = INVALID_REQUEST
    changes: Json = field(default_factory=dict)


def check_agreement(order: Json, application: Application, agreed: str = "what on_init offered") -> None:
    """Raises `BecknError`: 40003 for the quote, 40004 for the payments, 30000 for anything else that differs, and what
    an order is refused for before it is one."""
    for difference in differences(order, application):
        raise BecknError(difference.code, f"{difference.what} differs from {agreed}.", difference.path)


def differences(order: Json, application: Application) -> Iterator[Difference]:
    """Everything in the order that is not as we have it. Raises `BecknError` for what can not be read."""
    provider = order.get("provider") or {}
    if provider.get("id", application.provider.code) != application.provider.code:
        yield Difference("The provider", f"{ORDER}/provider/id")
    items = order.get("items") or []
    if len(items) > 1:
        yield Difference("The number of items", f"{ORDER}/items/1")
    if items:
        if items[0]["id"] != application.offering.code:
            yield Difference("The item", f"{ITEM}/id")
        yield from _wish(items[0], application)
    check_names(order, application.provider)
    yield from _people(order, application)
    yield from _location(order, application)
    yield from _quote(order.get("quote") or {}, application)
    yield from _payments(order.get("payments") or [], application)


def _wish(item: Json, application: Application) -> Iterator[Difference]:
    path = f"{ITEM}/tags"
    wish, offering = read_offered_wish(item), application.offering
    if wish.load_kw not in (None, application.requested_load_kw):
        yield Difference("The requested load", path, changes={"requested_load_kw": wish.load_kw})
    if wish.consumption_kwh not in (None, application.monthly_consumption_kwh):
        changes = {"monthly_consumption_kwh": wish.consumption_kwh}
        yield Difference("The estimated consumption", path, changes=changes)
    for what, said, offered in (
        ("The property type", wish.property_type, offering.property_type),
        ("The phase", wish.phase, offering.phase),
        ("The user type", wish.user_type, offering.user_type),
    ):
        if said not in (None, offered):
            yield Difference(what, path)


# What a person reads, where it stands, the application's field, how long it may be and what it must look like.
PEOPLE = (
    ("The applicant's name", f"{CUSTOMER}/person/name", "applicant_name", 200, None),
    ("The applicant's telephone number", f"{CUSTOMER}/contact/phone", "applicant_phone", 30, PHONE),
    ("The applicant's e-mail address", f"{CUSTOMER}/contact/email", "applicant_email", 254, EMAIL),
    ("The billing name", f"{ORDER}/billing/name", "billing_name", 200, None),
    ("The billing telephone number", f"{ORDER}/billing/phone", "billing_phone", 30, PHONE),
    ("The billing e-mail address", f"{ORDER}/billing/email", "billing_email", 254, EMAIL),
    ("The billing address", f"{ORDER}/billing/address", "billing_address", 500, None),
    ("The tax id", f"{ORDER}/billing/tax_id", "tax_id", 60, None),
)


def _people(order: Json, application: Application) -> Iterator[Difference]:
    for what, path, name, longest, pattern in PEOPLE:
        said = str(_dig(order, path) or "").strip()
        if said and said != getattr(application, name):
            yield Difference(what, path, changes={name: check_text(said, longest, path, pattern)})


def _location(order: Json, application: Application) -> Iterator[Difference]:
    stops = _dig(order, f"{FULFILLMENT}/stops") or []
    n = find_premises(stops)
    path, location = f"{FULFILLMENT}/stops/{n}/location", (stops[n].get("location") if stops else None) or {}
    address, gps = str(location.get("address") or "").strip(), str(location.get("gps") or "").strip()
    if address and address != application.address:
        changes: Json = {"address": check_text(address, 500, f"{path}/address")}
        if not gps:  # the old position was another house's
            changes |= {"latitude": None, "longitude": None, "position_as_given": ""}
        yield Difference("The address", f"{path}/address", changes=changes)
    postcode = str(location.get("area_code") or "").strip()
    if postcode and postcode != application.postcode:
        changes = {"postcode": check_text(postcode, 20, f"{path}/area_code")}
        yield Difference("The postcode", f"{path}/area_code", changes=changes)
    if gps:
        latitude, longitude, given = read_gps(gps, f"{path}/gps")
        if (latitude, longitude) != (application.latitude, application.longitude):
            changes = {"latitude": latitude, "longitude": longitude, "position_as_given": given}
            yield Difference("The position", f"{path}/gps", changes=changes)


def _quote(quote: Json, application: Application) -> Iterator[Difference]:
    price, offered = quote.get("price") or {}, quoted_price(application)
    path = f"{ORDER}/quote/price"
    if "value" in price:
        value = read_money(price["value"], offered.currency, f"{path}/value", what="The quote")
        if value != offered.total:
            yield Difference("The quote", f"{path}/value", QUOTE_UNAVAILABLE)
    if price.get("currency", offered.currency) != offered.currency:
        yield Difference("The currency", f"{path}/currency", QUOTE_UNAVAILABLE)

    lines = [(line.get("price") or {}).get("value") for line in quote.get("breakup") or []]
    if lines and None not in lines:
        path = f"{ORDER}/quote/breakup"
        amounts = [read_money(value, offered.currency, path, what="The breakup") for value in lines]
        if sum(amounts) != offered.total:
            yield Difference("The sum of the breakup", path, QUOTE_UNAVAILABLE)


def _payments(payments: list[Json], application: Application) -> Iterator[Difference]:
    offered = list(application.instalments.all())
    if payments and len(payments) != len(offered):
        yield Difference("The number of payments", f"{ORDER}/payments", PAYMENT_NOT_SUPPORTED)
    for n, (said, asked) in enumerate(zip(payments, offered, strict=False)):
        for what, path, value, expected in _payment_fields(said, asked, f"{ORDER}/payments/{n}"):
            if value != expected:
                yield Difference(what, path, PAYMENT_NOT_SUPPORTED)


def _payment_fields(said: Json, asked: Instalment, path: str) -> Iterator[tuple[str, str, object, object]]:
    """What the payment says, beside what was offered; what it does not say is not compared."""
    params = said.get("params") or {}
    if "type" in said:
        yield "The payment type", f"{path}/type", read("payment-type", said["type"]) or said["type"], asked.type
    if "collected_by" in said:
        collector = read("collected-by", said["collected_by"]) or said["collected_by"]
        yield "Who collects", f"{path}/collected_by", collector, asked.collected_by
    if "amount" in params:
        amount = read_money(params["amount"], asked.currency, f"{path}/params/amount", what="The amount")
        yield "The amount", f"{path}/params/amount", amount, asked.amount
    if "currency" in params:
        yield "The currency", f"{path}/params/currency", params["currency"], asked.currency


def _dig(order: Json, path: str) -> Any:
    """What stands at a JSON pointer below /message/order; None where nothing does."""
    thing: Any = order
    for step in path.removeprefix(f"{ORDER}/").split("/"):
        if isinstance(thing, list):
            thing = thing[int(step)] if int(step) < len(thing) else None
        else:
            thing = (thing or {}).get(step)
    return thing
