"""Updating an order: what the target names and no more, while it still can be changed."""

from decimal import Decimal
from typing import Any

import pytest

from beckn_adapter.handlers.update import read_targets
from billing.payments import record_payment
from connections.actors import Actor
from connections.models import Application, Event, Offering, PriceLine
from tests.beckn_adapter.conversation import application as applied
from tests.beckn_adapter.conversation import ask, new_id, place_order
from tests.factories import bring_to

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]


def update(target: str, **parts: Any) -> dict[str, Any]:
    order = Application.objects.get()
    message = {"update_target": target, "order": {"id": order.number, **parts}}
    return ask("update", message, transaction_id=order.source_reference)


def contact(**fields: str) -> dict[str, Any]:
    return {"fulfillments": [{"id": "1", "customer": {"contact": fields}}]}


def premises(**location: str) -> dict[str, Any]:
    return {"fulfillments": [{"id": "1", "stops": [{"type": "end", "location": location}]}]}


ITEM = {"id": "new-resi-connection"}


def load(kw: str) -> dict[str, Any]:
    value = {"descriptor": {"code": "requested_load_kw"}, "value": kw}
    tags = [{"descriptor": {"code": "requested_connection_details"}, "list": [value]}]
    return {"items": [{**ITEM, "tags": tags}]}


@pytest.mark.parametrize(
    ("target", "parts", "field", "value"),
    [
        ("fulfillment", contact(phone="+14155550000"), "applicant_phone", "+14155550000"),
        (
            "order.fulfillments[0].customer.contact.phone",
            contact(phone="+14155550000"),
            "applicant_phone",
            "+14155550000",
        ),
        ("billing", {"billing": {"name": "Maria Park"}}, "billing_name", "Maria Park"),
        ("fulfillments", premises(address="1 Market St", gps="37.79,-122.39"), "address", "1 Market St"),
        ("item", load("7"), "requested_load_kw", Decimal(7)),
        ("order.items[0].tags", load("7"), "requested_load_kw", Decimal(7)),
    ],
)
def test_what_the_target_names_is_changed(target: str, parts: dict[str, Any], field: str, value: Any) -> None:
    place_order()

    answer = update(target, **parts)

    assert "error" not in answer
    assert getattr(Application.objects.get(), field) == value


def test_on_update_tells_the_order_as_it_is_now() -> None:
    place_order()

    order = update("fulfillment", **contact(phone="+14155550000"))["message"]["order"]

    assert order["fulfillments"][0]["customer"]["contact"]["phone"] == "+14155550000"


def test_another_load_is_another_quote() -> None:
    PriceLine.objects.create(
        offering=Offering.objects.get(code="new-resi-connection"),
        title="Reinforcement",
        kind="PER_KW",
        amount=30,
        included_kw=5,
        position=1,
    )
    _, before = place_order()
    record_payment(Application.objects.get(), amount=Decimal(50), actor=Actor.system())

    order = update("item", **load("7"))["message"]["order"]

    assert order["quote"]["price"]["value"] == "260"
    assert order["quote"]["id"] != before["quote"]["id"]
    assert Application.objects.get().payments.count() == 1


def test_what_changed_stands_in_the_timeline_once() -> None:
    place_order()

    update("fulfillment", **contact(phone="+14155550000"))
    update("fulfillment", **contact(phone="+14155550000"))

    assert [event.data for event in Event.objects.filter(kind="application.amended")] == [
        {"applicant_phone": "+14155550000"}
    ]


def test_an_address_without_its_position_forgets_the_old_one() -> None:
    place_order()

    update("fulfillment", **premises(address="1 Market St, San Francisco"))

    order = Application.objects.get()
    assert (order.latitude, order.position_as_given) == (None, "")


REFUSALS = [
    ("a target that is none", "quote", contact(phone="+14155550000"), "30012"),
    ("an empty target", " , ", {}, "30012"),
    ("a change outside the target", "billing", contact(phone="+14155550000"), "30013"),
    (
        "a change beside the target",
        "order.fulfillments[0].customer.contact.phone",
        contact(email="new@example.com"),
        "30013",
    ),
    ("another fulfillment", "order.fulfillments[7].customer", contact(phone="+14155550000"), "30012"),
    ("what can not be changed", "order.fulfillments[0].stops[0].time", {}, "50002"),
    ("the state", "order.fulfillments[0].state", {}, "50002"),
    ("what an order has not", "order.billing.shoe_size", {"billing": {"shoe_size": "9"}}, "50002"),
    ("a second place", "fulfillment", {"fulfillments": [{"id": "1"}, {"id": "1"}]}, "40000"),
    ("a second connection", "item", {"items": [{**ITEM, "quantity": {"selected": {"count": 2}}}]}, "40002"),
    ("a payment that is reported outside the target", "billing", {"payments": [{"status": "PAID"}]}, "30013"),
    ("another item", "items", {"items": [{"id": "new-comm-connection"}]}, "50002"),
    ("a load out of range", "items", load("500"), "40000"),
    ("a place that is not served", "fulfillment", premises(gps="40.7,-74.0"), "40000"),
    ("a telephone number that is none", "fulfillment", contact(phone="ring ring"), "30000"),
]


@pytest.mark.parametrize(("case", "target", "parts", "code"), REFUSALS, ids=[row[0] for row in REFUSALS])
def test_what_can_not_be_updated_is_said_and_nothing_changes(
    case: str, target: str, parts: dict[str, Any], code: str
) -> None:
    place_order()
    before = Application.objects.values().get()

    assert update(target, **parts)["error"]["code"] == code

    assert Application.objects.values().get() == before


