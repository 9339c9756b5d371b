"""The wire profile is one table, read and written without loss."""

import pytest

from beckn_adapter.translate.taxonomy import PROFILES, STATE_NAMES, TABLE, read, write
from connections import vocabulary

EVERY_CODE = [(kind, row.code) for kind, rows in TABLE.items() for row in rows]
# The guide's section "Taxonomy and Layer 2 Configuration", by the kinds of our table.
GUIDE_TAXONOMY = {
    "category": ["ELECTRICITY_CONNECTION"],
    "property-type": ["RESIDENTIAL", "COMMERCIAL", "INDUSTRIAL", "AGRICULTURAL"],
    "connection-status": ["PENDING", "IN_PROGRESS", "COMPLETED", "CANCELLED", "FAILED", "ON_HOLD"],
    "phase": ["SINGLE_PHASE", "THREE_PHASE", "SPLIT_PHASE"],
    "user-type": ["CONSUMER", "PRODUCER"],
    "fulfillment-type": ["ON_SITE"],
    "meter-type": ["DIGITAL", "ANALOG", "SMART_METER", "PREPAID_METER", "POSTPAID_METER"],
    "documentation-status": ["PENDING", "SUBMITTED", "VERIFIED", "REJECTED", "EXPIRED"],
    "payment-status": ["PENDING", "PAID", "FAILED", "REFUNDED", "PARTIALLY_PAID"],
    "billing-cycle": ["WEEKLY", "MONTHLY", "QUARTERLY"],
    "fulfillment-state": ["TECHNICIAN_ASSIGNED", "ASSESSMENT_COMPLETED", "APPROVED", "CONNECTION_ESTABLISHED"],
    "payment-type": ["PRE_ORDER", "PRE_FULFILLMENT", "POST_FULFILLMENT"],
    "payment-settled": ["PAID", "NOT_PAID"],
    "collected-by": ["BAP", "BPP", "AGENT"],
    "stop-type": ["START", "END"],
}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("kind", "code"), EVERY_CODE)
def test_what_is_written_is_read_back_as_the_same_code(profile: str, kind: str, code: str) -> None:
    assert read(kind, write(kind, code, profile)) == code


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("kind", "code"), [(kind, code) for kind, codes in GUIDE_TAXONOMY.items() for code in codes])
def test_every_enum_of_the_guide_makes_the_round_trip(profile: str, kind: str, code: str) -> None:
    assert read(kind, write(kind, code, profile)) == code


def test_post_order_is_read_as_before_the_work_because_core_has_no_such_payment_type() -> None:
    assert read("payment-type", "POST_ORDER") == "PRE_FULFILLMENT"
    assert read("payment-type", "POST-ORDER") == "PRE_FULFILLMENT"


@pytest.mark.parametrize(
    ("kind", "spelling", "code"),
    [
        ("category", "electricity-connection", "ELECTRICITY_CONNECTION"),
        ("category", "Electricity Connection", "ELECTRICITY_CONNECTION"),
        ("category", "ELECTRICITY_CONNECTION", "ELECTRICITY_CONNECTION"),
        ("phase", "Single-phase", "SINGLE_PHASE"),
        ("phase", "three phase", "THREE_PHASE"),
        ("fulfillment-type", "onsite", "ON_SITE"),
        ("fulfillment-type", "ON_SITE", "ON_SITE"),
        ("stop-type", "End", "END"),
        ("payment-type", "on_fulfillment", "ON_FULFILLMENT"),
        ("payment-settled", "NOT_PAID", "NOT_PAID"),
        ("fulfillment-state", "Technician-assigned", "TECHNICIAN_ASSIGNED"),
        ("meter-type", "Smart Meter", "SMART_METER"),
        ("collected-by", "bpp", "BPP"),
    ],
)
def test_every_spelling_is_understood(kind: str, spelling: str, code: str) -> None:
    assert read(kind, spelling) == code


def test_a_word_of_another_kind_is_not_understood() -> None:
    assert read("phase", "Residential") is None


@pytest.mark.parametrize(
    ("kind", "choices"),
    [
        ("property-type", vocabulary.PropertyType),
        ("phase", vocabulary.Phase),
        ("user-type", vocabulary.UserType),
        ("meter-type", vocabulary.MeterType),
        ("billing-cycle", vocabulary.BillingCycle),
        ("connection-status", vocabulary.ConnectionStatus),
        ("documentation-status", vocabulary.DocumentState),
        ("payment-type", vocabulary.PaymentType),
        ("payment-status", vocabulary.PaymentStatus),
        ("collected-by", vocabulary.CollectedBy),
    ],
)
def test_every_word_of_the_utility_has_its_row(kind: str, choices: type) -> None:
    assert {row.code for row in TABLE[kind]} == set(choices.values)  # type: ignore[attr-defined]


def test_every_state_but_the_draft_can_be_told_and_named() -> None:
    told = set(vocabulary.ApplicationState.values) - {"DRAFT"}
    assert {row.code for row in TABLE["fulfillment-state"]} == told == set(STATE_NAMES)
