"""What a buyer app asks for, read from its message into our words: tags, places, people. Raises BecknError."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from beckn_adapter.errors import INVALID_REQUEST, BecknError
from beckn_adapter.translate.amounts import read_number
from beckn_adapter.translate.tags import read_tags
from beckn_adapter.translate.taxonomy import read
from connections.services import Applicant, Premises

Json = dict[str, Any]
# As core's `Gps` has it, but that we allow spaces before the comma.
GPS = re.compile(
    r"([+-]?(?:[1-8]?\d(?:\.\d+)?|90(?:\.0+)?))\s*(,\s*)([+-]?(?:180(?:\.0+)?|(?:1[0-7]\d|[1-9]?\d)(?:\.\d+)?))"
)
PHONE = re.compile(r"\+?[0-9 ().-]{6,25}")
# As core's `format: email` has it (RFC 5321 without its quotes and addresses in brackets): a callback tells it back.
ATOM, LABEL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+", r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
EMAIL = re.compile(rf"{ATOM}(?:\.{ATOM})*@(?:{LABEL}\.)+{LABEL}")
LOOKS = {PHONE: "a telephone number", EMAIL: "an e-mail address"}
ORDER = "/message/order"
FULFILLMENT = f"{ORDER}/fulfillments/0"
# The wish: its field, the kind of its codes, the tags that may carry it (squashed).
CODES = (
    ("property_type", "property-type", ("propertytype",)),
    ("phase", "phase", ("phase", "connectionphase")),
    ("user_type", "user-type", ("usertype",)),
)
LOAD_TAGS, CONSUMPTION_TAGS = ("requestedloadkw", "requestedload", "load"), ("estimatedmonthlyconsumptionkwh",)
WISH_TAGS = (*LOAD_TAGS, *CONSUMPTION_TAGS, *(name for *_, names in CODES for name in names))


@dataclass(frozen=True)
class Wish:
    """The connection that is asked for. None: not said. Codes are the taxonomy's; `unknown` names odd values."""

    load_kw: Decimal | None = None
    consumption_kwh: Decimal | None = None
    property_type: str | None = None
    phase: str | None = None
    user_type: str | None = None
    unknown: tuple[str, ...] = ()


def read_wish(groups: Any, path: str) -> Wish:
    """The wish in an item's or an intent's tags. `path` is the JSON pointer of the tags."""
    tags = read_tags(groups)
    codes: dict[str, str | None] = {}
    unknown = []
    for field, kind, names in CODES:
        value = next((tags[name][0] for name in names if name in tags), None)
        codes[field] = read(kind, value) if value is not None else None
        if value is not None and codes[field] is None:
            unknown.append(f"{field.replace('_', ' ')} {value[:40]!r}")
    return Wish(
        load_kw=_number(tags, LOAD_TAGS, path, "The requested load (kW)"),
        consumption_kwh=_number(tags, CONSUMPTION_TAGS, path, "The estimated monthly consumption (kWh)"),
        **codes,
        unknown=tuple(unknown),
    )


def _number(tags: dict[str, tuple[str, int, int]], names: tuple[str, ...], path: str, what: str) -> Decimal | None:
    for name in names:
        if name in tags:
            text, group, n = tags[name]
            return read_number(text, f"{path}/{group}/list/{n}/value", what=what)
    return None


def read_gps(text: str, path: str) -> tuple[Decimal, Decimal, str]:
    """`lat,lon` in degrees (core `Gps`), to six decimals: a tenth of a metre; and as it is told back."""
    if match := GPS.fullmatch(text):
        return round(Decimal(match[1]), 6), round(Decimal(match[3]), 6), "".join(match.groups())
    raise BecknError(INVALID_REQUEST, f"gps is {text[:60]!r}, latitude,longitude in degrees was expected.", path)


def read_premises(location: Json, context: Json, path: str, *, address_needed: bool = True) -> Premises:
    """Where power is wanted. Without a city of its own the place is taken to be in the context's."""
    address = str(location.get("address") or "").strip()
    if address_needed and not address:
        raise BecknError(INVALID_REQUEST, "The address of the premises is missing.", f"{path}/address")
    gps = str(location.get("gps") or "").strip()
    lat, lon, given = read_gps(gps, f"{path}/gps") if gps else (None, None, "")
    own_city = (location.get("city") or {}).get("code")
    context_city = ((context.get("location") or {}).get("city") or {}).get("code")
    return Premises(
        address=check_text(address, 500, f"{path}/address"),
        postcode=check_text(str(location.get("area_code") or "").strip(), 20, f"{path}/area_code"),
        city_code=check_text(str(own_city or context_city or "").strip(), 60, f"{path}/city/code"),
        latitude=lat,
        longitude=lon,
        position_as_given=given,
    )


def find_premises(stops: list[Json]) -> int:
    """Which of a fulfilment's stops is where power is wanted: the END (guide's taxonomy of stops), else one that says
    nothing of its type, else the first."""
    types = [read("stop-type", stop.get("type") or "") for stop in stops]
    return next((types.index(wanted) for wanted in ("END", None) if wanted in types), 0)


def read_applicant(order: Json) -> Applicant:
    """Who applies (fulfillments[0].customer) and who pays (billing); each stands in for what the other leaves out."""
    billing = order.get("billing") or {}
    fulfillment = (order.get("fulfillments") or [{}])[0]
    customer = fulfillment.get("customer") or {}
    person, contact = customer.get("person") or {}, customer.get("contact") or {}
    at = f"{FULFILLMENT}/customer"
    name = _text(person, "name") or _text(billing, "name")
    phone = check_text(_text(contact, "phone"), 30, f"{at}/contact/phone", PHONE)
    email = check_text(_text(contact, "email"), 254, f"{at}/contact/email", EMAIL)
    billing_phone = check_text(_text(billing, "phone"), 30, f"{ORDER}/billing/phone", PHONE)
    billing_email = check_text(_text(billing, "email"), 254, f"{ORDER}/billing/email", EMAIL)
    if not name:
        raise BecknError(INVALID_REQUEST, "The applicant's name is missing.", f"{at}/person/name")
    if not (phone or email or billing_phone or billing_email):
        message = "The applicant's telephone number or e-mail address is missing."
        raise BecknError(INVALID_REQUEST, message, f"{at}/contact")
    return Applicant(
        applicant_name=check_text(name, 200, f"{at}/person/name"),
        applicant_phone=phone or ("" if email else billing_phone),
        applicant_email=email or ("" if phone else billing_email),
        billing_name=check_text(_text(billing, "name"), 200, f"{ORDER}/billing/name"),
        billing_phone=billing_phone,
        billing_email=billing_email,
        billing_address=check_text(_text(billing, "address"), 500, f"{ORDER}/billing/address"),
        tax_id=check_text(_text(billing, "tax_id"), 60, f"{ORDER}/billing/tax_id"),
    )


def _text(thing: Json, name: str) -> str:
    return str(thing.get(name) or "").strip()


def check_text(value: str, longest: int, path: str, pattern: re.Pattern[str] | None = None) -> str:
    """The text itself, if it is short enough and looks like what it should be. Raises `BecknError`."""
    if len(value) > longest:
        raise BecknError(INVALID_REQUEST, f"The text is longer than {longest} characters.", path)
    if value and pattern and not pattern.fullmatch(value):
        raise BecknError(INVALID_REQUEST, f"{value[:60]!r} is not {LOOKS[pattern]}.", path)
    return value
