"""The sandbox's gateway: takes a search from a buyer app and hands it on to every provider platform of its domain."""

import json
import threading
import time
from dataclasses import dataclass
from typing import Any

import requests

from beckn_adapter import signing
from beckn_adapter.sandbox.participant import ACK, Participant, nack, post
from beckn_adapter.sandbox.reading import dig
from beckn_adapter.sandbox.server import LocalServer, Reply, Request, json_reply
from beckn_adapter.sandbox.verifying import Verifier
from beckn_adapter.subscriber import Subscriber, read_record


@dataclass(frozen=True)
class Broadcast:
    """A search handed on to one provider platform, and what it said. Status 0: it was not reachable."""

    message_id: str
    subscriber_id: str
    status: int
    acknowledged: bool


class Gateway(LocalServer):
    """`POST /search`. The body goes on as it came, byte for byte, so that the buyer app's signature still fits it."""

    def __init__(
        self, registry_url: str, *, subscriber_id: str = "gateway.localhost", host: str = "127.0.0.1", port: int = 0
    ) -> None:
        super().__init__(host, port)
        self.me = Participant(subscriber_id, self.url, "BG")
        self.registry_url = registry_url
        self.verifier = Verifier(registry_url)
        self.broadcasts: list[Broadcast] = []
        self._news = threading.Condition()

    def start(self) -> "Gateway":
        super().start()
        self.me.subscribe(self.registry_url)
        return self

    def answer(self, request: Request) -> Reply:
        if request.method == "GET" and not request.path:
            return json_reply({"status": "ok", "subscriber_id": self.me.subscriber_id})
        if (request.method, request.path) != ("POST", "/search"):
            return json_reply(nack("40001", "A gateway takes only search."), 404)
        return self._search(request)

    def wait_for(self, message_id: str, timeout: float = 5) -> list[Broadcast]:
        """The broadcasts of this search, as soon as there is one; none when the time is up."""
        end = time.monotonic() + timeout
        with self._news:
            while True:
                found = [broadcast for broadcast in self.broadcasts if broadcast.message_id == message_id]
                left = end - time.monotonic()
                if found or left <= 0:
                    return found
                self._news.wait(left)

    def _search(self, request: Request) -> Reply:
        authorization = request.headers.get("Authorization", "")
        try:
            sender = self.verifier.verify(authorization, request.body, kind="BAP")
        except signing.BadSignature as problem:
            challenge = f'Signature realm="{self.me.subscriber_id}",headers="{signing.HEADERS}"'
            return json_reply(nack("30000", str(problem)), 401, {"WWW-Authenticate": challenge})
        except requests.RequestException:
            return json_reply(nack("30000", "The registry does not answer."), 503)
        message = request.json()
        if dig(message, "context", "bap_id") != sender.subscriber_id:
            return json_reply(nack("30000", "The signer is not context.bap_id."), 401)
        for provider in self._providers(message):
            hand_on = (str(dig(message, "context", "message_id")), provider, request.body, authorization)
            threading.Thread(target=self._hand_on, args=hand_on, daemon=True).start()
        return json_reply(ACK)

    def _hand_on(self, message_id: str, provider: Subscriber, body: bytes, authorization: str) -> None:
        ours = self.me.sign(body)
        headers = {"Authorization": authorization, "X-Gateway-Authorization": ours, "Proxy-Authorization": ours}
        try:
            answer = post(f"{provider.url}/search", body, headers)
            status, acknowledged = answer.status, answer.acknowledged
        except requests.RequestException:
            status, acknowledged = 0, False
        with self._news:
            self.broadcasts.append(Broadcast(message_id, provider.subscriber_id, status, acknowledged))
            self._news.notify_all()

    def _providers(self, message: Any) -> list[Subscriber]:
        """The provider platforms that serve this context; each once, however many keys it has."""
        question = {
            "type": "BPP",
            "domain": dig(message, "context", "domain"),
            "subscriber_id": dig(message, "context", "bpp_id"),
            "city": dig(message, "context", "location", "city", "code"),
            "country": dig(message, "context", "location", "country", "code"),
        }
        answer = post(f"{self.registry_url}/lookup", json.dumps(question).encode())
        found = [subscriber for subscriber in map(read_record, answer.json) if subscriber]
        return list({s.subscriber_id: s for s in found if s.status == "SUBSCRIBED"}.values())
