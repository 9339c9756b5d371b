"""Every error code of BECKN-005 that a provider of connections can mean is got by somebody who does the wrong thing.

Not meant here: 30009 (fulfilment providers are not named in this domain), 40006 (a visit waits for a technician
instead of failing), 50000 (its special cases are used).
"""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from beckn_adapter.sandbox.participant import Participant
from beckn_adapter.sandbox.registry import Registry
from connections.actors import Actor
from connections.lifecycle import advance
from connections.models import Application, Provider
from tests.beckn_adapter.conversation import BAP, MARIA, application, ask, place_order, request, selection
from tests.beckn_adapter.door_client import DoorClient
from tests.factories import bring_to

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]
Answer = dict[str, Any]


def select(**changes: Any) -> Answer:
    return ask("select", {"order": {**selection(), **changes}})


def ordered() -> Application:
    place_order()
    return Application.objects.get()


def rate(category: str, id_: str, value: str) -> Answer:
    order = ordered()
    rating = {"rating_category": category, "id": id_ or order.number, "value": value}
    return ask("rating", {"ratings": [rating]}, transaction_id=order.source_reference)


def update(target: str, **parts: Any) -> Answer:
    order = ordered()
    return ask("update", {"update_target": target, "order": {"id": order.number, **parts}})


def track_a_cancelled_order() -> Answer:
    order = advance(ordered(), "cancel", actor=Actor.system(), reason="no more")
    return ask("track", {"order_id": order.number})


def cancel_with_power_on() -> Answer:
    order = bring_to(ordered(), "CONNECTION_ESTABLISHED")
    return ask("cancel", {"order_id": order.number, "cancellation_reason_id": "c1"})


def confirm_with(**changes: Any) -> Answer:
    terms = ask("init", {"order": application()})
    transaction_id = terms["context"]["transaction_id"]
    return ask("confirm", {"order": {**application(), **changes}}, transaction_id=transaction_id)


def ask_a_silent_provider_for_support() -> Answer:
    Provider.objects.update(support_phone="", support_email="")
    return ask("support", {"support": {}})


ITEM = selection()["items"][0]
MISTAKES: list[tuple[str, str, Callable[[], Answer]]] = [
    ("30000", "a load that is no number", lambda: ask("select", {"order": selection(replace(MARIA, load_kw="much"))})),
    ("30001", "a provider that does not exist", lambda: ask("select", {"order": selection(provider="nobody")})),
    (
        "30002",
        "a location that the provider has not",
        lambda: select(provider={"id": "sf_electric_authority", "locations": [{"id": "9"}]}),
    ),
    (
        "30003",
        "a category that the provider has not",
        lambda: select(items=[{**ITEM, "category_ids": ["9"]}]),
    ),
    ("30004", "an item that does not exist", lambda: ask("select", {"order": selection(item="gas")})),
    ("30006", "an offer that does not exist", lambda: select(offers=[{"id": "half-price"}])),
    ("30007", "an add-on that does not exist", lambda: select(add_ons=[{"id": "lamp"}])),
    ("30008", "a way of serving that does not exist", lambda: select(fulfillments=[{"id": "post"}])),
    ("30010", "an order that does not exist", lambda: ask("status", {"order_id": "conn-order-999"})),
    (
        "30011",
        "a reason that does not exist",
        lambda: ask("cancel", {"order_id": ordered().number, "cancellation_reason_id": "c99"}),
    ),
    ("30012", "a target that does not exist", lambda: update("weather")),
    ("30013", "a change outside the target", lambda: update("items", billing={"name": "Eve"})),
    ("30014", "a rating of something else", lambda: rate("Item", "gas", "5")),
    ("30015", "a rating of eleven", lambda: rate("Order", "", "11")),
    ("40000", "a load out of range", lambda: ask("select", {"order": selection(replace(MARIA, load_kw="99"))})),
    (
        "40002",
        "two of one connection",
        lambda: select(items=[{"id": ITEM["id"], "quantity": {"selected": {"count": 2}}}]),
    ),
    (
        "40003",
        "a quote that was never given",
        lambda: confirm_with(quote={"price": {"value": "1", "currency": "USD"}}),
    ),
    ("40004", "payments that were not offered", lambda: confirm_with(payments=[{"type": "PRE-ORDER"}])),
    ("40005", "tracking what is cancelled", track_a_cancelled_order),
    ("50001", "cancelling with the power on", cancel_with_power_on),
    ("50002", "another item by update", lambda: update("items", items=[{"id": "new-comm-connection"}])),
    ("50003", "rating what can not be rated", lambda: rate("Charger", "1", "5")),
    ("50004", "support from a silent provider", ask_a_silent_provider_for_support),
]


@pytest.mark.parametrize(("code", "mistake", "make"), MISTAKES, ids=[f"{row[0]} {row[1]}" for row in MISTAKES])
def test_the_callback_says_which_mistake_was_made(code: str, mistake: str, make: Callable[[], Answer]) -> None:
    assert make()["error"]["code"] == code


@pytest.mark.parametrize(
    ("code", "action", "message"),
    [
        ("30005", "search", {"intent": {"category": {"descriptor": {"code": "pizza"}}}}),
        ("40001", "get_return_reasons", {}),
    ],
)
def test_what_is_not_ours_at_all_is_refused_at_the_door(
    code: str, action: str, message: dict[str, Any], network: Registry
) -> None:
    bap = Participant(BAP, f"https://{BAP}/beckn", "BAP")
    bap.subscribe(network.url)
    body = json.dumps(request(action, message)).encode()

    reply = DoorClient().post(
        f"/beckn/{action}", body, content_type="application/json", headers={"authorization": bap.sign(body)}
    )

    assert (reply.status_code, reply.json()["error"]["code"]) == (400, code)
