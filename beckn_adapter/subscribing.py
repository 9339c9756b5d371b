"""Our keys in the registry: published before they sign, retired when nothing that they signed is still on its way.

Every step looks first at what the registry has, so it may be repeated (PROTOCOL: sections d.2 and d.3).
"""

import json
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from beckn_adapter import keys
from beckn_adapter.dialects import Subscription, iso
from beckn_adapter.registry_client import Client, dialect, sign
from beckn_adapter.signing import BadKey, read_public_key
from beckn_adapter.subscriber import Subscriber

PATIENCE = 10.0  # seconds for a registry to take a subscription
SUBSCRIBED = "SUBSCRIBED"


@dataclass(frozen=True)
class Outcome:
    """What came of one step, in words for the operator."""

    good: bool
    words: str


def registered(client: Client, key_id: str, domain: str) -> Subscriber | None:
    """The registry's record of one of our keys as a provider platform. Raises `RegistryDown`."""
    found = client.find(settings.BECKN_SUBSCRIBER_ID, key_id)
    return next((one for one in found if one.type == "BPP" and one.domain in ("", domain)), None)


def publish(client: Client, pairs: keys.KeyPairs, domain: str, *, valid_for: timedelta, wait: float) -> Outcome:
    """Subscribe one key in one domain unless it is, and wait (seconds) for the registry to have asked its challenge.

    Signed by the other key where that one is known already, else by this one. Raises `RegistryDown`.
    """
    record = registered(client, pairs.key_id, domain)
    if record and record.key != pairs.signing.verify_key:
        words = "the registry has another signing key under this id; make one with a new id, for keys never change"
        return Outcome(False, words)
    if record and record.status == SUBSCRIBED and record.url == settings.BECKN_SUBSCRIBER_URI:
        return _as_it_is(record)
    now = timezone.now()
    wanted = _subscription(pairs.key_id, pairs.signing_public, pairs.encryption_public, domain, now, now + valid_for)
    refusal = _send(client, wanted, _signer(client, pairs, domain))
    return Outcome(False, refusal) if refusal else _await(client, pairs.key_id, domain, wait)


def _as_it_is(record: Subscriber) -> Outcome:
    """What the registry has of a key that it took in once. A key's time is not made longer: another one takes over."""
    now = timezone.now()
    ends = f"until {iso(record.valid_until)}" if record.valid_until else "without an end"
    if record.is_current(now):
        return Outcome(True, f"is {SUBSCRIBED} {ends}; nothing sent")
    if record.valid_until and record.valid_until <= now:
        return Outcome(False, f"was {SUBSCRIBED} {ends}; nothing sent. Rotate: docs/keys.md")
    begins = iso(record.valid_from) if record.valid_from else "a later time"
    return Outcome(False, f"is {SUBSCRIBED} from {begins} on; nothing sent")


def retire(client: Client, key_id: str, domain: str) -> Outcome:
    """End a key that no process signs with any more, as soon as its last signature has expired everywhere.

    Raises `RegistryDown`, `BadKey`.
    """
    if key_id == settings.BECKN_KEY_ID:
        return Outcome(False, "this is the key that signs; switch to another first")
    record, ours = registered(client, key_id, domain), registered(client, settings.BECKN_KEY_ID, domain)
    if record is None:
        return Outcome(False, "the registry knows no such key of ours")
    if ours is None or ours.status != SUBSCRIBED or not ours.is_current(timezone.now()):
        return Outcome(False, f"kept, for {settings.BECKN_KEY_ID}, which signs now, is not {SUBSCRIBED}")
    end = timezone.now() + last_word()
    if record.valid_until and record.valid_until <= end:
        return Outcome(True, f"ends at {iso(record.valid_until)} as it is; nothing sent")
    encryption = keys.b64(read_public_key(record.encryption_key, keys.X25519)) if record.encryption_key else ""
    begin = record.valid_from or timezone.now()
    wanted = _subscription(key_id, keys.b64(bytes(record.key)), encryption, domain, begin, end)
    refusal = _send(client, wanted, keys.first())
    return Outcome(not refusal, refusal or f"ends at {iso(end)}, when the last signature that it made has expired")


def last_word() -> timedelta:
    """How long a signature made now can still be verified by somebody whose clock is late."""
    return timedelta(seconds=settings.BECKN_SIGNATURE_TTL + settings.BECKN_CLOCK_SKEW)


def _subscription(
    key_id: str, signing_public: str, encryption_public: str, domain: str, begin: datetime, end: datetime
) -> Subscription:
    return Subscription(
        settings.BECKN_SUBSCRIBER_ID,
        settings.BECKN_SUBSCRIBER_URI,
        domain,
        key_id,
        signing_public,
        encryption_public,
        begin,
        end,
    )


def _signer(client: Client, pairs: keys.KeyPairs, domain: str) -> keys.KeyPairs:
    """Who vouches for a key: another one of ours that the registry knows, else the key itself."""
    now = timezone.now()
    for other in keys.ours():
        record = registered(client, other.key_id, domain) if other.key_id != pairs.key_id else None
        if record and record.status == SUBSCRIBED and record.is_current(now):
            return other
    return pairs


def _send(client: Client, wanted: Subscription, signer: keys.KeyPairs) -> str:
    """Post it in the registry's dialect; returns why it was refused, or nothing. Raises `RegistryDown`."""
    spoken, body = dialect(), json.dumps(dialect().shape(wanted)).encode()
    path, headers = spoken.subscribe_path, {"Authorization": sign(body, signer)}
    if settings.BECKN_REGISTRY_API_KEY and signer.key_id == wanted.key_id:  # nobody there vouches for us yet
        name, pattern = spoken.api_key_header
        path, headers = spoken.register_path, {**headers, name: pattern.format(settings.BECKN_REGISTRY_API_KEY)}
    said = client.post(path, body, headers, PATIENCE)
    if said.status in range(200, 300) and not _is_nack(said.content):
        return ""
    return f"the registry refused with {said.status}: {json.dumps(said.content)[:300]}"


def _is_nack(content: object) -> bool:
    """Some registries refuse with 200 and a NACK inside."""
    message = content.get("message") if isinstance(content, dict) else None
    ack = message.get("ack") if isinstance(message, dict) else None
    return isinstance(ack, dict) and ack.get("status") == "NACK"


def _await(client: Client, key_id: str, domain: str, wait: float) -> Outcome:
    """The registry calls on_subscribe in its own time."""
    until, status = time.monotonic() + wait, "not listed"
    while True:
        record = registered(client, key_id, domain)
        status = record.status if record else status
        if status == SUBSCRIBED or time.monotonic() > until:
            good = status == SUBSCRIBED
            hint = "" if good else "; does the registry reach /on_subscribe, and does it hold these keys?"
            return Outcome(good, f"sent, and the registry says {status}{hint}")
        time.sleep(0.2)


def must_have_keys() -> list[keys.KeyPairs]:
    """Ours, each able to answer a challenge. Raises `BadKey`."""
    ours = keys.ours()
    for pairs in ours:
        if settings.BECKN_CHALLENGE_MODE == "decrypt" and not pairs.encryption:
            raise BadKey(f"{pairs.name}_ENCRYPTION_KEY is not set, so the challenge could not be answered")
    return ours
