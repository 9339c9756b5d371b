"""Who is who on the network: subscriber records from the registry, read in every dialect, cached.

Sources: PROTOCOL section d (four dialects), d.3 (caching), c (key encodings).
"""

import logging
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests
from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from nacl.signing import VerifyKey

from beckn_adapter.signing import BadKey, read_public_key

log = logging.getLogger(__name__)
TIMEOUT = (2, 3)  # seconds to connect, to answer
NEGATIVE_SECONDS = 10  # how long "no such key" is believed


class RegistryDown(Exception):
    """The registry did not answer, or not with what a registry answers."""


@dataclass(frozen=True)
class Subscriber:
    """One registered key of one participant."""

    subscriber_id: str
    key_id: str
    type: str
    url: str
    domain: str
    status: str
    key: VerifyKey
    valid_from: datetime | None
    valid_until: datetime | None

    def is_current(self, now: datetime) -> bool:
        started = self.valid_from is None or self.valid_from <= now
        return started and (self.valid_until is None or now <= self.valid_until)


@dataclass
class _Entry:
    subscribers: list[Subscriber]
    fetched_at: float


class Registry:
    """A look-up with a memory: fresh for BECKN_KEY_CACHE_SECONDS, stale while it is down, negative briefly."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], _Entry] = {}
        self._lock = threading.Lock()
        self._session = requests.Session()
        self._session.trust_env = False

    def find(self, subscriber_id: str, key_id: str, *, refresh: bool = False) -> list[Subscriber]:
        """Every usable record of this key; none when the registry knows none. Raises `RegistryDown`."""
        name = (subscriber_id, key_id)
        entry = self._entries.get(name)
        if entry and not refresh and self._age(entry) < self._lifetime(entry):
            return entry.subscribers
        with self._lock:  # one look-up at a time: a flood of new messages asks once
            entry = self._entries.get(name)
            if entry and self._age(entry) < (1 if refresh else self._lifetime(entry)):
                return entry.subscribers
            return self._fetch(name, entry)

    def forget(self) -> None:
        self._entries.clear()

    def _fetch(self, name: tuple[str, str], old: _Entry | None) -> list[Subscriber]:
        try:
            found = self._ask(*name)
        except (requests.RequestException, ValueError) as problem:
            if old and old.subscribers and self._age(old) < settings.BECKN_KEY_STALE_SECONDS:
                log.warning("registry down (%s): a known key of %s is used on", type(problem).__name__, name[0])
                return old.subscribers
            raise RegistryDown(f"the registry does not answer ({type(problem).__name__})") from problem
        self._entries[name] = _Entry(found, time.monotonic())
        return found

    def _ask(self, subscriber_id: str, key_id: str) -> list[Subscriber]:
        if not settings.BECKN_REGISTRY_URL:
            raise ValueError("BECKN_REGISTRY_URL is not set")
        names = dict.fromkeys(("key_id", "unique_key_id", "ukId", "pub_key_id"), key_id) if key_id else {}
        reply = self._session.post(
            f"{settings.BECKN_REGISTRY_URL}/lookup",
            json={"subscriber_id": subscriber_id, **names},
            timeout=TIMEOUT,
            allow_redirects=False,
        )
        reply.raise_for_status()
        records = reply.json()
        if not isinstance(records, list):
            raise ValueError("the registry's answer is not a list")
        return [
            subscriber
            for subscriber in map(read_record, records)
            if subscriber and subscriber.subscriber_id == subscriber_id and (not key_id or subscriber.key_id == key_id)
        ]

    @staticmethod
    def _age(entry: _Entry) -> float:
        return time.monotonic() - entry.fetched_at

    @staticmethod
    def _lifetime(entry: _Entry) -> float:
        return settings.BECKN_KEY_CACHE_SECONDS if entry.subscribers else NEGATIVE_SECONDS


def read_record(record: Any) -> Subscriber | None:
    """A registry's record in any dialect; None for one that can not be used (no readable signing key)."""
    if not isinstance(record, dict):
        return None

    def field(*names: str) -> str:
        return str(next((record[name] for name in names if record.get(name)), ""))

    try:
        key = VerifyKey(read_public_key(field("signing_public_key")))
    except (BadKey, ValueError) as problem:
        log.warning("the registry's key for %s can not be used: %s", field("subscriber_id"), problem)
        return None
    return Subscriber(
        subscriber_id=field("subscriber_id"),
        key_id=field("key_id", "unique_key_id", "ukId", "pub_key_id"),
        type=field("type").upper(),
        url=field("url", "subscriber_url").rstrip("/"),
        domain=field("domain"),
        status=field("status").upper(),
        key=key,
        valid_from=_moment(field("valid_from")),
        valid_until=_moment(field("valid_until")),
    )


def _moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    if moment and timezone.is_naive(moment):
        return timezone.make_aware(moment, timezone.get_default_timezone())
    return moment


registry = Registry()
