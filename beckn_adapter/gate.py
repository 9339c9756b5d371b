"""Who is calling, is it fresh, is it for us? Everything that is checked before a message is stored.

In order: signature header, key, signature over the raw bytes, times, identity; then JSON, context, shape. Nothing of
an unauthenticated message is looked at, so it can not use up a message_id. One key look-up (cached) is the only I/O.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_datetime, parse_duration

from beckn_adapter import signing
from beckn_adapter.errors import ACTION_NOT_APPLICABLE, CATEGORY_NOT_FOUND, INVALID_REQUEST, BecknError
from beckn_adapter.registry import Subscriber, registry
from beckn_adapter.schema import check_shape
from beckn_adapter.translate.context import DEFAULT_TTL
from beckn_adapter.translate.taxonomy import read

ORDERING = ("search", "select", "init", "confirm")
AFTERWARDS = ("status", "track", "cancel", "update", "rating", "support")
META = ("get_cancellation_reasons", "get_rating_categories")
ACTIONS = (*ORDERING, *AFTERWARDS, *META)
MAX_DEPTH = 40
LONGEST_TTL = timedelta(days=30)
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
GATEWAY_HEADERS = ("X-Gateway-Authorization", "Proxy-Authorization")


class NotAuthenticated(Exception):
    """The caller is not who it says. `challenge` is the header to answer with (BECKN-006)."""

    def __init__(self, reason: str, challenge: str = "WWW-Authenticate") -> None:
        super().__init__(reason)
        self.challenge = challenge


@dataclass(frozen=True)
class Admitted:
    """A message that passed: parsed, and by whom."""

    message: dict[str, Any]
    sender: Subscriber
    signature: str
    via: str = ""

    @property
    def context(self) -> dict[str, Any]:
        return self.message["context"]


def admit(action: str, body: bytes, headers: Any) -> Admitted:
    """Raises `NotAuthenticated` (401), `BecknError` (NACK) or `RegistryDown` (503)."""
    header = headers.get("Authorization", "")
    sender = authenticate(body, header, kind="BAP")
    via = ""
    for name in GATEWAY_HEADERS:
        if headers.get(name):
            via = _authenticate_gateway(body, headers[name])
    message = parse(body)
    check_shape(action, message)
    check_context(message["context"], action, sender)
    if action == "search":
        check_category(message["message"].get("intent") or {})
    return Admitted(message, sender, header, via)


def authenticate(body: bytes, header: str, *, kind: str) -> Subscriber:
    """The registered subscriber of type `kind` who signed these bytes, now. Raises `NotAuthenticated`."""
    if not header:
        raise NotAuthenticated("the Authorization header is missing")
    try:
        signature = signing.parse(header)
        signing.check_times(signature, now=timezone.now().timestamp(), skew=settings.BECKN_CLOCK_SKEW)
        subscriber = _signer(body, signature, kind)
    except signing.BadSignature as problem:
        raise NotAuthenticated(str(problem)) from None
    return subscriber


def _signer(body: bytes, signature: signing.Signature, kind: str) -> Subscriber:
    """Verify with the key that the registry has; on failure ask it once more, for the key may be new."""
    problem = signing.BadSignature(f"no valid {kind} key is registered under this keyId")
    for refresh in (False, True):
        for subscriber in registry.find(signature.subscriber_id, signature.key_id, refresh=refresh):
            if not _may_sign(subscriber, kind, signature):
                continue
            try:
                signing.verify(body, signature, subscriber.key)
            except signing.BadSignature as unfit:
                problem = unfit
                continue
            return subscriber
    raise problem


def _may_sign(subscriber: Subscriber, kind: str, signature: signing.Signature) -> bool:
    ours = not subscriber.domain or subscriber.domain in settings.BECKN_DOMAINS or kind == "BG"
    current = subscriber.is_current(timezone.now())
    return subscriber.type == kind and subscriber.status == "SUBSCRIBED" and current and ours


def _authenticate_gateway(body: bytes, header: str) -> str:
    try:
        return authenticate(body, header, kind="BG").subscriber_id
    except NotAuthenticated as problem:
        raise NotAuthenticated(f"gateway: {problem}", challenge="Proxy-Authenticate") from None


def parse(body: bytes) -> dict[str, Any]:
    """Strict JSON: UTF-8, an object, no NaN, no NUL, no lone surrogate, not deeper than MAX_DEPTH."""
    try:
        message = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
        plain = json.dumps(message, ensure_ascii=False, allow_nan=False)
        plain.encode("utf-8")
    except (ValueError, RecursionError):
        raise BecknError(INVALID_REQUEST, "The body is not well-formed JSON in UTF-8.", "/") from None
    if "\\u0000" in plain:
        raise BecknError(INVALID_REQUEST, "The body contains a NUL character.", "/")
    if not isinstance(message, dict):
        raise BecknError(INVALID_REQUEST, "The body is not a JSON object.", "/")
    if _depth(message) > MAX_DEPTH:
        raise BecknError(INVALID_REQUEST, f"The body is nested deeper than {MAX_DEPTH} levels.", "/")
    return message


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _depth(value: Any) -> int:
    """Levels of nesting, counted without recursion."""
    level, layer = 0, [value]
    while layer:
        level += 1
        layer = [
            child
            for node in layer
            for child in (node.values() if isinstance(node, dict) else node if isinstance(node, list) else ())
        ]
        if level > MAX_DEPTH:
            break
    return level


def check_context(context: dict[str, Any], action: str, sender: Subscriber) -> None:
    """The context agrees with the path, the signer, our identity, our domains and the clock. Raises `BecknError`."""
    _expect(context["action"] == action, "action", f"The action is {context['action']!r}, the path says {action!r}.")
    version = context["version"]
    _expect(version == "1.1.0" or version.startswith("1.1."), "version", "Only Beckn version 1.1.0 is spoken here.")
    if context["domain"] not in settings.BECKN_DOMAINS:
        served = ", ".join(settings.BECKN_DOMAINS)
        raise BecknError(ACTION_NOT_APPLICABLE, f"This provider serves the domain {served}.", "/context/domain")
    if context["bap_id"] != sender.subscriber_id:
        raise NotAuthenticated("the signer is not context.bap_id")
    _expect(
        urlsplit(context["bap_uri"]).hostname == urlsplit(sender.url).hostname,
        "bap_uri",
        "The host of bap_uri is not the one that is registered.",
    )
    bpp_id = context.get("bpp_id")
    _expect(bpp_id in (None, settings.BECKN_SUBSCRIBER_ID), "bpp_id", "bpp_id is not this provider's id.")
    if settings.BECKN_STRICT_IDS:
        for name in ("transaction_id", "message_id"):
            _expect(bool(UUID.fullmatch(context[name])), name, f"{name} is not a UUID.")
    check_freshness(context, timezone.now())


def check_freshness(context: dict[str, Any], now: datetime) -> None:
    """Not from the future, not past its ttl (ten minutes where none is given), each within the skew."""
    sent = parse_datetime(context["timestamp"])
    _expect(sent is not None and timezone.is_aware(sent), "timestamp", "The timestamp is not RFC 3339 with a zone.")
    skew = timedelta(seconds=settings.BECKN_TIMESTAMP_SKEW)
    clocks = f": it says {context['timestamp'][:40]}, our clock says {now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}."
    _expect(sent <= now + skew, "timestamp", f"The timestamp lies in the future{clocks}")  # type: ignore[operator]
    _expect(sent + read_ttl(context) + skew >= now, "timestamp", f"The message is older than its ttl{clocks}")  # type: ignore[operator]


def read_ttl(context: dict[str, Any]) -> timedelta:
    """How long the message holds. Months and years, which have no fixed length, count as LONGEST_TTL, the most."""
    try:
        ttl = parse_duration(context.get("ttl") or DEFAULT_TTL)
    except OverflowError:
        ttl = None
    return LONGEST_TTL if ttl is None else min(ttl, LONGEST_TTL)


def check_category(intent: dict[str, Any]) -> None:
    """A search that names another category than ours is not ours to answer."""
    category = intent.get("category") or {}
    descriptor = category.get("descriptor") or {}
    named = descriptor.get("code") or descriptor.get("name")
    if named and read("category", named) is None:
        message = "Only the category ELECTRICITY_CONNECTION is offered here."
        raise BecknError(CATEGORY_NOT_FOUND, message, "/message/intent/category/descriptor/code")


def _expect(holds: bool, field: str, message: str) -> None:
    if not holds:
        raise BecknError(INVALID_REQUEST, message, f"/context/{field}")
