"""A buyer app (BAP) for trying a provider platform: sends signed requests, receives callbacks, remembers everything."""

import json
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

import requests

from beckn_adapter import signing
from beckn_adapter.sandbox import orders
from beckn_adapter.sandbox.journal import Entry, Journal
from beckn_adapter.sandbox.pages import Pages
from beckn_adapter.sandbox.participant import ACK, Participant, iso, nack, post
from beckn_adapter.sandbox.reading import dig, refusal
from beckn_adapter.sandbox.server import LocalServer, Reply, Request, json_reply
from beckn_adapter.sandbox.verifying import Verifier

META_CALLBACKS = ("cancellation_reasons", "return_reasons", "rating_categories")
PLACE = {"country": {"code": "USA"}, "city": {"code": "NANP:628"}}  # San Francisco
DEFAULT_STATUS = {"ack": 200, "nack": 400, "error": 500, "slow": 200, "closed": 0}


class Sent(NamedTuple):
    """What became of a request: HTTP status, the parsed reply, and the bytes that went out."""

    status: int
    reply: Any
    body: bytes

    @property
    def acknowledged(self) -> bool:
        return self.status in (200, 202) and dig(self.reply, "message", "ack", "status") == "ACK"

    @property
    def transaction_id(self) -> str:
        return str(dig(json.loads(self.body), "context", "transaction_id"))

    @property
    def message_id(self) -> str:
        return str(dig(json.loads(self.body), "context", "message_id"))


