"""Does a confirm say what on_init offered? What it leaves out it accepts; what it says otherwise is refused by name."""

from collections.abc import Iterable
from typing import Any

from beckn_adapter.errors import INVALID_REQUEST, PAYMENT_NOT_SUPPORTED, QUOTE_UNAVAILABLE, BecknError
from beckn_adapter.handlers.lookup import ITEM, check_fulfillment
from beckn_adapter.translate.amounts import read_number
from beckn_adapter.translate.order import quoted_price
from beckn_adapter.translate.request import FULFILLMENT, ORDER, read_gps, read_wish
from beckn_adapter.translate.taxonomy import read
from billing.models import Instalment
from connections.models import Application

Json = dict[str, Any]


def check_agreement(order: Json, application: Application) -> None:
    """Raises `BecknError`: 40003 for the quote, 40004 for the payments, 30000 for anything else that differs."""
    _same(order["provider"]["id"], application.provider.code, "The provider", f"{ORDER}/provider/id")
    if len(order["items"]) > 1:
        raise BecknError(INVALID_REQUEST, "The items differ: on_init offered one.", f"{ORDER}/items/1")
    _same(order["items"][0]["id"], application.offering.code, "The item", f"{ITEM}/id")
    check_fulfillment(order, application.provider)
    _check_wish(order["items"][0], application)
    _check_people(order, application)
    _check_location(order, application)
    _check_quote(order.get("quote") or {}, application)
    _check_payments(order.get("payments") or [], application)


def _check_wish(item: Json, application: Application) -> None:
    path = f"{ITEM}/tags"
    wish = read_wish(item.get("tags"), path)
    offering = application.offering
    for what, said, offered in (
        ("The requested load", wish.load_kw, application.requested_load_kw),
        ("The estimated consumption", wish.consumption_kwh, application.monthly_consumption_kwh),
        ("The property type", wish.property_type, offering.property_type),
        ("The phase", wish.phase, offering.phase),
        ("The user type", wish.user_type, offering.user_type),
    ):
        if said is not None:
            _same(said, offered, what, path)


def _check_people(order: Json, application: Application) -> None:
    customer = ((order.get("fulfillments") or [{}])[0]).get("customer") or {}
    person, contact = customer.get("person") or {}, customer.get("contact") or {}
    billing = order.get("billing") or {}
    at = f"{FULFILLMENT}/customer"
    for what, thing, field, offered, path in (
        ("The applicant's name", person, "name", application.applicant_name, f"{at}/person/name"),
        ("The applicant's telephone number", contact, "phone", application.applicant_phone, f"{at}/contact/phone"),
        ("The applicant's e-mail address", contact, "email", application.applicant_email, f"{at}/contact/email"),
        ("The billing name", billing, "name", application.billing_name, f"{ORDER}/billing/name"),
        ("The billing telephone number", billing, "phone", application.billing_phone, f"{ORDER}/billing/phone"),
        ("The billing e-mail address", billing, "email", application.billing_email, f"{ORDER}/billing/email"),
        ("The billing address", billing, "address", application.billing_address, f"{ORDER}/billing/address"),
    ):
        said = str(thing.get(field) or "").strip()
        if said:
            _same(said, offered, what, path)


def _check_location(order: Json, application: Application) -> None:
    stops = ((order.get("fulfillments") or [{}])[0]).get("stops") or []
    location = (stops[0].get("location") or {}) if stops else {}
    path = f"{FULFILLMENT}/stops/0/location"
    address = str(location.get("address") or "").strip()
    if address:
        _same(address, application.address, "The address", f"{path}/address")
    gps = str(location.get("gps") or "").strip()
    if gps:
        offered = (application.latitude, application.longitude)
        _same(read_gps(gps, f"{path}/gps"), offered, "The position", f"{path}/gps")


def _check_quote(quote: Json, application: Application) -> None:
    price, offered = quote.get("price") or {}, quoted_price(application)
    path = f"{ORDER}/quote/price"
    if "value" in price:
        value = read_number(price["value"], f"{path}/value", what="The quote")
        _same(value, offered.total, "The quote", f"{path}/value", QUOTE_UNAVAILABLE)
    if "currency" in price:
        _same(price["currency"], offered.currency, "The currency", f"{path}/currency", QUOTE_UNAVAILABLE)


def _check_payments(payments: list[Json], application: Application) -> None:
    offered = list(application.instalments.all())
    if payments and len(payments) != len(offered):
        message = f"The payments differ: {len(payments)} were sent, {len(offered)} offered."
        raise BecknError(PAYMENT_NOT_SUPPORTED, message, f"{ORDER}/payments")
    for n, (said, asked) in enumerate(zip(payments, offered, strict=False)):
        for what, path, value, expected in _payment_fields(said, asked, f"{ORDER}/payments/{n}"):
            _same(value, expected, what, path, PAYMENT_NOT_SUPPORTED)


def _payment_fields(said: Json, asked: Instalment, path: str) -> Iterable[tuple[str, str, object, object]]:
    """What the payment says, beside what was offered; what it does not say is not compared."""
    params = said.get("params") or {}
    if "type" in said:
        yield "The payment type", f"{path}/type", read("payment-type", said["type"]) or said["type"], asked.type
    if "collected_by" in said:
        collector = read("collected-by", said["collected_by"]) or said["collected_by"]
        yield "Who collects", f"{path}/collected_by", collector, asked.collected_by
    if "amount" in params:
        amount = read_number(params["amount"], f"{path}/params/amount", what="The amount")
        yield "The amount", f"{path}/params/amount", amount, asked.amount
    if "currency" in params:
        yield "The currency", f"{path}/params/currency", params["currency"], asked.currency


def _same(said: object, offered: object, what: str, path: str, code: str = INVALID_REQUEST) -> None:
    if said != offered:
        raise BecknError(code, f"{what} differs from what on_init offered.", path)
