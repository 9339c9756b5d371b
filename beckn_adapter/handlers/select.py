"""select → on_select: the price of an offering for a load (guide: select)."""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings

from beckn_adapter.handlers.lookup import find_offering, read_item_wish
from beckn_adapter.models import Message
from beckn_adapter.translate.catalogue import write_descriptor, write_item, write_quote
from beckn_adapter.translate.taxonomy import write
from billing.services import price_offering
from connections.services import check_load

Json = dict[str, Any]


def select(row: Message, request: Json) -> Json:
    """The order so far, with its quote. Nothing is stored: a quote becomes an offer at init."""
    order = request["message"]["order"]
    offering = find_offering(order)
    wish = read_item_wish(order, offering)
    if wish.load_kw is not None:
        check_load(offering, wish.load_kw)
    quoted = price_offering(offering, wish.load_kw)
    profile, provider = settings.BECKN_WIRE_PROFILE, offering.provider
    quote_id = str(uuid5(NAMESPACE_URL, f"quote/{row.bap_id}/{row.transaction_id}/{offering.code}/{quoted.total}"))
    fulfillment = {"id": provider.onsite_service_id, "type": write("fulfillment-type", "ON_SITE", profile)}
    return {
        "order": {
            "provider": {"id": provider.code, "descriptor": write_descriptor(provider)},
            "items": [write_item(offering, quoted, profile, wish)],
            "fulfillments": [fulfillment],
            "quote": write_quote(quoted, valid_days=provider.quote_valid_days, quote_id=quote_id),
        }
    }
