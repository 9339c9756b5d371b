"""The demo's story: Maria orders her connection, message by message, and what must not work does not."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from beckn_adapter.sandbox import orders
from beckn_adapter.sandbox.buyer import Sent
from beckn_adapter.sandbox.house import House
from beckn_adapter.sandbox.journal import Entry
from beckn_adapter.sandbox.network import Network
from beckn_adapter.sandbox.reading import Json, dig, in_words, refusal, rows

ITEM = "new-resi-connection"
PATIENCE = 15.0  # seconds for a callback on a busy machine
BUYER, GATEWAY, HOUSE = "Energykart", "gateway", "Servicedrop"


class StepFailed(Exception):
    """A step that was not what it should be. The text says which and why."""


@dataclass(frozen=True)
class Line:
    """One message as the demo tells it."""

    who: str
    whom: str
    action: str
    verdict: str
    good: bool
    words: str
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


class Story:
    """`play` tells each message through `tell`."""

    def __init__(
        self, network: Network, house: House, tell: Callable[[Line], None], *, patience: float = PATIENCE
    ) -> None:
        self.network, self.buyer, self.house, self.tell = network, network.buyer, house, tell
        self.patience = patience
        self.need = orders.Need()
        self.transaction_id = self.buyer.begin(self.need)

    def play(self) -> Json:
        """From search to on_confirm. Returns the one order, as the house has it. Raises `StepFailed`."""
        self._search()
        selected = orders.selection(self.need, provider_id=self._provider_id(), item_id=ITEM)
        self._a_changed_message_is_refused(selected)
        self._ask("select", selected, "a quote", lambda order: bool(dig(order, "quote", "price", "value")))
        applied = orders.application(self.need, selected)
        terms = self._ask("init", applied, "the terms of payment", lambda order: bool(rows(order, "payments")))
        agreed = orders.agreement(applied, terms.order)
        confirmed = self._ask("confirm", agreed, "an order id", lambda order: bool(order.get("id")))
        self._the_same_order_twice_is_one(confirmed)
        return self._one_order(confirmed)

    def _search(self) -> None:
        sent = self.buyer.search(orders.intent(self.need), transaction_id=self.transaction_id)
        self._tell_request("search", sent, GATEWAY)
        self._expect(sent.acknowledged, "search", f"the gateway answered {sent.status}")
        for broadcast in self.network.gateway.wait_for(sent.message_id, self.patience):
            verdict = "ACK" if broadcast.acknowledged else f"NACK {broadcast.status}"
            words = "the same bytes, with the gateway's signature beside the buyer app's"
            self.tell(Line(GATEWAY, HOUSE, "search", verdict, broadcast.acknowledged, words))
            self._expect(broadcast.acknowledged, "search", f"the house answered {broadcast.status} to the gateway")
        catalogue = self._callback("search", sent)
        providers = rows(catalogue.message, "message", "catalog", "providers")
        offered = [item.get("id") for provider in providers for item in rows(provider, "items")]
        self._expect(ITEM in offered, "on_search", f"{ITEM} is not among the items {offered}")

    def _provider_id(self) -> str:
        catalogue = self.buyer.wait_for("on_search", self.transaction_id)
        return str(dig(catalogue.message, "message", "catalog", "providers", 0, "id"))

    def _a_changed_message_is_refused(self, selected: Json) -> None:
        """Somebody on the way turns 5 kW into 500, after signing."""
        context = self.buyer.context("select", self.transaction_id)
        honest = json.dumps({"context": context, "message": {"order": selected}}).encode()
        changed = honest.replace(b'"value": "5"', b'"value": "500"')
        sent = self.buyer.send(
            "select",
            transaction_id=self.transaction_id,
            body_bytes=changed,
            sign=False,
            headers={"Authorization": self.buyer.me.sign(honest)},
        )
        refused = sent.status == 401 and dig(sent.reply, "message", "ack", "status") == "NACK"
        verdict = "401 NACK" if refused else f"{sent.status}"
        self.tell(
            Line("somebody", HOUSE, "select", verdict, refused, "5 kW became 500 on the way: the signature is wrong")
        )
        self._expect(refused, "a changed select", f"it should have been refused with 401, not {sent.status}")

    def _ask(self, action: str, order: Json, what: str, is_there: Callable[[Json], bool]) -> Entry:
        sent = self.buyer.send(action, {"order": order}, transaction_id=self.transaction_id)
        self._tell_request(action, sent, HOUSE)
        self._expect(sent.acknowledged, action, f"answered {sent.status}, {refusal(sent.reply)}")
        answer = self._callback(action, sent)
        self._expect(is_there(answer.order), f"on_{action}", f"it does not contain {what}")
        return answer

    def _the_same_order_twice_is_one(self, confirmed: Entry) -> None:
        """The buyer app's line broke, it sends its confirm again, byte for byte."""
        sent = self.buyer.send("confirm", transaction_id=self.transaction_id, body_bytes=self._last_sent().body)
        verdict = "ACK" if sent.acknowledged else f"{sent.status} NACK"
        self.tell(Line(BUYER, HOUSE, "confirm", verdict, sent.acknowledged, "the very same confirm once more"))
        self._expect(sent.acknowledged, "the repeated confirm", f"answered {sent.status}, {refusal(sent.reply)}")
        again = self._callback("confirm", sent, count=2)
        same = again.order.get("id") == confirmed.order.get("id")
        self._expect(same, "the repeated confirm", f"it was answered with another order, {again.order.get('id')}")

    def _one_order(self, confirmed: Entry) -> Json:
        everything = json.loads(self.house.call("print_orders").splitlines()[-1])
        made = [order for order in everything if order["number"]]
        numbers = ", ".join(order["number"] for order in made)
        self._expect(len(made) == 1, "one order", f"the house has {len(made)} orders: {numbers or 'none'}")
        wanted = confirmed.order.get("id")
        self._expect(numbers == wanted, "one order", f"the house calls it {numbers}, on_confirm said {wanted}")
        return dict(made[0])

    def _callback(self, action: str, sent: Sent, count: int = 1) -> Entry:
        """The believed answer to this request. Raises `StepFailed`."""
        name = f"on_{action}"
        try:
            entry = self.buyer.wait_for(name, self.transaction_id, sent.message_id, self.patience, count)
        except TimeoutError as problem:
            raise StepFailed(f"{name}: {problem}") from None
        verdict = "signature good" if entry.good else "not believed"
        self.tell(Line(HOUSE, BUYER, name, verdict, entry.good, entry.words, entry.at))
        self._expect(entry.good, name, entry.reason)
        self._expect(not entry.error, name, refusal(entry.message))
        return entry

    def _tell_request(self, action: str, sent: Sent, whom: str) -> None:
        verdict = "ACK" if sent.acknowledged else f"{sent.status} NACK"
        words = in_words(action, json.loads(sent.body))
        self.tell(Line(BUYER, whom, action, verdict, sent.acknowledged, words, self._last_sent().at))

    def _last_sent(self) -> Entry:
        return next(e for e in reversed(self.buyer.journal.entries(self.transaction_id)) if e.sent)

    @staticmethod
    def _expect(holds: bool, step: str, why: str) -> None:
        if not holds:
            raise StepFailed(f"{step}: {why}")
