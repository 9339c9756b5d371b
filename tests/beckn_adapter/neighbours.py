"""The sandbox's own parts with a provider platform that only listens, for tests of the sandbox itself."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from beckn_adapter.sandbox.buyer import BuyerApp
from beckn_adapter.sandbox.gateway import Gateway
from beckn_adapter.sandbox.participant import ACK, Answer, Participant, post
from beckn_adapter.sandbox.registry import Registry
from beckn_adapter.sandbox.server import LocalServer, Reply, Request, json_reply


class Listener(LocalServer):
    """A provider platform that acknowledges everything and keeps it."""

    def __init__(self) -> None:
        super().__init__()
        self.me = Participant("provider.localhost", self.url, "BPP")
        self.heard: list[Request] = []

    def answer(self, request: Request) -> Reply:
        self.heard.append(request)
        return json_reply(ACK)


@dataclass
class Neighbours:
    """Everybody who takes part."""

    registry: Registry
    gateway: Gateway
    buyer: BuyerApp
    provider: Listener
    context: dict[str, Any] = field(default_factory=dict)

    def call_back(
        self, action: str, *, message: Any = None, signer: Participant | None = None, **changes: Any
    ) -> Answer:
        """Send the buyer app a callback in the transaction of `context`, as the provider platform would."""
        context = {**self.context, "action": action, "bpp_id": self.provider.me.subscriber_id, **changes}
        context["bpp_uri"] = self.provider.url
        body = json.dumps({"context": context, "message": message or {}}).encode()
        header = (signer or self.provider.me).sign(body)
        return post(f"{self.buyer.uri}/{action}", body, {"Authorization": header})


@contextmanager
def neighbours() -> Iterator[Neighbours]:
    with Registry() as registry, Gateway(registry.url) as gateway, Listener() as provider:
        provider.me.subscribe(registry.url)
        with BuyerApp(registry.url, gateway.url) as buyer:
            buyer.pages.patience = 0.05  # the listener never calls back by itself
            yield Neighbours(registry, gateway, buyer, provider, buyer.context("search", "txn-1", "msg-1"))
