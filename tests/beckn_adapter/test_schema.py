"""What is of our shape and what is not: the path, the sentence, and a second reader who judges the same."""

import json
from copy import deepcopy
from datetime import timedelta
from functools import cache
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beckn_adapter.errors import BecknError
from beckn_adapter.gate import ACTIONS, LONGEST_TTL, read_ttl
from beckn_adapter.schema import SCHEMA, check_envelope, check_shape
from tests.beckn_adapter.conversation import MARIA, orders, request
from tests.beckn_adapter.mutations import NODES, numbers

Json = dict[str, Any]
# Each of these keywords means to fastjsonschema what it means to JSON Schema, where a `$ref` stands alone.
KEYWORDS = {
    *("$ref", "$comment", "allOf", "type", "properties", "patternProperties", "required", "maxProperties"),
    *("items", "minItems", "maxItems", "minLength", "maxLength", "pattern", "format"),
}


def an_order() -> Json:
    """With a place for most of what the schema knows."""
    selected = orders.selection(MARIA, provider_id="sf", item_id="new")
    order = orders.agreement(orders.application(MARIA, selected), {"payments": [{"params": {"amount": "1"}}]})
    order["items"][0] |= {
        "category_ids": ["c"],
        "quantity": {"selected": {"count": 2}},
        "xinput": {"form": {"submission_id": "s", "data": {"name": "Maria"}}},
    }
    return {**order, "id": "o", "offers": [{"id": "f"}], "quote": {"price": {"currency": "USD", "value": "1"}}}


SAID: dict[str, Json] = {
    "search": {"intent": {**orders.intent(MARIA), "location": {"gps": "1,1"}, "provider": {"id": "sf"}}},
    **{action: {"order": an_order()} for action in ("select", "init", "confirm")},
    **{action: {"order_id": "o"} for action in ("status", "track")},
    "cancel": {"order_id": "o", "cancellation_reason_id": "c1", "descriptor": {"name": "no"}},
    "update": {"update_target": "billing", "order": an_order()},
    "rating": {"ratings": [{"id": "o", "rating_category": "Order", "value": 5}, {"value": "5"}]},
    "support": {"ref_id": "o", "support": {"ref_id": "o", "phone": "+1", "email": "m@x.test"}},
    **{action: {} for action in ("get_cancellation_reasons", "get_rating_categories")},
}


def refusal(action: str, message: Json) -> BecknError | None:
    try:
        check_envelope(message)
        check_shape(action, message)
    except BecknError as error:
        return error
    return None


def refusal_of(action: str, *steps: str | int, value: Any) -> BecknError | None:
    """What is said when `value` stands at this place of an otherwise good message."""
    message = request(action, deepcopy(SAID[action]))
    place: Any = message
    for step in steps[:-1]:
        place = place[step]
    place[steps[-1]] = value
    return refusal(action, message)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_good_message_of_each_action_passes(action: str) -> None:
    assert refusal(action, request(action, SAID[action])) is None


ORDER = ("message", "order")
ITEM = (*ORDER, "items", 0)
WRONG = [
    ("status", ("message",), None, "must be object"),
    ("status", ("message",), {}, "must contain ['order_id'] properties"),
    ("status", ("message", "order_id"), "", "must be longer than or equal to 1 characters"),
    ("status", ("context", "message_id"), "x\n", r"must match pattern ^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$"),
    ("status", ("context", "ttl"), "soon", "must be a duration (ISO 8601), such as PT10M"),
    (
        "status",
        ("context", "timestamp"),
        "now",
        "must be a moment with its zone (RFC 3339), such as 2026-05-12T14:00:00Z",
    ),
    ("init", (*ORDER, "fulfillments", 0, "stops"), [], "must contain at least 1 items"),
    ("select", (*ORDER, "items"), [], "must contain at least 1 items"),
    ("select", (*ORDER, "items"), [{"id": "x"}] * 21, "must contain less than or equal to 20 items"),
    ("select", (*ITEM, "id"), ["Maria"], "must be string"),
    ("select", (*ITEM, "quantity", "selected", "count"), True, "must be integer"),
    ("select", (*ITEM, "quantity", "selected", "count"), 1.5, "must be integer"),
    ("select", (*ITEM, "category_ids", 0), None, "must be string"),
    ("select", (*ITEM, "xinput", "form", "data", "a.b[0] {c}"), 5, "must be string"),
    ("rating", ("message", "ratings", 1, "value"), True, "must be string or number"),
]


@pytest.mark.parametrize(("action", "place", "value", "sentence"), WRONG)
def test_what_does_not_fit_is_named_by_its_path_and_by_what_was_expected(
    action: str, place: tuple[str | int, ...], value: Any, sentence: str
) -> None:
    error = refusal_of(action, *place, value=value)

    assert error is not None
    path = "".join(f"/{step}" for step in place)
    assert (error.code, error.path, error.message) == ("30000", path, f"{path}: {sentence}")
    assert error.reason == ("context" if place[0] == "context" else "schema")


def test_a_message_without_context_is_wrong_as_a_whole() -> None:
    error = refusal("status", {"message": {}})

    assert error is not None
    assert (error.path, error.message) == ("/", "The message: must contain ['context'] properties")


