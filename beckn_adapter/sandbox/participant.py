"""A participant of the network: who it is, its keys, and how it signs, registers and posts."""

import base64
import json
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import requests
from nacl.public import PrivateKey
from nacl.signing import SigningKey

from beckn_adapter import signing

SIGNATURE_SECONDS = 600  # BECKN-006: as long as the message's ttl, PT10M
VALID_FOR = timedelta(days=365)
TIMEOUT = (2, 10)  # seconds to connect, to answer
_local = threading.local()
ACK = {"message": {"ack": {"status": "ACK"}}}


def nack(code: str, message: str) -> dict[str, Any]:
    return {"message": {"ack": {"status": "NACK"}}, "error": {"code": code, "message": message}}


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def iso(moment: datetime) -> str:
    """RFC 3339, UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class Participant:
    """`type` is BAP (buyer app), BPP (provider platform) or BG (gateway). Fresh keys unless given."""

    subscriber_id: str
    url: str
    type: str
    key_id: str = "k1"
    domain: str = "service"
    signing_key: SigningKey = field(default_factory=SigningKey.generate, repr=False)
    encryption_key: PrivateKey = field(default_factory=PrivateKey.generate, repr=False)

    def sign(self, body: bytes, *, created: int | None = None, lifetime: int = SIGNATURE_SECONDS) -> str:
        """The value of an `Authorization` or gateway header over these bytes."""
        moment = int(time.time()) if created is None else created
        return signing.authorization(
            body,
            subscriber_id=self.subscriber_id,
            key_id=self.key_id,
            key=self.signing_key,
            created=moment,
            expires=moment + lifetime,
        )

    def record(self) -> dict[str, Any]:
        """What the registry shall know of us."""
        now = datetime.now(UTC)
        return {
            "subscriber_id": self.subscriber_id,
            "url": self.url,
            "type": self.type,
            "domain": self.domain,
            "key_id": self.key_id,
            "signing_public_key": b64(bytes(self.signing_key.verify_key)),
            "encr_public_key": b64(bytes(self.encryption_key.public_key)),
            "valid_from": iso(now - timedelta(hours=1)),
            "valid_until": iso(now + VALID_FOR),
            "status": "SUBSCRIBED",
        }

    def subscribe(self, registry_url: str, **changes: Any) -> None:
        """Enter or replace our record at the sandbox's registry. Raises `requests.RequestException`."""
        post(f"{registry_url}/subscribe", json.dumps({**self.record(), **changes}).encode()).raise_for_status()


class Answer(NamedTuple):
    """An HTTP answer: status, the JSON in it (`{}` where there is none), and the address that was asked."""

    status: int
    json: Any
    url: str

    @property
    def acknowledged(self) -> bool:
        return self.status in (200, 202) and acknowledgement(self.json) == "ACK"

    def raise_for_status(self) -> None:
        if self.status >= 400:
            raise requests.HTTPError(f"{self.url} answered {self.status}: {json.dumps(self.json)[:300]}")


def acknowledgement(reply: Any) -> str:
    """ACK, NACK or "" for a reply that says neither."""
    try:
        return str(reply["message"]["ack"]["status"])
    except (KeyError, TypeError):
        return ""


def post(url: str, body: bytes, headers: dict[str, str] | None = None) -> Answer:
    """POST JSON bytes as they are. No proxies, no redirects. Raises `requests.RequestException`."""
    reply = _session().post(
        url,
        data=body,
        headers={"Content-Type": "application/json", "Accept": "application/json", **(headers or {})},
        timeout=TIMEOUT,
        allow_redirects=False,
    )
    try:
        return Answer(reply.status_code, reply.json(), url)
    except ValueError:
        return Answer(reply.status_code, {}, url)


def _session() -> requests.Session:
    """One kept-alive session a thread: a session is not made to be shared."""
    if not hasattr(_local, "session"):
        _local.session = requests.Session()
        _local.session.trust_env = False
    session: requests.Session = _local.session
    return session
