"""Who is who on the network: what the registry says of a key, remembered.

An answer is fresh for BECKN_KEY_CACHE_SECONDS, but not beyond the key's own validity; stale answers serve for
BECKN_KEY_STALE_SECONDS while the registry is down; "no such key" is believed briefly. A flood of made-up senders can
neither fill the memory nor keep the registry from those who are known (PROTOCOL: section d.3). How often anybody may
make us ask is no business of this module: each question about a stranger is first put to limits.py.
"""

import logging
import re
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from math import inf

from django.conf import settings
from django.utils import timezone

from beckn_adapter import limits
from beckn_adapter.registry_client import Client, RegistryDown
from beckn_adapter.subscriber import Subscriber

log = logging.getLogger(__name__)
NEGATIVE_SECONDS = 10  # how long "no such key" is believed
REFRESH_SECONDS = 5  # a key whose signatures do not fit is asked for again at most this often, whoever forges it
REFRESHES_AT_ONCE = 4  # asked or waited for; a forger who names one key in a flood holds no more threads than these
RETRY_SECONDS = 5  # after a failure the registry is left alone for so long
STRANGERS_AT_ONCE = 4  # look-ups of names never seen before; those of known senders always find a place
MOST_KNOWN, MOST_UNKNOWN = 10_000, 2_000
ASKABLE = re.compile(r"[\w.:/@%+~-]{1,255}")  # nothing else is worth a question
Name = tuple[str, str]


@dataclass
class _Entry:
    subscribers: list[Subscriber]
    fetched_at: float
    valid_for: float = inf  # seconds until the first of the keys ends


class Registry:
    """A look-up with a memory. One question at a time for each key; nobody waits for another's."""

    def __init__(self) -> None:
        self._client = Client()
        self._locks = [threading.Lock() for _ in range(64)]
        self._books = threading.Lock()  # of the tables; never held while the registry is asked
        self._strangers = threading.BoundedSemaphore(STRANGERS_AT_ONCE)
        self._refreshes = threading.BoundedSemaphore(REFRESHES_AT_ONCE)
        self.forget()

    def forget(self) -> None:
        self._entries: dict[Name, _Entry] = {}
        self._unknown: dict[Name, float] = {}
        self._down_since: datetime | None = None
        self._why, self._ask_again_at = "", 0.0

    def find(self, subscriber_id: str, key_id: str, *, asker: str = "") -> list[Subscriber]:
        """Every usable record of this key; none when the registry knows none.

        Raises `RegistryDown`, or `TooMany` where `asker`, the address that names it, may have no stranger looked up.
        """
        name = (subscriber_id, key_id)
        if not ASKABLE.fullmatch(subscriber_id) or not ASKABLE.fullmatch(key_id or "-"):
            return []
        known = self._remembered(name, refresh=False)
        return self._learn(name, asker, refresh=False) if known is None else known

    def refresh(self, subscriber_id: str, key_id: str) -> list[Subscriber]:
        """The same of a known key that does not fit, for it may have been changed under its id: asked for again, if
        that is not just done. Raises `RegistryDown`."""
        name = (subscriber_id, key_id)
        known = self._remembered(name, refresh=True)
        if known is not None:
            return known
        if not self._refreshes.acquire(blocking=False):
            return self.find(*name)
        try:
            return self._learn(name, "", refresh=True)
        finally:
            self._refreshes.release()

    def _learn(self, name: Name, asker: str, *, refresh: bool) -> list[Subscriber]:
        """Ask, or take the answer to the same question of somebody else."""
        entry, lock = self._entries.get(name), self._locks[hash(name) % len(self._locks)]
        if not lock.acquire(blocking=entry is None or refresh):
            return entry.subscribers if entry else []  # somebody else is asking; what is known serves meanwhile
        try:
            known = self._remembered(name, refresh)
            return self._ask(name, entry, asker) if known is None else known
        finally:
            lock.release()

    def trouble(self) -> str:
        """What is wrong with the registry, for the health page; empty when nothing is."""
        if self._down_since is None:
            return ""
        since = self._down_since.strftime("%Y-%m-%dT%H:%M:%SZ")
        return (
            f"does not answer since {since} ({self._why}); "
            f"keys that are known serve for {settings.BECKN_KEY_STALE_SECONDS} s, strangers are refused"
        )

    def _remembered(self, name: Name, refresh: bool) -> list[Subscriber] | None:
        """What is known and fresh enough; None if the registry must be asked."""
        now, entry = time.monotonic(), self._entries.get(name)
        if entry is None:
            asked_at = self._unknown.get(name)
            return None if asked_at is None or now - asked_at >= NEGATIVE_SECONDS else []
        fresh_for = REFRESH_SECONDS if refresh else min(settings.BECKN_KEY_CACHE_SECONDS, entry.valid_for)
        return entry.subscribers if now - entry.fetched_at < fresh_for else None

    def _ask(self, name: Name, old: _Entry | None, asker: str) -> list[Subscriber]:
        try:
            if time.monotonic() < self._ask_again_at:
                raise RegistryDown(self._why)
            found = self._client.find(*name) if old else self._ask_for_stranger(name, asker)
        except RegistryDown as problem:
            self._note_down(str(problem))
            if old and time.monotonic() - old.fetched_at < settings.BECKN_KEY_STALE_SECONDS:
                return old.subscribers
            raise RegistryDown(f"the registry does not answer ({problem})") from None
        self._note_up()
        self._remember(name, found)
        return found

    def _ask_for_stranger(self, name: Name, asker: str) -> list[Subscriber]:
        """Raises `TooMany` where too many unknown senders are named, or all at once."""
        limits.check_look_up(asker)
        if not self._strangers.acquire(timeout=0.5):
            raise limits.TooMany("Too many unknown senders at once.", 1)
        try:
            return self._client.find(*name)
        finally:
            self._strangers.release()

    def _remember(self, name: Name, found: list[Subscriber]) -> None:
        """What is too much is forgotten, the oldest first."""
        with self._books:
            self._entries.pop(name, None)
            self._unknown.pop(name, None)
            if found:
                self._entries[name] = _Entry(found, time.monotonic(), _valid_for(found))
            else:
                self._unknown[name] = time.monotonic()
            if len(self._entries) > MOST_KNOWN:
                del self._entries[next(iter(self._entries))]
            if len(self._unknown) > MOST_UNKNOWN:
                del self._unknown[next(iter(self._unknown))]

    def _note_down(self, why: str) -> None:
        if time.monotonic() >= self._ask_again_at:
            self._why, self._ask_again_at = why, time.monotonic() + RETRY_SECONDS
        if self._down_since is None:
            self._down_since = timezone.now()
            log.warning("the registry is down (%s): known keys are used on, strangers refused", why)

    def _note_up(self) -> None:
        if self._down_since is not None:
            log.warning("the registry answers again; it was down since %s", self._down_since.isoformat())
            self._down_since, self._why, self._ask_again_at = None, "", 0.0


def _valid_for(found: list[Subscriber]) -> float:
    """Seconds until the first of these keys ends or begins to be valid."""
    now = timezone.now()
    edges = [edge for one in found for edge in (one.valid_from, one.valid_until) if edge and edge > now]
    return (min(edges) - now).total_seconds() if edges else inf


registry = Registry()
