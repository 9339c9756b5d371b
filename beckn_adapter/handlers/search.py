"""search → on_search: what of the catalogue fits the intent (guide: search)."""

from itertools import groupby
from typing import Any

from django.conf import settings

from beckn_adapter.handlers.lookup import offerings_on_sale
from beckn_adapter.models import Message
from beckn_adapter.translate.catalogue import write_item, write_provider
from beckn_adapter.translate.request import read_premises, read_wish
from billing.services import price_offering
from connections.geography import Place
from connections.matching import Criteria, match
from connections.models import Offering

Json = dict[str, Any]
INTENT = "/message/intent"


def search(row: Message, request: Json) -> Json:
    """The matching providers with their matching items; an empty catalogue where nothing fits."""
    criteria = read_criteria(request)
    fitting = [fit.offering for fit in match(offerings_on_sale(), criteria) if fit.fits]
    profile = settings.BECKN_WIRE_PROFILE
    providers = []
    for _, group in groupby(fitting, key=lambda offering: offering.provider_id):
        offerings: list[Offering] = list(group)
        items = [write_item(offering, price_offering(offering, criteria.load_kw), profile) for offering in offerings]
        providers.append(write_provider(offerings[0].provider, items, profile))
    return {"catalog": {"providers": providers}}


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