def test_of_a_forms_answers_the_first_wrong_one_is_named() -> None:
    answers = {f"field {number}": 5 for number in range(40)}

    error = refusal_of("select", *ITEM, "xinput", value={"form": {"data": answers}})

    assert error is not None
    assert error.path == "/message/order/items/0/xinput/form/data/field 0"


def test_a_whole_number_may_be_written_as_a_fraction() -> None:
    assert refusal_of("select", *ITEM, "quantity", "selected", "count", value=2.0) is None


@pytest.mark.parametrize(("sign", "times", "passes"), [("😀", 255, True), ("😀", 256, False), ("e\u0301", 128, False)])
def test_lengths_are_counted_in_code_points(sign: str, times: int, passes: bool) -> None:
    assert (refusal_of("status", "message", "order_id", value=sign * times) is None) == passes


ADDRESSES = [
    ("https://buyer.test/beckn", True),
    ("http://[::1]:8000/$a", True),
    ("https://buyer.test/beckn\n", False),
    ("https://buyer.test/?q", False),
    ("https://buyer.test:123456/", False),
    ("ftp://buyer.test/", False),
    ("https://buyer.test/\\Z", False),
]


@pytest.mark.parametrize(("address", "passes"), ADDRESSES)
def test_a_callback_address_is_host_port_and_path(address: str, passes: bool) -> None:
    assert (refusal_of("status", "context", "bap_uri", value=address) is None) == passes


MOMENTS = [
    *(("2024-02-29T23:59:59Z", True), ("2025-05-07t14:00:50.123456789z", True), ("2025-05-07T14:00:50-00:00", True)),
    *(("2025-02-29T23:59:59Z", False), ("0000-01-01T00:00:00Z", False), ("2016-12-31T23:59:60Z", False)),
    *(("2025-05-07T14:00:50", False), ("2025-05-07 14:00:50Z", False), ("2025-05-07T14:00Z", False)),
    *(("2025-05-07T24:00:00Z", False), ("2025-05-07T14:00:50+24:00", False), ("2025-05-07T14:00:50+05:60", False)),
    *(("2025-05-07T14:00:50+0530", False), ("2025-05-07T14:00:50.Z", False), ("2025-05-07T14:00:50Z\n", False)),
    *(("20250507T140050Z", False), ("2025-W19-3T14:00:50Z", False), ("\u0662025-05-07T14:00:50Z", False)),
]


@pytest.mark.parametrize(("moment", "passes"), MOMENTS)
def test_a_timestamp_is_that_of_rfc_3339_on_a_day_that_exists(moment: str, passes: bool) -> None:
    assert (refusal_of("status", "context", "timestamp", value=moment) is None) == passes


DURATIONS = [
    *(("P1Y2M3DT4H5M6S", True), ("P1W", True), ("PT36H", True), ("P1M2D", True), ("P0D", True), ("P1YT1S", True)),
    *(("P" + "9" * 40 + "D", True), ("P", False), ("PT", False), ("P1DT", False), ("P1Y2D", False), ("PT1H2S", False)),
    *(("P1W1D", False), ("PT1.5S", False), ("-P1D", False), ("p1d", False), ("P1D\n", False), ("P\u0663D", False)),
]


@pytest.mark.parametrize(("duration", "passes"), DURATIONS)
def test_a_ttl_is_a_duration_of_rfc_3339(duration: str, passes: bool) -> None:
    assert (refusal_of("status", "context", "ttl", value=duration) is None) == passes


@pytest.mark.parametrize("duration", [text for text, passes in DURATIONS if passes])
def test_whatever_passes_as_a_ttl_can_be_read(duration: str) -> None:
    assert timedelta(0) <= read_ttl({"ttl": duration}) <= LONGEST_TTL


@cache
def second_reader(action: str) -> jsonschema_rs.Draft201909Validator:
    document = json.loads(SCHEMA.read_bytes())
    part = {"$ref": f"#/$defs/{action}"}
    return jsonschema_rs.Draft201909Validator({**document, "allOf": [*document["allOf"], part]}, validate_formats=True)


@settings(max_examples=500)
@given(st.sampled_from(ACTIONS), st.sampled_from(NODES), numbers, numbers)
def test_another_reader_of_json_schema_judges_the_same(action: str, change: Any, at: int, what: int) -> None:
    message = json.loads(change(json.dumps(request(action, SAID[action])).encode(), at, what))

    error = refusal(action, message)

    assert (error is None) == second_reader(action).is_valid(message)
    if error:
        assert len(error.message) < 300


def test_another_reader_of_json_schema_finds_the_schema_in_order() -> None:
    jsonschema_rs.meta.validate(json.loads(SCHEMA.read_bytes()))


def schemas_in(node: Any) -> list[Any]:
    """A schema and all those below it."""
    named = {**node.get("properties", {}), **node.get("patternProperties", {})}
    below = [*named.values(), *node.get("allOf", []), *([node["items"]] if "items" in node else [])]
    return [node, *(schema for child in below for schema in schemas_in(child))]


def test_the_schema_uses_only_what_its_compiler_reads_as_everybody_does() -> None:
    document = json.loads(SCHEMA.read_bytes())

    found = [schema for definition in document["$defs"].values() for schema in schemas_in(definition)]

    assert {keyword for schema in found for keyword in schema} == KEYWORDS
    assert [schema for schema in found if "$ref" in schema and len(schema) > 1] == []
