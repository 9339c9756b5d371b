"""The measuring stick itself: the guide's eight messages are what it calls valid."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tests.core_schema import PROTOCOL, violations

GUIDE = PROTOCOL.parent / "guide" / "messages"
EIGHT = ["search", "on_search", "select", "on_select", "init", "on_init", "confirm", "on_confirm"]
META = {
    "context": {
        "action": "cancellation_reasons",
        "transaction_id": "6e7b1f9e-5b7c-4a46-9d5e-0b8f7a3c2d10",
        "message_id": "b2f7c5d4-1c3e-4f60-8a9b-7d6e5f4c3b2a",
        "timestamp": "2025-05-07T14:00:50Z",
    },
    "message": {"cancellation_reasons": [{"id": "c1", "descriptor": {"code": "CHANGED_MIND"}}]},
}


def guide_message(action: str) -> dict[str, Any]:
    found: list[Path] = list(GUIDE.glob(f"0?_{action}.json"))
    if not found:
        pytest.skip(f"the guide's messages are not here: {GUIDE}")
    return json.loads(found[0].read_text())


@pytest.mark.parametrize("action", EIGHT)
def test_the_guides_messages_are_valid_but_for_their_ids(action: str) -> None:
    assert violations(guide_message(action), uuid_ids=False) == []


@pytest.mark.parametrize("action", EIGHT)
def test_the_guides_messages_fail_on_nothing_but_their_ids(action: str) -> None:
    message = guide_message(action)

    found = violations(message, uuid_ids=True)

    assert sorted(found) == [
        f'context.message_id: "{message["context"]["message_id"]}" is not a "uuid"',
        'context.transaction_id: "connection-txn-8001" is not a "uuid"',
    ]


def test_a_payment_status_that_the_core_does_not_know_is_refused() -> None:
    message = guide_message("on_confirm")
    message["message"]["order"]["payments"][0]["status"] = "PARTIALLY_PAID"

    found = violations(message, uuid_ids=False)

    assert len(found) == 1
    assert found[0].startswith("message.order.payments.0.status: ")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("context.timestamp", "yesterday"),
        ("context.bap_uri", "not an address"),
        ("message.order.billing.email", "nobody at nowhere"),
    ],
)
def test_formats_are_asserted(path: str, value: str) -> None:
    message = guide_message("init")
    *steps, last = path.split(".")
    parent = message
    for step in steps:
        parent = parent[step]
    parent[last] = value

    found = violations(message, uuid_ids=False)

    assert [line.partition(": ")[0] for line in found] == [path]


def test_an_id_that_is_not_even_a_text_is_refused_all_the_same() -> None:
    message = guide_message("search")
    message["context"]["message_id"] = 10001

    found = violations(message, uuid_ids=False)

    assert found == ['context.message_id: 10001 is not of type "string"']


def test_a_callback_that_must_carry_an_order_may_not_be_empty() -> None:
    message = guide_message("on_init")
    message["message"] = {}

    assert violations(message, uuid_ids=False) == ['message: "order" is a required property']


def test_the_meta_messages_have_their_schema_too() -> None:
    assert violations(META, uuid_ids=True) == []


def test_a_meta_message_of_another_shape_is_refused() -> None:
    message = copy.deepcopy(META)
    message["message"] = {"cancellation_reasons": "none"}

    assert violations(message, uuid_ids=True) == ['message.cancellation_reasons: "none" is not of type "array"']


def test_a_support_message_is_not_stumbled_over_for_its_unknown_format() -> None:
    message = guide_message("search")
    message["context"]["action"] = "on_support"
    message["message"] = {"support": {"ref_id": "conn-order-001", "phone": "+14155550100"}}

    assert violations(message, uuid_ids=False) == []


def test_an_action_that_the_core_does_not_have_is_a_mistake_of_the_test() -> None:
    with pytest.raises(LookupError, match="on_dance"):
        violations({"context": {"action": "on_dance"}}, uuid_ids=True)
