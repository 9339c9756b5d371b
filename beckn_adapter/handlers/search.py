"""search → on_search: what of the catalogue fits the intent (guide: search)."""

from decimal import Decimal
from functools import lru_cache, partial
from itertools import groupby
from typing import Any

from django.conf import settings

from beckn_adapter.models import Message
from beckn_adapter.translate.catalogue import write_item, write_provider
from beckn_adapter.translate.request import read_premises, read_wish
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
    wish = read_wish(intent.get("tags"), f"{INTENT}/tags")
    item = intent.get("item") or {}
    names = [(thing.get("descriptor") or {}).get("name") or "" for thing in (intent, item)]
    return Criteria(
        words=" ".join(names).strip(),
        place=read_place(intent, request["context"]),
        provider=(intent.get("provider") or {}).get("id") or "",
        offering=item.get("id") or "",
        load_kw=wish.load_kw,
        property_type=wish.property_type,
        phase=wish.phase,
        user_type=wish.user_type,
        impossible=wish.unknown,
    )


def read_place(intent: Json, context: Json) -> Place:
    """The first place that is named: a stop of the fulfilment, intent.location (as 1.2 has it), the context's city."""
    stops = (intent.get("fulfillment") or {}).get("stops") or []
    candidates = [(f"{INTENT}/fulfillment/stops/{n}/location", stop.get("location")) for n, stop in enumerate(stops)]
    candidates.append((f"{INTENT}/location", intent.get("location")))
    path, location = next((found for found in candidates if found[1]), (f"{INTENT}/location", {}))
    return read_premises(location, context, path, address_needed=False).place()
