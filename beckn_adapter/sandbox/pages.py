"""The buyer app's web pages: start a transaction, take its next step, read the conversation. Works without script."""

import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import requests
from django.template.loader import render_to_string

from beckn_adapter.sandbox import orders
from beckn_adapter.sandbox.conversation import Conversation
from beckn_adapter.sandbox.orders import Need
from beckn_adapter.sandbox.server import Reply, Request

if TYPE_CHECKING:
    from beckn_adapter.sandbox.buyer import BuyerApp

STYLESHEET = Path(__file__).parent.parent / "static" / "beckn_adapter" / "sandbox.css"
SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
SHOWN = 30  # conversations on the front page
BEHAVIOURS = {
    "ack": "with an ACK, as it should",
    "nack": "with a NACK",
    "error": "with an HTTP error 500",
    "slow": "after 20 seconds",
    "closed": "by closing the connection without an answer",
}
GPS = re.compile(r"[-+]?\d{1,2}(\.\d+)?,\s*[-+]?\d{1,3}(\.\d+)?")


class Pages:
    """Answers whatever is not a callback."""

    def __init__(self, buyer: "BuyerApp") -> None:
        self.buyer = buyer
        self.patience = 3.0  # seconds that a press of a button waits for the callback, before it shows the page without

    def answer(self, request: Request) -> Reply:
        area, _, rest = request.path.lstrip("/").partition("/")
        if request.method != "POST":
            return self._show(area, rest)
        if not _is_own_form(request):
            return self._page("sandbox/problem.html", {"problem": "This form was sent from another site."}, 403)
        act = {"search": self._search, "t": self._step, "again": self._again, "answers": self._set_behaviour}.get(area)
        return act(rest, request.form()) if act else self._missing()

    def _show(self, area: str, rest: str) -> Reply:
        if area == "":
            return self._front(Need())
        if area == "sandbox.css":
            return Reply(200, STYLESHEET.read_bytes(), "text/css; charset=utf-8")
        if area == "t" and self.buyer.journal.entries(rest):
            return self._conversation(rest)
        return self._missing()

    # --- What is shown ------------------------------------------------------------------------------------------

    def _front(self, need: Need, problems: dict[str, str] | None = None, url: str = "") -> Reply:
        shown = [self._read(name) for name in self.buyer.journal.transactions()[:SHOWN]]
        content = {
            "need": need,
            "url": url,
            "problems": problems or {},
            "conversations": shown,
            "behaviours": BEHAVIOURS,
        }
        return self._page("sandbox/front.html", content, 422 if problems else 200)

    def _conversation(self, transaction_id: str, problems: dict[str, str] | None = None, need: Any = None) -> Reply:
        shown = self._read(transaction_id)
        content = {
            "talk": shown,
            "need": need or self._need(transaction_id),
            "problems": problems or {},
            "refresh": 2 if shown.waiting else 0,
        }
        return self._page("sandbox/conversation.html", content, 422 if problems else 200)

    def _missing(self) -> Reply:
        problem = "There is no such page here. This buyer app forgets everything when it is stopped."
        return self._page("sandbox/problem.html", {"problem": problem}, 404)

    def _page(self, template: str, content: dict[str, Any], status: int = 200) -> Reply:
        kind = self.buyer.behaviour.kind
        around = {"buyer": self.buyer, "kind": kind, "odd_answers": "" if kind == "ack" else BEHAVIOURS[kind]}
        html = render_to_string(template, {**around, **content})
        return Reply(status, html.encode(), "text/html; charset=utf-8", SECURITY)

    def _read(self, transaction_id: str) -> Conversation:
        return Conversation(transaction_id, self.buyer.journal.entries(transaction_id))

    def _need(self, transaction_id: str) -> Need:
        return self.buyer.needs.get(transaction_id, Need())

    # --- What is done -------------------------------------------------------------------------------------------

    def _search(self, _: str, form: dict[str, str]) -> Reply:
        need = _typed(Need(), form)
        url = self.buyer.gateway_url or form.get("url", "").strip().rstrip("/")
        problems = objections(need)
        if not url.startswith(("http://", "https://")):
            problems["url"] = "Enter the provider platform's address, for example http://127.0.0.1:8000/beckn."
        if problems:
            return self._front(need, problems, url)
        transaction_id = self.buyer.begin(need)
        return self._go("search", transaction_id, {"intent": orders.intent(need)}, url=url)

    def _step(self, rest: str, form: dict[str, str]) -> Reply:
        transaction_id, _, step = rest.rpartition("/")
        talk = self._read(transaction_id)
        if step == "select":
            return self._select(talk, form)
        if step == "init" and talk.last("select"):
            return self._init(talk, form)
        if step == "confirm" and talk.last("init") and talk.last("on_init"):
            return self._confirm(talk)
        return self._missing()

    def _select(self, talk: Conversation, form: dict[str, str]) -> Reply:
        wanted = tuple(form.get(name, "") for name in ("bpp_id", "provider_id", "item_id"))
        offer = next((o for o in talk.offers if (o.bpp_id, o.provider_id, o.item_id) == wanted), None)
        if offer is None:
            return self._missing()
        self.buyer.talk_to(talk.transaction_id, offer.bpp_id, offer.bpp_uri)
        order = orders.selection(
            self._need(talk.transaction_id),
            provider_id=offer.provider_id,
            item_id=offer.item_id,
            fulfillment_id=offer.fulfillment_id,
        )
        return self._go("select", talk.transaction_id, {"order": order})

    def _init(self, talk: Conversation, form: dict[str, str]) -> Reply:
        need = _typed(self._need(talk.transaction_id), form)
        problems = objections(need)
        if problems:
            return self._conversation(talk.transaction_id, problems, need)
        self.buyer.needs[talk.transaction_id] = need
        selected = talk.last("select")
        order = orders.application(need, selected.order if selected else {})
        return self._go("init", talk.transaction_id, {"order": order})

    def _confirm(self, talk: Conversation) -> Reply:
        applied, terms = talk.last("init"), talk.last("on_init")
        order = orders.agreement(applied.order if applied else {}, terms.order if terms else {})
        return self._go("confirm", talk.transaction_id, {"order": order})

    def _again(self, number: str, _: dict[str, str]) -> Reply:
        """The very same bytes once more, signed anew: the other side must not do anything twice."""
        entry = self.buyer.journal.entry(int(number)) if number.isdecimal() else None
        if entry is None or not entry.sent:
            return self._missing()
        url = entry.url.removesuffix(f"/{entry.action}")
        return self._go(entry.action, entry.transaction_id, None, url=url, body_bytes=entry.body)

    def _set_behaviour(self, _: str, form: dict[str, str]) -> Reply:
        kind = form.get("kind", "")
        if kind not in BEHAVIOURS:
            return self._missing()
        self.buyer.behave(kind)
        return _see("/")

    def _go(self, action: str, transaction_id: str, message: Any, **options: Any) -> Reply:
        """Send, give the callback a moment to come, and show the conversation."""
        before = len(self.buyer.journal.received(f"on_{action}", transaction_id))
        try:
            sent = self.buyer.send(action, message, transaction_id=transaction_id, **options)
            if sent.acknowledged:
                self.buyer.wait_for(f"on_{action}", transaction_id, timeout=self.patience, count=before + 1)
        except (requests.RequestException, TimeoutError):
            pass  # the conversation says so
        return _see(f"/t/{quote(transaction_id, safe='')}")


def objections(need: Need) -> dict[str, str]:
    """What is wrong with what was typed: field to sentence."""
    found = {}
    for name, what in (("search_for", "what to search for"), ("name", "a name"), ("address", "the address")):
        if not getattr(need, name).strip():
            found[name] = f"Enter {what}."
    if not _is_number(need.load_kw):
        found["load_kw"] = "Enter the load in kW as a number, for example 5."
    if need.consumption_kwh and not _is_number(need.consumption_kwh):
        found["consumption_kwh"] = "Enter the consumption in kWh a month as a number, or leave it empty."
    if not (need.phone or need.email):
        found["phone"] = "Enter a telephone number or an e-mail address."
    if not GPS.fullmatch(need.gps):
        found["gps"] = "Enter latitude and longitude, for example 37.774921,-122.419424."
    return found


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"\d{1,6}(\.\d{1,3})?", text))


def _typed(need: Need, form: dict[str, str]) -> Need:
    return replace(need, **{name: form[name].strip() for name in asdict(need) if name in form})


def _is_own_form(request: Request) -> bool:
    """A page of another site can not press our buttons."""
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("Host")


def _see(address: str) -> Reply:
    return Reply(303, headers={"Location": address})