@pytest.mark.parametrize(
    ("state", "parts", "target", "allowed"),
    [
        ("ASSESSMENT_COMPLETED", premises(address="1 Market St", gps="37.79,-122.39"), "fulfillment", True),
        ("APPROVED", premises(address="1 Market St", gps="37.79,-122.39"), "fulfillment", False),
        ("APPROVED", load("7"), "items", False),
        ("APPROVED", contact(phone="+14155550000"), "fulfillment", True),
        ("CONNECTION_ESTABLISHED", contact(phone="+14155550000"), "fulfillment", False),
    ],
)
def test_premises_and_load_change_until_approval_and_contact_until_the_end(
    state: str, parts: dict[str, Any], target: str, allowed: bool
) -> None:
    place_order()
    bring_to(Application.objects.get(), state)

    answer = update(target, **parts)

    assert ("message" in answer) is allowed
    assert allowed or answer["error"]["code"] == "50002"


def test_sending_the_whole_order_again_with_one_change_is_one_change() -> None:
    place_order()
    whole = applied()
    whole["fulfillments"][0]["customer"]["contact"]["phone"] = "+14155550000"

    answer = update("order.fulfillments[0].customer", **whole)

    assert answer["message"]["order"]["fulfillments"][0]["customer"]["contact"]["phone"] == "+14155550000"


UNREAD: list[tuple[str, str, dict[str, Any]]] = [
    (
        "billing/organization/descriptor/name",
        "order.billing",
        {"billing": {"organization": {"descriptor": {"name": "P"}}}},
    ),
    (
        "fulfillments/0/stops/0/instructions/name",
        "order.fulfillments[0].stops",
        {"fulfillments": [{"stops": [{"instructions": {"name": "Ring twice"}}]}]},
    ),
    ("fulfillments/0/customer/person/age", "fulfillment", {"fulfillments": [{"customer": {"person": {"age": "40"}}}]}),
    ("fulfillments/0/tracking", "fulfillment", {"fulfillments": [{"tracking": False}]}),
    ("fulfillments/0/stops/0/type", "fulfillment", {"fulfillments": [{"stops": [{"type": "START"}, {"type": "END"}]}]}),
    ("items/0/price/estimated_value", "items", {"items": [{**ITEM, "price": {"estimated_value": "1"}}]}),
    (
        "items/0/tags/0/list/0/value",
        "items",
        {"items": [{**ITEM, "tags": [{"list": [{"descriptor": {"code": "colour"}, "value": "green"}]}]}]},
    ),
]


@pytest.mark.parametrize(("field", "target", "parts"), UNREAD, ids=[row[0] for row in UNREAD])
def test_what_is_not_known_below_a_target_is_named_and_nothing_is_changed(
    field: str, target: str, parts: dict[str, Any]
) -> None:
    place_order()
    before = Application.objects.values().get()

    error = update(f"{target}, billing.name", **{"billing": {"name": "Maria Park"}, **parts})["error"]

    assert (error["code"], error["paths"]) == ("50002", f"/message/order/{field}")
    assert error["message"].startswith(f"'{field}' can not be changed. These can: fulfillments/0/customer/person/name,")
    assert Application.objects.values().get() == before


def test_beside_the_targets_nobody_asks_for_what_is_not_known() -> None:
    place_order()

    answer = update("billing.name", billing={"name": "Maria Park", "organization": {"descriptor": {"name": "P"}}})

    assert answer["message"]["order"]["billing"]["name"] == "Maria Park"


@pytest.mark.parametrize("target", ["billing", "fulfillments", "items", "items, billing, fulfillments, payments"])
def test_an_order_that_comes_back_as_it_was_told_long_ago_asks_for_nothing(target: str) -> None:
    _, told = place_order()
    bring_to(Application.objects.get(), "ASSESSMENT_COMPLETED")

    answer = update(target, **{name: told[name] for name in ("items", "billing", "fulfillments", "payments")})

    assert "error" not in answer


def test_what_was_said_at_init_may_be_said_again_in_any_spelling() -> None:
    transaction_id, applied_for = new_id(), applied()
    applied_for["billing"]["organization"] = {"descriptor": {"name": "Park & Sons"}}
    ask("init", {"order": applied_for}, transaction_id=transaction_id)
    ask("confirm", {"order": applied_for}, transaction_id=transaction_id)

    answer = update("billing", billing={"name": "Maria Park", "organization": {"descriptor": {"name": "PARK & SONS"}}})

    assert answer["message"]["order"]["billing"]["name"] == "Maria Park"


def test_targets_are_read_in_every_spelling() -> None:
    assert read_targets("order.fulfillments[0].customer.contact.phone, item") == [
        "/message/order/fulfillments/0/customer/contact/phone",
        "/message/order/items",
    ]
    assert read_targets("message/order/billing") == ["/message/order/billing"]


def test_the_premises_are_the_end_of_a_line_that_starts_elsewhere() -> None:
    place_order()
    parts = premises(address="2 Main St", gps="37.79,-122.39")
    parts["fulfillments"][0]["stops"].insert(0, {"type": "START", "location": {"address": "Depot"}})

    answer = update("order.fulfillments[0].stops[1].location", **parts)

    assert "error" not in answer
    assert Application.objects.get().address == "2 Main St"


def test_a_payment_that_is_known_to_be_paid_may_be_told_back_beside_another_change() -> None:
    place_order()
    record_payment(Application.objects.get(), amount=Decimal(150), actor=Actor.system())

    answer = update("billing", billing={"name": "Maria Park"}, payments=[{"status": "PAID"}])

    assert answer["message"]["order"]["billing"]["name"] == "Maria Park"
