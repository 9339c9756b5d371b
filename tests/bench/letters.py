"""The messages of a load, made and signed before its time begins: what is measured is the house, not our pen."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from beckn_adapter.sandbox import orders
from beckn_adapter.sandbox.buyer import BuyerApp
from beckn_adapter.sandbox.participant import Participant
from tests.bench.wire import post

NEED = orders.Need()
PROVIDER, ITEM = "sf_electric_authority", "new-resi-connection"
LIFETIME = 3600  # seconds that the signatures hold


@dataclass(frozen=True)
class House:
    """Where the platform is, and who. `url` has no path."""

    url: str
    subscriber_id: str

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        return str(parts.hostname), int(parts.port or 80)


@dataclass(frozen=True)
class Letter:
    """A request as it goes over the wire, and what its callback is known by."""

    message_id: str
    transaction_id: str
    request: bytes
    order: dict[str, Any]
    buyer: int


class Desk:
    """Writes the letters of several buyer apps, in turn."""

    def __init__(self, house: House, buyers: Sequence[Participant]) -> None:
        self.house = house
        self.buyers = []
        for me in buyers:
            buyer = BuyerApp("", subscriber_id=me.subscriber_id, port=int(urlsplit(me.url).port or 0))
            buyer.me = me
            self.buyers.append(buyer)

    def searches(self, count: int, about: Mapping[str, Any] | None = None) -> list[Letter]:
        """What they look for; `about` is more of it."""
        message = {"intent": orders.intent(NEED) | dict(about or {})}
        return [self._write("search", message, number % len(self.buyers), str(uuid4())) for number in range(count)]

    def inits(self, count: int) -> list[Letter]:
        applied = orders.application(NEED, orders.selection(NEED, provider_id=PROVIDER, item_id=ITEM))
        return [self._order("init", applied, number % len(self.buyers), str(uuid4())) for number in range(count)]

    def confirms(self, inits: Sequence[Letter], terms: Sequence[bytes]) -> list[Letter]:
        """For each init whose on_init is here (b"" where it is not)."""
        pairs = [(init, json.loads(body)) for init, body in zip(inits, terms, strict=True) if body]
        return [
            self._order(
                "confirm", orders.agreement(init.order, reply["message"]["order"]), init.buyer, init.transaction_id
            )
            for init, reply in pairs
            if "message" in reply
        ]

    def _order(self, action: str, order: dict[str, Any], buyer: int, transaction_id: str) -> Letter:
        self.buyers[buyer].talk_to(transaction_id, self.house.subscriber_id, f"{self.house.url}/beckn")
        return self._write(action, {"order": order}, buyer, transaction_id)

    def _write(self, action: str, message: dict[str, Any], number: int, transaction_id: str) -> Letter:
        buyer, message_id = self.buyers[number], str(uuid4())
        context = buyer.context(action, transaction_id, message_id)
        body = json.dumps({"context": context, "message": message}, ensure_ascii=False).encode()
        signature = buyer.me.sign(body, created=int(time.time()) - 1, lifetime=LIFETIME)
        host, port = self.house.address
        request = post(f"/beckn/{action}", f"{host}:{port}", signature, body)
        return Letter(message_id, transaction_id, request, message.get("order", {}), number)
