"""What a buyer app has been told of one transaction, and the laws that hold for it, however the order came to be."""

import json
from decimal import Decimal
from typing import Any

from beckn_adapter.models import Callback
from beckn_adapter.sandbox.reading import dig, rows, tag_value
from beckn_adapter.translate.taxonomy import read
from connections.vocabulary import ApplicationState as S
from tests.core_schema import PROTOCOL, violations

Json = dict[str, Any]
RANK = {
    S.SCHEDULED: 1,
    S.TECHNICIAN_ASSIGNED: 2,
    S.ASSESSMENT_COMPLETED: 3,
    S.APPROVED: 4,
    S.CONNECTION_ESTABLISHED: 5,
    S.CANCELLED: 6,
    S.FAILED: 6,
}
ENDS = {S.CONNECTION_ESTABLISHED, S.CANCELLED, S.FAILED}


class Wire:
    """The callbacks of a transaction in the order in which they go out; `hear` judges those that are new."""

    def __init__(self, bap_id: str, transaction_id: str) -> None:
        self.bap_id, self.transaction_id = bap_id, transaction_id
        self.messages: list[Json] = []
        self.state = ""  # the state that was told last, in our words
        self.created_at = ""
        self.paid: set[int] = set()  # instalments that were told as PAID, with their amount
        self._last = 0

    def hear(self) -> None:
        new = Callback.objects.filter(bap_id=self.bap_id, transaction_id=self.transaction_id, pk__gt=self._last)
        for callback in new.order_by("pk"):
            self._last = callback.pk
            assert callback.body, f"{callback.action} could not be built: {callback.outcome}"
            self.judge(json.loads(bytes(callback.body)))

    def judge(self, message: Json) -> None:
        self.messages.append(message)
        if PROTOCOL.exists():
            assert violations(message, uuid_ids=True) == []
        order = dig(message, "message", "order")
        if order and message["context"]["action"] != "on_select":
            self._state_goes_forward(order)
            self._birthday_stays(order)
            self._quote_adds_up(order)
            self._paid_stays_paid(order)
            self._power_has_its_meter(order)

    def _state_goes_forward(self, order: Json) -> None:
        state = state_told(order)
        if not state:
            assert not self.state, f"an order that was {self.state} is told without a state"
            return
        if self.state in ENDS:
            assert state == self.state, f"{state} was told after {self.state}"
        elif self.state:
            assert RANK[S(state)] >= RANK[S(self.state)], f"{state} was told after {self.state}"
        self.state = state

    def _birthday_stays(self, order: Json) -> None:
        self.created_at = self.created_at or order["created_at"]
        assert order["created_at"] == self.created_at

    def _quote_adds_up(self, order: Json) -> None:
        quote = order["quote"]
        lines = sum((Decimal(line["price"]["value"]) for line in quote["breakup"]), Decimal(0))
        assert Decimal(quote["price"]["value"]) == lines

    def _paid_stays_paid(self, order: Json) -> None:
        """What was told as paid is never told as unpaid: a higher price is an instalment of its own."""
        for n, payment in enumerate(order["payments"]):
            if payment["status"] == "PAID":
                self.paid.add(n)
            assert n not in self.paid or payment["status"] == "PAID", f"instalment {n} was paid and is not any more"

    def _power_has_its_meter(self, order: Json) -> None:
        told = bool(tag_value(order["items"][0], "meter_id"))
        assert told == (self.state == S.CONNECTION_ESTABLISHED)
        assert (order.get("status") == "COMPLETE") == told


def state_told(order: Json) -> str:
    """The fulfilment state in our own word, whatever the profile's spelling; empty where none is told."""
    code = dig(order, "fulfillments", 0, "state", "descriptor", "code")
    return read("fulfillment-state", code) if code else ""


def documents_told(order: Json) -> dict[str, str]:
    """Each document's state by its code, as the order's tags have it."""
    tags = [tag for group in rows(order, "tags") for tag in rows(group, "list")]
    codes = {str(dig(tag, "descriptor", "code")): str(tag.get("value")) for tag in tags}
    return {code.removeprefix("document-"): value for code, value in codes.items() if code.startswith("document-")}
