"""Who is calling, is it fresh, is it for us? Everything that is checked before a message is stored.

In order: header syntax, key, signature over the raw bytes, times, algorithm, standing, gateway; then JSON, signer,
context, shape. Nothing of an unauthenticated message is looked at, so it can not use up a message_id. One key look-up
(cached) is the only I/O. The handlers judge what a message means, in the worker.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_datetime, parse_duration

from beckn_adapter import beside, limits, signing, trail
from beckn_adapter.caller import Caller
from beckn_adapter.errors import ACTION_NOT_APPLICABLE, CATEGORY_NOT_FOUND, INVALID_REQUEST, BecknError
from beckn_adapter.registry import Subscriber, registry
from beckn_adapter.schema import check_envelope, check_shape
from beckn_adapter.strict_json import parse
from beckn_adapter.translate.context import DEFAULT_TTL
from beckn_adapter.translate.taxonomy import read

ORDERING = ("search", "select", "init", "confirm")
AFTERWARDS = ("status", "track", "cancel", "update", "rating", "support")
META = ("get_cancellation_reasons", "get_rating_categories")
ACTIONS = (*ORDERING, *AFTERWARDS, *META)
LONGEST_TTL = timedelta(days=30)
VERSION = re.compile(r"1\.1\.[0-9]{1,3}")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
GATEWAY_HEADERS = ("X-Gateway-Authorization", "Proxy-Authorization")


class NotAuthenticated(Exception):
    """The caller is not who it says. `challenge` is the header to answer with (BECKN-006), `reason` one word to count
    by, `path` where in the message the lie stands."""

    def __init__(
        self, sentence: str, *, reason: str = "header", path: str = "/", challenge: str = "WWW-Authenticate"
    ) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.path = path
        self.challenge = challenge


@dataclass(frozen=True)
class Admitted:
    """A message that passed: parsed, and by whom."""

    message: dict[str, Any]
    sender: Subscriber | None  # None where an adapter vouches for it
    signature: str
    digest: str  # of its bytes
    via: str = ""

    @property
    def context(self) -> dict[str, Any]:
        return self.message["context"]


def admit(caller: Caller, body: bytes, headers: Any) -> Admitted:
    """Raises `NotAuthenticated` (401), `BecknError` (NACK), `TooMany` (429) or `RegistryDown` (401)."""
    if beside.is_used():
        return _admit_vouched(caller, body, headers)
    header, hashed = headers.get("Authorization", ""), signing.hashed(body)
    sender = authenticate(hashed, header, kind="BAP", caller=caller)
    limits.check_subscriber(caller)
    via = _check_gateways(caller, hashed, headers)
    message = parse(body)
    _check_signer(message, sender)
    check_envelope(message)
    trail.follow(message["context"])
    _check_message(message, caller.action, sender)
    return Admitted(message, sender, header, signing.digest(hashed), via)


def _admit_vouched(caller: Caller, body: bytes, headers: Any) -> Admitted:
    """From the adapter beside us, which has verified who sent it (beside.py). Raises as `admit` does."""
    if not beside.is_it(caller, headers):
        sentence = "only the adapter of this platform may bring messages here, and this is not its address"
        raise NotAuthenticated(sentence, reason="adapter")
    message = parse(body)
    check_envelope(message)
    caller.subscriber_id, caller.proven = message["context"]["bap_id"], True
    limits.check_subscriber(caller)
    trail.follow(message["context"])
    _check_message(message, caller.action, None)
    return Admitted(message, None, "", signing.digest(body))


def _check_message(message: dict[str, Any], action: str, sender: Subscriber | None) -> None:
    check_context(message["context"], action, sender)
    check_shape(action, message)
    if action == "search":
        check_category(message["message"].get("intent") or {})


def authenticate(body: signing.Body, header: str, *, kind: str, caller: Caller) -> Subscriber:
    """The registered subscriber of type `kind` who signed these bytes, now; written down in `caller`.

    Raises `NotAuthenticated`, `TooMany` or `RegistryDown`.
    """
    try:
        signature = _read_header(header)
        caller.subscriber_id, caller.key_id = signature.subscriber_id, signature.key_id
        limits.check_stranger(caller)
        subscriber = _find_signer(body, signature, kind, caller)
    except NotAuthenticated:
        limits.note_failure(caller)
        raise
    caller.proven = True
    limits.note_success(caller)
    return subscriber


def _read_header(header: str) -> signing.Signature:
    if not header:
        raise NotAuthenticated("the Authorization header is missing")
    try:
        return signing.parse(header)
    except signing.BadSignature as problem:
        raise NotAuthenticated(str(problem)) from None


def _find_signer(body: signing.Body, signature: signing.Signature, kind: str, caller: Caller) -> Subscriber:
    """Judge by what the registry said of this key; if that fails ask it once more, for key or standing may be new."""
    name = (signature.subscriber_id, signature.key_id)
    try:
        return _judge(body, signature, kind, registry.find(*name, asker=caller.neighbourhood))
    except NotAuthenticated as problem:
        if problem.reason not in ("signature", "standing"):
            raise
    return _judge(body, signature, kind, registry.refresh(*name))


def _judge(body: signing.Body, signature: signing.Signature, kind: str, found: list[Subscriber]) -> Subscriber:
    """In this order: key, signature over the raw bytes, times, algorithm, standing."""
    if not found:
        raise NotAuthenticated(f"no valid {kind} key is registered under this keyId", reason="key")
    signers = [subscriber for subscriber in found if _fits(body, signature, subscriber)]
    if not signers:
        _check_signature(signing.check_algorithm, "algorithm", signature)
        raise NotAuthenticated("the signature does not fit the body and the key", reason="signature")
    now = timezone.now()
    _check_signature(signing.check_times, "times", signature, now=now.timestamp(), skew=settings.BECKN_CLOCK_SKEW)
    _check_signature(signing.check_algorithm, "algorithm", signature)
    doubts = [what_is_wrong(subscriber, kind, now) for subscriber in signers]
    if all(doubts):
        raise NotAuthenticated(doubts[0], reason="standing")
    return signers[doubts.index("")]


def _fits(body: signing.Body, signature: signing.Signature, subscriber: Subscriber) -> bool:
    try:
        signing.verify(body, signature, subscriber.key)
    except signing.BadSignature:
        return False
    return True


def _check_signature(check: Callable[..., None], reason: str, signature: signing.Signature, **how: Any) -> None:
    try:
        check(signature, **how)
    except signing.BadSignature as problem:
        raise NotAuthenticated(str(problem), reason=reason) from None


def what_is_wrong(subscriber: Subscriber, kind: str, now: datetime) -> str:
    """Why this subscriber may not sign here as a `kind`; "" if it may. A gateway serves every domain."""
    if subscriber.type != kind:
        return f"the key is registered for a {subscriber.type or 'nobody'}, not for a {kind}"
    if subscriber.status != "SUBSCRIBED":
        return f"the registry says {subscriber.status or 'nothing'} of this subscriber, not SUBSCRIBED"
    if not subscriber.is_current(now):
        return "the key is not valid at this time, says the registry"
    if kind != "BG" and subscriber.domain and subscriber.domain not in settings.BECKN_DOMAINS:
        return f"the key is registered for the domain {subscriber.domain}, which is not served here"
    return ""


def _check_gateways(caller: Caller, body: signing.Body, headers: Any) -> str:
    """Every gateway signature that is there must hold. Gateways forward searches, so only a search can need one."""
    via = ""
    try:
        for name in GATEWAY_HEADERS:
            if headers.get(name):
                gateway = Caller(caller.address, caller.action)
                via = authenticate(body, headers[name], kind="BG", caller=gateway).subscriber_id
        if settings.BECKN_REQUIRE_GATEWAY and caller.action == "search" and not via:
            raise NotAuthenticated("a search must come through a gateway of this network")
    except NotAuthenticated as problem:
        raise NotAuthenticated(f"gateway: {problem}", reason="gateway", challenge="Proxy-Authenticate") from None
    return via


def _check_signer(message: dict[str, Any], sender: Subscriber) -> None:
    context = message.get("context")
    claimed = context.get("bap_id") if isinstance(context, dict) else None
    if isinstance(claimed, str) and claimed != sender.subscriber_id:
        raise NotAuthenticated("the signer is not context.bap_id", reason="identity", path="/context/bap_id")


def check_context(context: dict[str, Any], action: str, sender: Subscriber | None) -> None:
    """The context agrees with the path, the signer, our identity, our domains and the clock. Raises `BecknError`."""
    named = context["action"]
    if named != action:
        raise _odd("action", f"The action is {named[:40]!r}, the path says {action!r}.")
    if not VERSION.fullmatch(context["version"]):
        raise _odd("version", "Only Beckn version 1.1.0 is spoken here.")
    if context["domain"] not in settings.BECKN_DOMAINS:
        served = ", ".join(settings.BECKN_DOMAINS)
        sentence = f"This provider serves the domain {served}."
        raise BecknError(ACTION_NOT_APPLICABLE, sentence, "/context/domain", reason="context")
    if sender:
        _check_callback_address(context["bap_uri"], sender)
    if context.get("bpp_id") not in (None, settings.BECKN_SUBSCRIBER_ID):
        raise _odd("bpp_id", "bpp_id is not this provider's id.")
    if settings.BECKN_STRICT_IDS:
        for name in ("transaction_id", "message_id"):
            if not UUID.fullmatch(context[name]):
                raise _odd(name, f"{name} is not a UUID.")
    check_freshness(context, timezone.now())


def _check_callback_address(bap_uri: str, sender: Subscriber) -> None:
    """Callbacks go to the registered host only, and over https: what can never be called back is not acknowledged."""
    if not _leads_to(bap_uri, sender.url):
        raise _odd("bap_uri", "The host of bap_uri is not the one that is registered.")
    if not settings.BECKN_ALLOW_PRIVATE_CALLBACKS and urlsplit(bap_uri).scheme != "https":
        raise _odd("bap_uri", "Callbacks go to https addresses only.")


@lru_cache(maxsize=1024)
def _leads_to(bap_uri: str, registered: str) -> bool:
    """Whether both name the same host. Remembered: a buyer app gives the same address each time."""
    try:
        address, host = urlsplit(bap_uri), urlsplit(registered).hostname
        return bool(host) and address.hostname == host and address.port != 0
    except ValueError:
        return False


def check_freshness(context: dict[str, Any], now: datetime) -> None:
    """Not from the future, not past its ttl (ten minutes where none is given), each within the skew."""
    sent = _read_timestamp(context["timestamp"])
    skew = timedelta(seconds=settings.BECKN_TIMESTAMP_SKEW)
    if sent > now + skew:
        wrong = "The timestamp lies in the future"
    elif sent + read_ttl(context) + skew < now:
        wrong = "The message is older than its ttl"
    else:
        return
    clocks = f": it says {context['timestamp'][:40]}, our clock says {now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}."
    raise _odd("timestamp", f"{wrong}{clocks}")


def _read_timestamp(text: str) -> datetime:
    try:
        moment = parse_datetime(text.upper())  # RFC 3339 allows t and z
        if moment is not None and timezone.is_aware(moment):
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):  # a year that has no UTC
        pass
    raise BecknError(
        INVALID_REQUEST, "The timestamp is not RFC 3339 with a zone.", "/context/timestamp", reason="context"
    )


def read_ttl(context: dict[str, Any]) -> timedelta:
    """How long the message holds. Months and years, which have no fixed length, count as LONGEST_TTL, the most."""
    return _duration(context.get("ttl") or DEFAULT_TTL)


@lru_cache(maxsize=256)
def _duration(text: str) -> timedelta:
    try:
        ttl = parse_duration(text)
    except (ValueError, OverflowError):
        ttl = None
    return LONGEST_TTL if ttl is None else min(ttl, LONGEST_TTL)


def check_category(intent: dict[str, Any]) -> None:
    """A search that names another category than ours is not ours to answer."""
    category = intent.get("category") or {}
    descriptor = category.get("descriptor") or {}
    named = descriptor.get("code") or descriptor.get("name")
    if named and read("category", named) is None:
        message = "Only the category ELECTRICITY_CONNECTION is offered here."
        path = "/message/intent/category/descriptor/code"
        raise BecknError(CATEGORY_NOT_FOUND, message, path, reason="category")


def _odd(field: str, sentence: str) -> BecknError:
    return BecknError(INVALID_REQUEST, sentence, f"/context/{field}", reason="context")
