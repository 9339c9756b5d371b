"""The demo's first part: Maria orders her connection, and what must not work does not."""

import json

from beckn_adapter.sandbox import orders
from beckn_adapter.sandbox.buyer import Sent
from beckn_adapter.sandbox.gateway import Gateway
from beckn_adapter.sandbox.house import House
from beckn_adapter.sandbox.journal import Entry
from beckn_adapter.sandbox.reading import Json, dig, refusal, rows
from beckn_adapter.sandbox.telling import BUYER, HOUSE, Line, Telling

ITEM = "new-resi-connection"
GATEWAY = "gateway"


def order_through_the_network(telling: Telling, gateway: Gateway, house: House) -> Json:
    """From search to on_confirm, with a changed message and a repeated one. Returns the order as the house has it."""
    _search(telling, gateway)
    catalogue = telling.buyer.wait_for("on_search", telling.transaction_id)
    provider_id = str(dig(catalogue.message, "message", "catalog", "providers", 0, "id"))
    _a_changed_message_is_refused(telling, orders.selection(telling.need, provider_id=provider_id, item_id=ITEM))
    confirmed = agree(telling, provider_id)
    _the_same_order_twice_is_one(telling, confirmed)
    return _one_order(telling, confirmed, house)


def agree(telling: Telling, provider_id: str) -> Entry:
    """select, init and confirm. Returns on_confirm."""
    selected = orders.selection(telling.need, provider_id=provider_id, item_id=ITEM)
    _ask(telling, "select", selected, "a quote", "quote")
    applied = orders.application(telling.need, selected)
    terms = _ask(telling, "init", applied, "the terms of payment", "payments")
    return _ask(telling, "confirm", orders.agreement(applied, terms.order), "an order id", "id")


def _ask(telling: Telling, action: str, order: Json, what: str, field: str) -> Entry:
    return telling.ask(action, {"order": order}, what, lambda message: bool(dig(message, "order", field)))


def _search(telling: Telling, gateway: Gateway) -> None:
    sent = telling.buyer.search(orders.intent(telling.need), transaction_id=telling.transaction_id)
    telling.tell_request("search", sent, GATEWAY)
    telling.expect(sent.acknowledged, "search", f"the gateway answered {sent.status}")
    for broadcast in gateway.wait_for(sent.message_id, telling.patience):
        verdict = "ACK" if broadcast.acknowledged else f"NACK {broadcast.status}"
        words = "the same bytes, with the gateway's signature beside the buyer app's"
        telling.tell(Line(GATEWAY, HOUSE, "search", verdict, broadcast.acknowledged, words))
        telling.expect(broadcast.acknowledged, "search", f"the house answered {broadcast.status} to the gateway")
    catalogue = telling.callback("search", sent)
    providers = rows(catalogue.message, "message", "catalog", "providers")
    offered = [item.get("id") for provider in providers for item in rows(provider, "items")]
    telling.expect(ITEM in offered, "on_search", f"{ITEM} is not among the items {offered}")


def _a_changed_message_is_refused(telling: Telling, selected: Json) -> None:
    """Somebody on the way turns 5 kW into 500, after signing."""
    context = telling.buyer.context("select", telling.transaction_id)
    honest = json.dumps({"context": context, "message": {"order": selected}}).encode()
    changed = honest.replace(b'"value": "5"', b'"value": "500"')
    sent = telling.buyer.send(
        "select",
        transaction_id=telling.transaction_id,
        body_bytes=changed,
        sign=False,
        headers={"Authorization": telling.buyer.me.sign(honest)},
    )
    refused = sent.status == 401 and dig(sent.reply, "message", "ack", "status") == "NACK"
    verdict = "401 NACK" if refused else f"{sent.status}"
    words = "5 kW became 500 on the way: the signature is wrong"
    telling.tell(Line("somebody", HOUSE, "select", verdict, refused, words))
    telling.expect(refused, "a changed select", f"it should have been refused with 401, not {sent.status}")


def _the_same_order_twice_is_one(telling: Telling, confirmed: Entry) -> None:
    """The buyer app's line broke, it sends its confirm again, byte for byte.

    An answer under way is not sent twice: should the house still be writing down that the first one has arrived, then
    nothing comes, and who hears nothing asks again.
    """
    sent = _send_again(telling)
    try:
        telling.buyer.wait_for("on_confirm", telling.transaction_id, sent.message_id, telling.patience / 5, count=2)
    except TimeoutError:
        sent = _send_again(telling)
    again = telling.callback("confirm", sent, count=2)
    same = again.order.get("id") == confirmed.order.get("id")
    telling.expect(same, "the repeated confirm", f"it was answered with another order, {again.order.get('id')}")


def _send_again(telling: Telling) -> Sent:
    sent = telling.buyer.send("confirm", transaction_id=telling.transaction_id, body_bytes=telling.last_sent().body)
    verdict = "ACK" if sent.acknowledged else f"{sent.status} NACK"
    telling.tell(Line(BUYER, HOUSE, "confirm", verdict, sent.acknowledged, "the very same confirm once more"))
    telling.expect(sent.acknowledged, "the repeated confirm", f"answered {sent.status}, {refusal(sent.reply)}")
    return sent


def _one_order(telling: Telling, confirmed: Entry, house: House) -> Json:
    everything = json.loads(house.call("print_orders").splitlines()[-1])
    made = [order for order in everything if order["number"]]
    numbers = ", ".join(order["number"] for order in made)
    telling.expect(len(made) == 1, "one order", f"the house has {len(made)} orders: {numbers or 'none'}")
    wanted = confirmed.order.get("id")
    telling.expect(numbers == wanted, "one order", f"the house calls it {numbers}, on_confirm said {wanted}")
    return dict(made[0])
