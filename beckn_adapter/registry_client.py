"""The one client for registries: asks and subscribes in the settings' dialect, each call within a total time.

`requests` alone can be held for ever by a server that drips bytes, so calls run in threads of their own and the caller
waits no longer than it said.
"""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from django.conf import settings

from beckn_adapter import keys, signing
from beckn_adapter.dialects import DIALECTS, Dialect, Json, question
from beckn_adapter.subscriber import Subscriber, read_record

PATIENCE = 2.0  # seconds for one look-up, all in: a buyer app waits for its ACK meanwhile
MOST_BYTES = 1_000_000
NOT_KNOWN = (400, 404, 422)  # the registry is there and knows no such subscriber


class RegistryDown(Exception):
    """The registry did not answer, or not with what a registry answers."""


@dataclass(frozen=True)
class Answer:
    """What a registry said. `ahead` is by how many seconds its clock is ahead of ours, None if it does not say."""

    status: int
    content: Any
    ahead: float | None


class Client:
    """Safe to share between threads. No proxies, no redirects."""

    def __init__(self, at_once: int = 8) -> None:
        self._session = requests.Session()
        self._session.trust_env = False
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="registry")

    def find(self, subscriber_id: str, key_id: str) -> list[Subscriber]:
        """Every usable record of this key, or of all keys where none is named. Raises `RegistryDown`."""
        return self.look_up(subscriber_id, key_id)[0]

    def look_up(self, subscriber_id: str, key_id: str) -> tuple[list[Subscriber], Answer]:
        """The records and the answer that they stood in. Raises `RegistryDown`."""
        body = json.dumps(question(subscriber_id, key_id)).encode()
        said = self.post(dialect().lookup_path, body, _signed(body) if dialect().signs_lookups else {})
        if said.status in NOT_KNOWN:
            return [], said
        if said.status not in range(200, 300) or not isinstance(said.content, list):
            raise RegistryDown(f"it answered {said.status} and no list of records")
        found = [
            subscriber
            for subscriber in map(read_record, said.content)
            if subscriber and subscriber.subscriber_id == subscriber_id and (not key_id or subscriber.key_id == key_id)
        ]
        return found, said

    def post(self, path: str, body: bytes, headers: dict[str, str], patience: float = PATIENCE) -> Answer:
        """POST JSON bytes to the registry. Raises `RegistryDown` with the reason in words."""
        if not settings.BECKN_REGISTRY_URL:
            raise RegistryDown("BECKN_REGISTRY_URL is not set")
        url, until = f"{settings.BECKN_REGISTRY_URL}{path}", time.monotonic() + patience
        asked = self._threads.submit(self._post, url, body, headers, until)
        try:
            return asked.result(patience)
        except (requests.RequestException, OSError, ValueError) as problem:
            asked.cancel()
            late = isinstance(problem, (TimeoutError, requests.Timeout))
            why = f"no answer within {patience:g} s" if late else type(problem).__name__
            raise RegistryDown(why) from problem

    def _post(self, url: str, body: bytes, headers: dict[str, str], until: float) -> Answer:
        plain = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "identity"}
        left = max(0.01, until - time.monotonic())
        with self._session.post(
            url, data=body, headers={**plain, **headers}, timeout=left, allow_redirects=False, stream=True
        ) as reply:
            text = b""
            while chunk := reply.raw.read1(65536):
                text += chunk
                if len(text) > MOST_BYTES or time.monotonic() > until:
                    raise requests.Timeout
        return Answer(reply.status_code, _read(text), _ahead(reply.headers.get("Date", "")))


def dialect() -> Dialect:
    """Raises `RegistryDown` on a name that nobody speaks: a system check says which there are."""
    try:
        return DIALECTS[settings.BECKN_REGISTRY_DIALECT]
    except KeyError:
        raise RegistryDown(f"BECKN_REGISTRY_DIALECT is {settings.BECKN_REGISTRY_DIALECT!r}") from None


def sign(body: bytes, pairs: keys.KeyPairs) -> str:
    """The `Authorization` of what we ourselves tell the registry."""
    now = int(time.time())
    return signing.authorization(
        body,
        subscriber_id=settings.BECKN_SUBSCRIBER_ID,
        key_id=pairs.key_id,
        key=pairs.signing,
        created=now,
        expires=now + settings.BECKN_SIGNATURE_TTL,
    )


def _signed(body: bytes) -> dict[str, str]:
    """Open registries do not look at the signature, so that one without a key may still ask them."""
    try:
        return {"Authorization": sign(body, keys.first())}
    except signing.BadKey:
        return {}


def _read(text: bytes) -> Json | list[Any] | None:
    try:
        read: Json | list[Any] | None = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return read


def _ahead(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp() - time.time()
    except ValueError:
        return None
