"""How an order ends, in Beckn's words: the connection's own data, or who ended it, why, and what that costs."""

from typing import Any

from beckn_adapter.translate.amounts import write_money, write_number
from beckn_adapter.translate.context import write_time
from beckn_adapter.translate.tags import tag_group
from beckn_adapter.translate.taxonomy import write
from billing.services import Settlement, settlement_of
from connections.models import Application

Json = dict[str, Any]


def write_connection(application: Application, profile: str) -> Json:
    """The tag group `connection_details` as the published on_status-4 lists it (PROTOCOL 0.3)."""
    offering = application.offering
    premises = write("property-type", offering.property_type, profile)
    start, zone = application.energised_at, application.provider.zone
    values = [
        ("consumer_number", application.consumer_number),
        ("meter_id", application.meter_serial),
        ("meter_type", write("meter-type", application.meter_type, profile)),
        ("connection_type", f"{premises} - {write('phase', offering.phase, profile)}"),
        ("sanctioned_load_kw", write_number(application.sanctioned_load_kw or application.requested_load_kw)),
        ("connection_start_date", start.astimezone(zone).date().isoformat() if start else None),
        ("billing_cycle", write("billing-cycle", application.billing_cycle, profile)),
        ("tariff_category", application.tariff_category),
        ("subsidy_eligible", "Yes" if offering.subsidy_eligible else "No"),
        ("grid_zone", application.grid_zone),
    ]
    group = tag_group("connection_details", [(code, value) for code, value in values if value])
    return {**group, "display": True}


def write_ending(application: Application, profile: str) -> Json:
    """`cancellation`, the settlement as the quote, and the refund terms of an order that is cancelled or failed."""
    event = application.events.filter(kind__in=["application.cancelled", "application.failed"]).last()
    asked_at_the_desk = event is not None and event.data.get("asked_by_applicant")
    by_applicant = event is not None and (event.actor.startswith("buyer app ") or asked_at_the_desk)
    reason: Json = {"descriptor": {"name": application.reason}}
    if event and event.data.get("reason_code"):
        reason["id"] = event.data["reason_code"]
    cancellation: Json = {
        "time": write_time(event.at if event else application.updated_at),
        "cancelled_by": "CONSUMER" if by_applicant else "PROVIDER",
        "reason": reason,
    }
    if event and event.data.get("beside_it"):
        cancellation["additional_description"] = event.data["beside_it"]
    settlement = settlement_of(application)
    return {
        "cancellation": cancellation,
        "quote": write_settlement(settlement),
        "refund_terms": [write_refund(settlement)],
    }


def write_settlement(settlement: Settlement) -> Json:
    """What is kept and what goes back. A total below zero is a refund to the applicant."""
    lines = [("Cancellation fee", settlement.fee)]
    if settlement.paid:
        lines.append(("Payments returned", -settlement.paid))
    return {
        "price": _price(settlement, settlement.due),
        "breakup": [{"title": title, "price": _price(settlement, amount)} for title, amount in lines],
    }


def write_refund(settlement: Settlement) -> Json:
    """Core's `refund_terms` entry: eligible where something was paid beyond the fee."""
    refund = max(-settlement.due, settlement.due * 0)
    return {"refund_eligible": bool(refund), "refund_amount": _price(settlement, refund)}


def _price(settlement: Settlement, amount: Any) -> Json:
    return {"value": write_money(amount, settlement.currency), "currency": settlement.currency}