@dataclass
class Behaviour:
    """How callbacks are answered: `ack`, `nack`, `error`, `slow` (waits `seconds`, then ACK) or `closed` (no answer).

    With `times` only that often, then ACK again. `status` and `headers` replace the kind's own HTTP status and add
    to its headers, for example `Behaviour("error", status=429, headers={"Retry-After": "2"})`.
    """

    kind: str = "ack"
    status: int = 0
    seconds: float = 20
    times: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class BuyerApp(LocalServer):
    """`start()` opens its door and enters it in the registry. Its web page is at `url`, its callbacks go to `uri`."""

    def __init__(
        self,
        registry_url: str,
        gateway_url: str | None = None,
        *,
        subscriber_id: str = "energykart.localhost",
        host: str = "127.0.0.1",
        port: int = 0,
        domain: str = "service",
    ) -> None:
        super().__init__(host, port)
        self.registry_url, self.gateway_url = registry_url, gateway_url
        self.uri = f"{self.url}/beckn"
        self.me = Participant(subscriber_id, self.uri, "BAP", domain=domain)
        self.verifier = Verifier(registry_url)
        self.journal = Journal()
        self.needs: dict[str, orders.Need] = {}
        self.behaviour = Behaviour()
        self._peers: dict[str, tuple[str, str]] = {}
        self.pages = Pages(self)
        self._lock = threading.Lock()

    def start(self) -> "BuyerApp":
        super().start()
        self.me.subscribe(self.registry_url)
        return self

    # --- Sending ------------------------------------------------------------------------------------------------

    def search(self, intent: Any = None, *, url: str | None = None, **options: Any) -> Sent:
        """Through the gateway, or straight to the provider platform at `url`."""
        wanted = orders.intent(orders.Need()) if intent is None else intent
        if not (url or self.gateway_url):
            raise ValueError("give the address of a provider platform: this buyer app has no gateway")
        return self.send("search", {"intent": wanted}, url=url or self.gateway_url, **options)

    def select(self, order: Any, *, transaction_id: str, **options: Any) -> Sent:
        return self.send("select", {"order": order}, transaction_id=transaction_id, **options)

    def init(self, order: Any, *, transaction_id: str, **options: Any) -> Sent:
        return self.send("init", {"order": order}, transaction_id=transaction_id, **options)

    def confirm(self, order: Any, *, transaction_id: str, **options: Any) -> Sent:
        return self.send("confirm", {"order": order}, transaction_id=transaction_id, **options)

    def send(
        self,
        action: str,
        message: Any = None,
        *,
        transaction_id: str | None = None,
        message_id: str | None = None,
        url: str | None = None,
        context_overrides: Mapping[str, Any] | None = None,
        body_bytes: bytes | None = None,
        sign: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> Sent:
        """Sign and POST one request, and remember it. Raises `requests.RequestException` when nobody answers.

        `url` is the address without the action; without one the provider platform that this transaction talks to.
        An override of None leaves the field out of the context. `body_bytes` go out instead of context and message;
        with `sign=False` or an `Authorization` in `headers` they are not signed anew.
        """
        transaction_id = transaction_id or str(uuid.uuid4())
        body = body_bytes
        if body is None:
            context = self.context(action, transaction_id, message_id, context_overrides or {})
            body = json.dumps({"context": context, "message": message}, ensure_ascii=False).encode()
        address = f"{url or self._peer(transaction_id)[1]}/{action}"
        signature = {"Authorization": self.me.sign(body)} if sign else {}
        return self._post(action, address, body, {**signature, **(headers or {})})

    def hand_in(self, form_url: str, papers: Mapping[str, bytes]) -> Any:
        """Post the document form ourselves, signed (BECKN-007): a file for each document's code. Returns the answer.

        Raises `requests.RequestException`.
        """
        form = requests.Request("POST", form_url, files={code: (code, data) for code, data in papers.items()}).prepare()
        body = form.body if isinstance(form.body, bytes) else b""
        headers = {"Content-Type": form.headers["Content-Type"], "Authorization": self.me.sign(body)}
        return post(form_url, body, headers).json

    def context(
        self,
        action: str,
        transaction_id: str,
        message_id: str | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """A fresh context: now, PT10M, UUIDs unless given; bpp_id and bpp_uri once the transaction has a provider."""
        bpp_id, bpp_uri = self._peers.get(transaction_id, (None, None))
        context = {
            "domain": self.me.domain,
            "action": action,
            "version": "1.1.0",
            "bap_id": self.me.subscriber_id,
            "bap_uri": self.uri,
            "bpp_id": bpp_id,
            "bpp_uri": bpp_uri,
            "transaction_id": transaction_id,
            "message_id": message_id or str(uuid.uuid4()),
            "timestamp": iso(datetime.now(UTC)),
            "ttl": "PT10M",
            "location": PLACE,
            **(overrides or {}),
        }
        return {name: value for name, value in context.items() if value is not None}

    def begin(self, need: orders.Need) -> str:
        """A new transaction for a person; what they need is remembered for its later steps."""
        transaction_id = str(uuid.uuid4())
        self.needs[transaction_id] = need
        return transaction_id

    def talk_to(self, transaction_id: str, bpp_id: str, bpp_uri: str) -> None:
        """From now on this transaction goes to this provider platform."""
        self._peers[transaction_id] = (bpp_id, bpp_uri.rstrip("/"))

    def _peer(self, transaction_id: str) -> tuple[str, str]:
        try:
            return self._peers[transaction_id]
        except KeyError:
            raise ValueError("nobody has answered in this transaction yet: give an url") from None

    def _post(self, action: str, url: str, body: bytes, headers: dict[str, str]) -> Sent:
        note = partial(
            self.journal.add,
            at=datetime.now(UTC),
            sent=True,
            other=self._receiver(url, body),
            url=url,
            action=action,
            headers=headers,
            body=body,
        )
        try:
            answer = post(url, body, headers)
        except requests.RequestException as problem:
            note(reason=f"no answer ({type(problem).__name__})", status=0)
            raise
        note(reason="" if answer.acknowledged else f"{answer.status}, {refusal(answer.json)}", status=answer.status)
        return Sent(answer.status, answer.json, body)

    def _receiver(self, url: str, body: bytes) -> str:
        if self.gateway_url and url.startswith(self.gateway_url):
            return "gateway"
        return _named_bpp(body) or url

    # --- Receiving ----------------------------------------------------------------------------------------------

    def answer(self, request: Request) -> Reply:
        area, _, action = request.path.lstrip("/").partition("/")
        if area != "beckn":
            return self.pages.answer(request)
        if request.method != "POST" or not (action.startswith("on_") or action in META_CALLBACKS):
            return json_reply(nack("40001", "A buyer app takes only callbacks."), 404)
        return self._receive(action, request)

    def wait_for(
        self, action: str, transaction_id: str, message_id: str | None = None, timeout: float = 30, count: int = 1
    ) -> Entry:
        """The `count`-th such callback, whatever its verdict, as soon as it is here. Raises `TimeoutError`."""
        return self.journal.wait_for(action, transaction_id, message_id, timeout, count)

    def behave(self, kind: str, **details: Any) -> None:
        """From now on answer callbacks like this; see `Behaviour`."""
        if kind not in DEFAULT_STATUS:
            raise ValueError(f"{kind!r} is none of {', '.join(DEFAULT_STATUS)}")
        self.behaviour = Behaviour(kind, **details)

    def _receive(self, action: str, request: Request) -> Reply:
        at = datetime.now(UTC)
        reason = self._objection(action, request)
        behaviour = self._next_behaviour()
        reply = _reply(behaviour, reason)
        entry = self.journal.add(
            at=at,
            sent=False,
            other=_named_bpp(request.body) or "unknown",
            url=request.path,
            action=action,
            reason=reason,
            status=reply.status,
            headers=dict(request.headers.items()),
            body=request.body,
        )
        if entry.good and entry.transaction_id not in self._peers:
            context = entry.message["context"]
            self.talk_to(entry.transaction_id, context["bpp_id"], str(context.get("bpp_uri", "")))
        if behaviour.kind == "slow":
            self.stopping.wait(behaviour.seconds)
        return reply

    def _objection(self, action: str, request: Request) -> str:
        """Why this callback is not to be believed; empty where it is."""
        try:
            sender = self.verifier.verify(request.headers.get("Authorization", ""), request.body, kind="BPP")
        except signing.BadSignature as problem:
            return str(problem)
        except requests.RequestException:
            return "the registry does not answer"
        context = dig(request.json(), "context")
        expected = {"action": action, "bap_id": self.me.subscriber_id, "bpp_id": sender.subscriber_id}
        wrong = [name for name, value in expected.items() if dig(context, name) != value]
        return f"the context's {', '.join(wrong)} does not agree with path and signer" if wrong else ""

    def _next_behaviour(self) -> Behaviour:
        with self._lock:
            behaviour = self.behaviour
            if behaviour.times is not None:
                behaviour.times -= 1
                if behaviour.times <= 0:
                    self.behaviour = Behaviour()
            return behaviour


def _named_bpp(body: bytes) -> str:
    """Whom a message names as the provider platform, believed or not."""
    try:
        return str(dig(json.loads(body), "context", "bpp_id") or "")
    except (ValueError, RecursionError):
        return ""


def _reply(behaviour: Behaviour, reason: str) -> Reply:
    status = behaviour.status or DEFAULT_STATUS[behaviour.kind]
    if behaviour.kind == "closed":
        return Reply(0, hang_up=True)
    if behaviour.kind == "error":
        return json_reply({"error": "as the developer wanted it"}, status, behaviour.headers)
    if reason:
        return json_reply(nack("30000", reason), 401)
    if behaviour.kind == "nack":
        return json_reply(nack("30000", "As the developer wanted it."), status, behaviour.headers)
    return json_reply(ACK, status, behaviour.headers)
