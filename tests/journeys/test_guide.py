"""The guide's four requests, posted as they stand, bring back the guide's four answers, value for value."""

import json
import re
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from beckn_adapter.sandbox.participant import Participant, iso
from tests.core_schema import violations
from tests.town import Town

MESSAGES = Path(__file__).resolve().parents[3] / "shared" / "guide" / "messages"
ACTIONS = ("search", "select", "init", "confirm")
# What may differ: who speaks to whom, when, under which ids; the form's link and token; the order's number.
FREE = [
    r"/context/(transaction_id|message_id|timestamp|bap_id|bap_uri|bpp_id|bpp_uri)",
    r"/message/order/items/0/xinput/form/(url|auth/value)",
    r"/message/order/id",
]

pytestmark = pytest.mark.skipif(not MESSAGES.exists(), reason=f"the guide's messages are not in {MESSAGES}")


def guide_message(number: int, action: str) -> dict[str, Any]:
    message: dict[str, Any] = json.loads((MESSAGES / f"{number:02d}_{action}.json").read_text())
    return message


def differences(expected: Any, actual: Any, path: str = "") -> list[str]:
    """Where the guide's value is missing or another one; more than the guide shows is no difference."""
    if any(re.fullmatch(pattern, path) for pattern in FREE):
        return [] if type(expected) is type(actual) else [f"{path}: {actual!r} is of another type"]
    if isinstance(expected, dict) and isinstance(actual, dict):
        return [found for name, value in expected.items() for found in _inside(value, actual, name, path)]
    if isinstance(expected, list) and isinstance(actual, list) and len(actual) >= len(expected):
        pairs = enumerate(zip(expected, actual, strict=False))
        return [found for n, (value, other) in pairs for found in differences(value, other, f"{path}/{n}")]
    return [] if expected == actual else [f"{path}: {actual!r} instead of {expected!r}"]


def _inside(value: Any, actual: dict[str, Any], name: str, path: str) -> list[str]:
    return differences(value, actual[name], f"{path}/{name}") if name in actual else [f"{path}/{name} is missing"]


def exchange(town: Town, n: int, action: str, transaction_id: str) -> dict[str, Any]:
    """Post the guide's request with fresh ids, timestamp and sender; return the callback."""
    message = guide_message(2 * n + 1, action)
    message["context"].update(
        bap_id=town.buyer.me.subscriber_id,
        bap_uri=town.buyer.uri,
        transaction_id=transaction_id,
        message_id=str(uuid.uuid4()),
        timestamp=iso(datetime.now(UTC)),
    )
    sent = town.buyer.send(action, url=f"{town.house.url}/beckn", body_bytes=json.dumps(message).encode(), sign=True)
    assert sent.acknowledged
    callback = town.buyer.wait_for(f"on_{action}", transaction_id, message["context"]["message_id"])
    assert callback.good, callback.reason
    answer: dict[str, Any] = callback.message
    return answer


def test_the_guides_requests_bring_back_the_guides_answers(town: Town) -> None:
    transaction_id = str(uuid.uuid4())

    answers = [exchange(town, n, action, transaction_id) for n, action in enumerate(ACTIONS)]

    for n, (action, answer) in enumerate(zip(ACTIONS, answers, strict=True)):
        assert differences(guide_message(2 * n + 2, f"on_{action}"), answer) == []
        assert violations(answer, uuid_ids=True) == []
    assert re.fullmatch(r"conn-order-\d{3,}", answers[-1]["message"]["order"]["id"])


def test_each_of_the_four_ids_and_addresses_stands_in_every_answer(town: Town) -> None:
    context = exchange(town, 0, "search", str(uuid.uuid4()))["context"]

    platform: Participant = town.house.me
    assert (context["bap_id"], context["bap_uri"]) == (town.buyer.me.subscriber_id, town.buyer.uri)
    assert (context["bpp_id"], context["bpp_uri"]) == (platform.subscriber_id, platform.url)


def test_the_guides_own_ids_are_accepted_though_they_are_no_uuids(town: Town) -> None:
    answer = exchange(town, 0, "search", f"connection-txn-{uuid.uuid4().hex[:8]}")

    assert violations(answer, uuid_ids=False) == []


def test_a_search_through_the_gateway_is_answered_to_the_buyer_app_itself(town: Town) -> None:
    transaction_id = town.buyer.search().transaction_id

    callback = town.buyer.wait_for("on_search", transaction_id)

    assert callback.good
    assert callback.message["message"]["catalog"]["providers"][0]["id"] == "sf_electric_authority"


def test_the_comparison_sees_a_wrong_and_a_missing_value() -> None:
    expected = guide_message(4, "on_select")
    wrong = json.loads(json.dumps(expected).replace('"200"', '"201"'))
    del wrong["message"]["order"]["fulfillments"][0]["type"]

    found = differences(expected, wrong)

    assert "/message/order/fulfillments/0/type is missing" in found
    assert any("'201' instead of '200'" in difference for difference in found)
