"""What a buyer app writes: intent and orders as the guide shapes them in search, select, init and confirm. Pure."""

from dataclasses import dataclass
from typing import Any

from beckn_adapter.sandbox.reading import Json, dig, rows

CATEGORY = "electricity-connection"


@dataclass(frozen=True)
class Need:
    """What a person wants of the buyer app. Loads are kW, consumption kWh a month; gps is `lat,lon` (WGS 84)."""

    search_for: str = "Request for a new electricity connection"
    load_kw: str = "5"
    consumption_kwh: str = "300"
    name: str = "Maria"
    phone: str = "+14155553333"
    email: str = "maria@example.com"
    address: str = "910 Pinecrest Blvd, San Francisco, CA"
    gps: str = "37.774921,-122.419424"


def intent(need: Need) -> Json:
    return {"descriptor": {"name": need.search_for}, "category": {"descriptor": {"code": CATEGORY}}}


def selection(need: Need, *, provider_id: str, item_id: str, fulfillment_id: str = "1") -> Json:
    """The order of `select`: who, what, how much power."""
    return {
        "provider": {"id": provider_id},
        "items": [{"id": item_id, "tags": _tags(need)}],
        "fulfillments": [{"id": fulfillment_id}],
    }


def application(need: Need, selected: Json) -> Json:
    """The order of `init`: what was selected, and who applies for which premises."""
    return {
        "provider": {"id": dig(selected, "provider", "id")},
        "items": [{"id": dig(item, "id"), "tags": _tags(need)} for item in rows(selected, "items")],
        "billing": {"name": need.name, "email": need.email, "phone": need.phone, "address": need.address},
        "fulfillments": [
            {
                "id": dig(selected, "fulfillments", 0, "id") or "1",
                "type": "ONSITE",
                "customer": {
                    "person": {"name": need.name},
                    "contact": {"phone": need.phone, "email": need.email},
                },
                "stops": [{"type": "end", "location": {"address": need.address, "gps": need.gps}}],
            }
        ],
    }


def agreement(applied: Json, terms: Json) -> Json:
    """The order of `confirm`: the application as it was sent, with the payments that `on_init` asked for."""
    return {**applied, "payments": rows(terms, "payments")}


def _tags(need: Need) -> list[Json]:
    details = {"requested_load_kw": need.load_kw, "estimated_monthly_consumption_kwh": need.consumption_kwh}
    return [
        _group("connection-type", {"user_type": "Consumer"}),
        _group("requested_connection_details", {code: value for code, value in details.items() if value}),
    ]


def _group(code: str, values: dict[str, str]) -> dict[str, Any]:
    return {
        "descriptor": {"code": code},
        "list": [{"descriptor": {"code": name}, "value": value} for name, value in values.items()],
    }
