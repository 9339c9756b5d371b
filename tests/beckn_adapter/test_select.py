"""What select answers: a price, or which of the things named does not exist."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from beckn_adapter.sandbox import orders
from connections.models import Offering, PriceLine
from tests.beckn_adapter.conversation import MARIA, ask, selection

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]


def select(order: dict[str, Any]) -> dict[str, Any]:
    return ask("select", {"order": order})


def with_tag(order: dict[str, Any], code: str, value: str) -> dict[str, Any]:
    order["items"][0]["tags"][0]["list"] = [{"descriptor": {"code": code}, "value": value}]
    return order


def test_select_quotes_the_price_with_its_breakup() -> None:
    order = select(selection())["message"]["order"]

    assert order["quote"]["price"] == {"value": "200", "currency": "USD"}
    assert order["quote"]["breakup"] == [
        {"title": "Connection Setup Fee", "price": {"value": "200", "currency": "USD"}}
    ]
    assert order["quote"]["ttl"] == "P30D"


@pytest.mark.parametrize(
    ("load", "lines"),
    [
        ("5", {"Connection Setup Fee": "200"}),
        ("8", {"Connection Setup Fee": "200", "Reinforcement (3 kW above 5 kW)": "91.50"}),
        ("5.5", {"Connection Setup Fee": "200", "Reinforcement (0.5 kW above 5 kW)": "15.25"}),
    ],
)
def test_each_kw_above_the_included_load_is_charged(load: str, lines: dict[str, str]) -> None:
    PriceLine.objects.create(
        offering=Offering.objects.get(code="new-resi-connection"),
        title="Reinforcement",
        kind="PER_KW",
        amount=Decimal("30.50"),
        included_kw=5,
        position=1,
    )

    quote = select(selection(replace(MARIA, load_kw=load)))["message"]["order"]["quote"]

    assert {line["title"]: line["price"]["value"] for line in quote["breakup"]} == lines
    assert Decimal(quote["price"]["value"]) == sum(Decimal(value) for value in lines.values())


def test_select_without_a_load_quotes_the_fixed_lines() -> None:
    order = select(
        orders.selection(replace(MARIA, load_kw=""), provider_id="sf_electric_authority", item_id="new-resi-connection")
    )

    assert order["message"]["order"]["quote"]["price"]["value"] == "200"


REFUSALS = [
    (
        "an unknown provider",
        selection(provider="nobody"),
        "30001",
        "No provider has the id 'nobody'.",
        "/message/order/provider/id",
    ),
    (
        "an unknown item",
        selection(item="gas"),
        "30004",
        "San Francisco Electric Authority offers no item with the id 'gas'.",
        "/message/order/items/0/id",
    ),
    (
        "an unknown way of serving",
        {**selection(), "fulfillments": [{"id": "onsite-7"}]},
        "30008",
        "San Francisco Electric Authority has no fulfillment 'onsite-7'; it has '1'.",
        "/message/order/fulfillments/0/id",
    ),
    (
        "a load out of range",
        selection(replace(MARIA, load_kw="21")),
        "40000",
        "Residential Electricity Connection serves loads from 1 to 20 kW; 21 kW was asked for.",
        "/message/order/items/0/tags",
    ),
    (
        "a load below the range",
        selection(replace(MARIA, load_kw="0.5")),
        "40000",
        "Residential Electricity Connection serves loads from 1 to 20 kW; 0.5 kW was asked for.",
        "/message/order/items/0/tags",
    ),
    (
        "a load that is no number",
        selection(replace(MARIA, load_kw="five")),
        "30000",
        "The requested load (kW) is 'five', a number was expected.",
        "/message/order/items/0/tags/1/list/0/value",
    ),
    (
        "an infinite load",
        selection(replace(MARIA, load_kw="Infinity")),
        "30000",
        "The requested load (kW) must lie between 0 and 9999999.",
        "/message/order/items/0/tags/1/list/0/value",
    ),
    (
        "two connections in one order",
        {**selection(), "items": selection()["items"] * 2},
        "40000",
        "One connection is ordered at a time.",
        "/message/order/items/1",
    ),
    (
        "the same connection twice",
        {**selection(), "items": [{"id": "new-resi-connection", "quantity": {"selected": {"count": 2}}}]},
        "40002",
        "A connection is ordered once.",
        "/message/order/items/0/quantity/selected/count",
    ),
    (
        "a phase that the offering has not",
        with_tag(selection(), "phase", "THREE_PHASE"),
        "40000",
        "Residential Electricity Connection is for phase SINGLE_PHASE, not THREE_PHASE.",
        "/message/order/items/0/tags",
    ),
    (
        "two places",
        {**selection(), "fulfillments": [{"id": "1"}, {"id": "1"}]},
        "40000",
        "One connection is ordered at a time.",
        "/message/order/fulfillments/1",
    ),
    (
        "two ends of one line",
        {**selection(), "fulfillments": [{"stops": [{"type": "END"}, {"type": "start"}, {"type": "end"}]}]},
        "40000",
        "One place is connected at a time.",
        "/message/order/fulfillments/0/stops/2",
    ),
    (
        "another kind of fulfillment",
        {**selection(), "fulfillments": [{"id": "1", "type": "DELIVERY"}]},
        "30008",
        "A connection is made on site, not by 'DELIVERY'.",
        "/message/order/fulfillments/0/type",
    ),
    (
        "an item's unknown way of serving",
        {**selection(), "items": [{"id": "new-resi-connection", "fulfillment_ids": ["99"]}]},
        "30008",
        "San Francisco Electric Authority has no fulfillment '99'; it has '1'.",
        "/message/order/items/0/fulfillment_ids/0",
    ),
    (
        "an item's unknown location",
        {**selection(), "items": [{"id": "new-resi-connection", "location_ids": ["99"]}]},
        "30002",
        "San Francisco Electric Authority has no location '99'.",
        "/message/order/items/0/location_ids/0",
    ),
    (
        "an add-on of the item",
        {**selection(), "items": [{"id": "new-resi-connection", "add_ons": [{"id": "surge-protector"}]}]},
        "30007",
        "San Francisco Electric Authority has no add-ons.",
        "/message/order/items/0/add_ons/0/id",
    ),
    (
        "a user type that nobody knows",
        with_tag(selection(), "user_type", "Alien"),
        "40000",
        "Not offered: user type 'Alien'.",
        "/message/order/items/0/tags",
    ),
]


@pytest.mark.parametrize(("case", "order", "code", "message", "path"), REFUSALS, ids=[row[0] for row in REFUSALS])
def test_select_says_what_is_wrong_and_where(
    case: str, order: dict[str, Any], code: str, message: str, path: str
) -> None:
    answer = select(order)

    assert answer["error"] == {"code": code, "message": message, "paths": path}
    assert "message" not in answer


def test_an_item_of_another_provider_is_not_found() -> None:
    Offering.objects.filter(code="new-resi-connection").update(active=False)

    assert select(selection())["error"]["code"] == "30004"


def test_an_item_as_the_catalogue_has_it_may_be_selected() -> None:
    found = ask("search", {"intent": {}})["message"]["catalog"]["providers"][0]
    item = next(item for item in found["items"] if item["id"] == "new-resi-connection")
    order = {"provider": {"id": found["id"], "locations": found["locations"]}, "items": [item]}

    assert "error" not in select({**order, "fulfillments": found["fulfillments"]})
