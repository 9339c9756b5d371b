"""Our catalogue in Beckn's words: provider, items, price, tags, documents (guide: on_search, on_select)."""

from decimal import Decimal
from typing import Any

from beckn_adapter.translate.amounts import write_money, write_number
from beckn_adapter.translate.request import Wish
from beckn_adapter.translate.tags import tag_group
from beckn_adapter.translate.taxonomy import write
from billing.pricing import Price
from connections.models import Offering, Provider

Json = dict[str, Any]
CATEGORY_ID = "1"


def write_descriptor(provider: Provider) -> Json:
    descriptor: Json = {"name": provider.name}
    if provider.short_description:
        descriptor["short_desc"] = provider.short_description
    if provider.long_description:
        descriptor["long_desc"] = provider.long_description
    if provider.logo_url:
        descriptor["images"] = [{"url": provider.logo_url}]
    return descriptor


def write_provider(provider: Provider, items: list[Json], profile: str) -> Json:
    """A provider of the catalogue with its category, locations, way of serving and items."""
    category = {
        "id": CATEGORY_ID,
        "descriptor": {
            "code": write("category", "ELECTRICITY_CONNECTION", profile),
            "name": "Electricity Connection",
        },
    }
    return {
        "id": provider.code,
        "descriptor": write_descriptor(provider),
        "categories": [category],
        "locations": [{"id": area.code, "city": {"name": area.name}} for area in provider.service_areas.all()],
        "fulfillments": [
            {"id": provider.onsite_service_id, "type": write("fulfillment-type", "ON_SITE", profile), "tracking": True}
        ],
        "items": items,
    }


def write_item(offering: Offering, quoted: Price, profile: str, wish: Wish | None = None) -> Json:
    """An offering as an item. The price is an estimate until it is quoted, so it stands as `estimated_value`."""
    tags = [
        tag_group(
            "connection-type",
            [
                ("property-type", write("property-type", offering.property_type, profile)),
                ("phase", write("phase", offering.phase, profile)),
                ("user_type", write("user-type", offering.user_type, profile)),
            ],
        )
    ]
    documents = ", ".join(document.name for document in offering.required_documents.all())
    if documents:
        tags.append(tag_group("documentation", [("required-docs", documents)]))
    if wish:
        tags += _wish_tags(wish.load_kw, wish.consumption_kwh)
    descriptor = {"name": offering.name}
    if offering.description:
        descriptor["short_desc"] = offering.description
    return {
        "id": offering.code,
        "descriptor": descriptor,
        "price": {"estimated_value": write_money(quoted.total, quoted.currency), "currency": quoted.currency},
        "category_ids": [CATEGORY_ID],
        "location_ids": [area.code for area in offering.provider.service_areas.all()],
        "fulfillment_ids": [offering.provider.onsite_service_id],
        "tags": tags,
    }


def _wish_tags(load_kw: Decimal | None, consumption_kwh: Decimal | None) -> list[Json]:
    values = []
    if load_kw is not None:
        values.append(("requested_load_kw", write_number(load_kw)))
    if consumption_kwh is not None:
        values.append(("estimated_monthly_consumption_kwh", write_number(consumption_kwh)))
    return [tag_group("requested_connection_details", values)] if values else []


def write_quote(quoted: Price, *, valid_days: int, quote_id: str) -> Json:
    """A quote whose price is the sum of its breakup (core `Quotation`; ttl is an ISO 8601 duration)."""
    return {
        "id": quote_id,
        "price": _price(quoted.total, quoted.currency),
        "breakup": [{"title": line.title, "price": _price(line.amount, quoted.currency)} for line in quoted.lines],
        "ttl": f"P{valid_days}D",
    }


def _price(amount: Decimal, currency: str) -> Json:
    return {"value": write_money(amount, currency), "currency": currency}
