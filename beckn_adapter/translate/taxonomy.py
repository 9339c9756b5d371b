"""The wire profile: every code of ours beside its spellings on the wire. Pure, one table, both directions.

`guide` writes what the guide's samples write; `taxonomy` writes UPPER_SNAKE wherever core 1.1.0 allows it. Both keep
core's closed lists (payment type and status, order status). Inbound, every spelling is understood: case, hyphen,
underscore and space make no difference. PROTOCOL section h gives the reason for each row.
"""

from typing import NamedTuple

GUIDE, TAXONOMY = "guide", "taxonomy"
PROFILES = (GUIDE, TAXONOMY)


class Row(NamedTuple):
    """One code: how it is written under each profile, and what else is read as it."""

    code: str
    guide: str
    taxonomy: str
    also: tuple[str, ...] = ()


def _same(*codes: str) -> tuple[Row, ...]:
    """Codes that the guide shows in no sample are written as its taxonomy has them."""
    return tuple(Row(code, code, code) for code in codes)


TABLE: dict[str, tuple[Row, ...]] = {
    "category": (Row("ELECTRICITY_CONNECTION", "electricity-connection", "ELECTRICITY_CONNECTION"),),
    "property-type": (
        Row("RESIDENTIAL", "Residential", "RESIDENTIAL"),
        Row("COMMERCIAL", "Commercial", "COMMERCIAL"),
        Row("INDUSTRIAL", "Industrial", "INDUSTRIAL"),
        Row("AGRICULTURAL", "Agricultural", "AGRICULTURAL"),
    ),
    "phase": (
        Row("SINGLE_PHASE", "Single Phase", "SINGLE_PHASE"),
        Row("THREE_PHASE", "Three Phase", "THREE_PHASE"),
        Row("SPLIT_PHASE", "Split Phase", "SPLIT_PHASE"),
    ),
    "user-type": (Row("CONSUMER", "Consumer", "CONSUMER"), Row("PRODUCER", "Producer", "PRODUCER")),
    "fulfillment-type": (Row("ON_SITE", "ONSITE", "ON_SITE"),),
    "stop-type": (Row("START", "start", "START"), Row("END", "end", "END")),
    "fulfillment-state": (
        Row("SCHEDULED", "Scheduled", "SCHEDULED"),
        *_same("TECHNICIAN_ASSIGNED", "ASSESSMENT_COMPLETED", "APPROVED", "CONNECTION_ESTABLISHED"),
        *_same("CANCELLED", "FAILED"),
    ),
    "connection-status": _same("PENDING", "IN_PROGRESS", "COMPLETED", "CANCELLED", "FAILED", "ON_HOLD"),
    "documentation-status": _same("PENDING", "SUBMITTED", "VERIFIED", "REJECTED", "EXPIRED"),
    "payment-status": _same("PENDING", "PAID", "FAILED", "REFUNDED", "PARTIALLY_PAID"),
    "meter-type": _same("DIGITAL", "ANALOG", "SMART_METER", "PREPAID_METER", "POSTPAID_METER"),
    "billing-cycle": _same("WEEKLY", "MONTHLY", "QUARTERLY"),
    "collected-by": _same("BAP", "BPP", "AGENT"),
    # Core closes these lists, so both profiles write core's hyphens. POST_ORDER has no place in core: after the order
    # and before the work is PRE-FULFILLMENT.
    "payment-type": (
        Row("PRE_ORDER", "PRE-ORDER", "PRE-ORDER"),
        Row("PRE_FULFILLMENT", "PRE-FULFILLMENT", "PRE-FULFILLMENT", ("POST_ORDER",)),
        Row("ON_FULFILLMENT", "ON-FULFILLMENT", "ON-FULFILLMENT"),
        Row("POST_FULFILLMENT", "POST-FULFILLMENT", "POST-FULFILLMENT"),
    ),
    "payment-settled": (Row("PAID", "PAID", "PAID"), Row("NOT_PAID", "NOT-PAID", "NOT-PAID")),
    "order-status": (
        Row("ACTIVE", "ACTIVE", "ACTIVE"),
        Row("COMPLETE", "COMPLETE", "COMPLETE"),
        Row("CANCELLED", "CANCELLED", "CANCELLED"),
    ),
}

# Tag codes stay as the samples spell them under both profiles: they are what buyer apps look for (PROTOCOL h.3).
STATE_NAMES = {
    "SCHEDULED": "Connection Visit Scheduled",
    "TECHNICIAN_ASSIGNED": "Technician Assigned",
    "ASSESSMENT_COMPLETED": "Assessment Completed",
    "APPROVED": "Approved",
    "CONNECTION_ESTABLISHED": "Connection Established",
    "CANCELLED": "Cancelled",
    "FAILED": "Rejected by the Utility",
}


def squash(text: str) -> str:
    """A spelling without what makes no difference: `Single Phase`, `single-phase` and `SINGLE_PHASE` are one."""
    return "".join(character for character in text.casefold() if character.isalnum())


_WRITE = {
    profile: {(kind, row.code): getattr(row, profile) for kind, rows in TABLE.items() for row in rows}
    for profile in PROFILES
}
_READ = {  # each spelling as it stands in the table too: that is what nearly everybody writes
    (kind, written): row.code
    for kind, rows in TABLE.items()
    for row in rows
    for spelling in (row.code, row.guide, row.taxonomy, *row.also)
    for written in (spelling, squash(spelling))
}


def write(kind: str, code: str, profile: str) -> str:
    """Our code as the profile spells it. A code that is not in the table is a mistake of ours: KeyError."""
    return _WRITE[profile][kind, str(code)]


def read(kind: str, spelling: str) -> str | None:
    """Our code for any spelling of it; None for a word that the table does not know."""
    return _READ.get((kind, spelling)) or _READ.get((kind, squash(spelling)))
