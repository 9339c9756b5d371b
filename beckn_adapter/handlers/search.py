"""search → on_search: what of the catalogue fits the intent (guide: search)."""

from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache, partial
from itertools import groupby
from typing import Any

from django.conf import settings

from beckn_adapter.models import Message
from beckn_adapter.translate.catalogue import CATEGORY_ID, write_item, write_provider
from beckn_adapter.translate.request import find_premises, read_premises, read_wish
from beckn_adapter.translate.taxonomy import read
from beckn_adapter.translate.written import Written, dump
from billing.services import price_offering
from connections.geography import Place
from connections.matching import Criteria
from connections.shelf import Shelf, shelf

Json = dict[str, Any]
INTENT = "/message/intent"
ANSWERS_KEPT = 1000  # of one edition: most searches ask for the same few things


def search(row: Message, request: Json) -> Written:
    """The matching providers with their matching items; an empty catalogue where nothing fits."""
    criteria, catalogue = read_criteria(request), shelf()
    fitting = tuple(offering.pk for offering in catalogue.fitting(criteria))
    write = catalogue.ready.setdefault(search, lru_cache(maxsize=ANSWERS_KEPT)(partial(write_catalogue, catalogue)))
    return write(fitting, criteria.load_kw, settings.BECKN_WIRE_PROFILE)


def write_catalogue(catalogue: Shelf, fitting: tuple[int, ...], load_kw: Decimal | None, profile: str) -> Written:
    """The message of on_search: these offerings, priced for a load (kW) where one is named."""
    providers = []
    for provider, group in groupby(map(catalogue.by_id, fitting), key=lambda offering: offering.provider):
        items = [write_item(offering, price_offering(offering, load_kw), profile) for offering in group]
        providers.append(write_provider(provider, items, profile))
    return Written(dump({"catalog": {"providers": providers}}))


def read_criteria(request: Json) -> Criteria:
    """The intent in our words. Raises `BecknError` for a load or a position that can not be read."""
    intent = request["message"].get("intent") or {}
    item, provider = intent.get("item") or {}, intent.get("provider") or {}
    own = read_wish(intent.get("tags"), f"{INTENT}/tags")
    of_item = read_wish(item.get("tags"), f"{INTENT}/item/tags")
    names = [(thing.get("descriptor") or {}).get("name") or "" for thing in (intent, provider, item)]
    return Criteria(
        words=" ".join(name for name in names if name),
        place=read_place(intent, request["context"]),
        provider=provider.get("id") or "",
        offering=item.get("id") or (item.get("descriptor") or {}).get("code") or "",
        load_kw=of_item.load_kw if own.load_kw is None else own.load_kw,
        property_type=own.property_type or of_item.property_type,
        phase=own.phase or of_item.phase,
        user_type=own.user_type or of_item.user_type,
        impossible=(*own.unknown, *of_item.unknown, *_unheard_of(intent)),
    )


def _unheard_of(intent: Json) -> Iterator[str]:
    """A category or a way of serving that is not in our catalogue."""
    category, way = (intent.get("category") or {}).get("id"), (intent.get("fulfillment") or {}).get("type")
    if category and category != CATEGORY_ID:
        yield f"category {category[:40]!r}"
    if way and read("fulfillment-type", way) is None:
        yield f"fulfillment type {way[:40]!r}"


def read_place(intent: Json, context: Json) -> Place:
    """The first place that is named: the fulfilment's premises, intent.location (as 1.2 has it), the context's city.
    Of a circle it is the middle; a city without a code is found by the name of a service area."""
    path, location = f"{INTENT}/location", intent.get("location") or {}
    stops = (intent.get("fulfillment") or {}).get("stops") or []
    if stops:
        n = find_premises(stops)
        wanted = stops[n].get("location")
        path, location = (f"{INTENT}/fulfillment/stops/{n}/location", wanted) if wanted else (path, location)
    middle = (location.get("circle") or {}).get("gps")
    if middle and not location.get("gps"):
        location = {**location, "gps": middle}
    city = location.get("city") or {}
    if city.get("name") and not city.get("code"):  # as our own catalogue tells it
        location = {**location, "city": {"code": city["name"][:60]}}
    return read_premises(location, context, path, address_needed=False).place()
