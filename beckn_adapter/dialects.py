"""The same registry in four dialects (PROTOCOL: section d.1): where it is asked, how it signs, what it calls things.

| dialect | look-up | subscription |
|---|---|---|
| `core` | `/lookup`, signed | the specification's names and a nonce; an API key as `Bearer` |
| `succinct` | `/lookup` | `subscriber_url`, `unique_key_id`; with an API key the first goes to `/register` |
| `protocol-server` | `/lookup` | as `succinct`, the key id as `ukId` too |
| `ondc` | `/v2.0/lookup`, signed | nested in `message.entity`, keys as DER |
"""

import base64
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from beckn_adapter.signing import SPKI

KEY_ID_NAMES = ("key_id", "unique_key_id", "ukId", "pub_key_id")
Json = dict[str, Any]


@dataclass(frozen=True)
class Subscription:
    """What the registry shall know of one of our keys in one domain. Public keys are base64 of 32 bytes."""

    subscriber_id: str
    url: str
    domain: str
    key_id: str
    signing_public_key: str
    encr_public_key: str
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True)
class Dialect:
    """How one kind of registry is spoken to."""

    shape: Callable[[Subscription], Json]
    lookup_path: str = "/lookup"
    signs_lookups: bool = False
    subscribe_path: str = "/subscribe"
    register_path: str = "/subscribe"
    api_key_header: tuple[str, str] = ("ApiKey", "{}")


def question(subscriber_id: str, key_id: str) -> Json:
    """A look-up that every dialect understands: the key id under every name that registries have for it."""
    return {"subscriber_id": subscriber_id, **(dict.fromkeys(KEY_ID_NAMES, key_id) if key_id else {})}


def core(wanted: Subscription) -> Json:
    """The registry specification's own Subscription with its nonce."""
    return {
        "subscriber_id": wanted.subscriber_id,
        "url": wanted.url,
        "type": "BPP",
        "domain": wanted.domain,
        "key_id": wanted.key_id,
        **_keys(wanted),
        "nonce": str(uuid.uuid4()),
    }


def succinct(wanted: Subscription) -> Json:
    """The registry of the ONIX installer: `subscriber_url` and `unique_key_id`."""
    return {
        "subscriber_id": wanted.subscriber_id,
        "subscriber_url": wanted.url,
        "type": "BPP",
        "domain": wanted.domain,
        "unique_key_id": wanted.key_id,
        "pub_key_id": wanted.key_id,
        **_keys(wanted),
        "nonce": str(uuid.uuid4()),
    }


def protocol_server(wanted: Subscription) -> Json:
    """What a protocol-server's look-up expects to find again: `ukId` beside the rest."""
    return {**succinct(wanted), "ukId": wanted.key_id}


def ondc(wanted: Subscription) -> Json:
    """ONDC's onboarding of a seller (`ops_no` 2). What its portal knows of the company is not repeated here."""
    der = base64.b64encode(SPKI["x25519"] + base64.b64decode(wanted.encr_public_key)).decode()
    return {
        "context": {"operation": {"ops_no": 2}},
        "message": {
            "request_id": str(uuid.uuid4()),
            "timestamp": iso(datetime.now(UTC)),
            "entity": {
                "subscriber_id": wanted.subscriber_id,
                "unique_key_id": wanted.key_id,
                "callback_url": "/",
                "key_pair": {
                    "signing_public_key": wanted.signing_public_key,
                    "encryption_public_key": der,
                    "valid_from": iso(wanted.valid_from),
                    "valid_until": iso(wanted.valid_until),
                },
            },
            "network_participant": [
                {"subscriber_url": wanted.url, "domain": wanted.domain, "type": "sellerApp", "msn": False}
            ],
        },
    }


def _keys(wanted: Subscription) -> Json:
    return {
        "signing_public_key": wanted.signing_public_key,
        "encr_public_key": wanted.encr_public_key,
        "valid_from": iso(wanted.valid_from),
        "valid_until": iso(wanted.valid_until),
    }


def iso(moment: datetime) -> str:
    """RFC 3339, UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


DIALECTS = {
    "core": Dialect(core, signs_lookups=True, api_key_header=("Authorization", "Bearer {}")),
    "succinct": Dialect(succinct, register_path="/register"),
    "protocol-server": Dialect(protocol_server, register_path="/register"),
    "ondc": Dialect(ondc, lookup_path="/v2.0/lookup", signs_lookups=True),
}
