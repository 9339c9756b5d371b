"""How often anybody may knock: token buckets in the memory of each web process, in microseconds and bounded.

They stand before what costs: the address before the signature is verified, and before the registry is asked about
somebody unknown (registry.py knows when it must be). Two web processes have two sets of buckets, so the settings are
for one process.

A key that was verified here before is `known`. What goes wrong under its name counts against nobody: else a stranger
who forges it could shut its owner out. Its cost is bounded by the address's bucket, and by how seldom registry.py asks
again.
"""

import math
import threading
import time
from collections import OrderedDict

from django.conf import settings

from beckn_adapter.caller import Caller

BURST_SECONDS = 10  # a bucket holds what flows into it in this time
Name = tuple[str, ...]


class TooMany(Exception):
    """Come back in `wait` seconds."""

    def __init__(self, sentence: str, wait: float) -> None:
        super().__init__(sentence)
        self.wait = max(1, math.ceil(wait))


class Buckets:
    """Token buckets by name, each one number: the time at which it will be full again.

    At most `most` are kept; the one that nobody touched for longest is forgotten, which is as if it were full.
    """

    def __init__(self, most: int = 20_000) -> None:
        self._full_at: OrderedDict[Name, float] = OrderedDict()
        self._most = most
        self._lock = threading.Lock()

    def take(self, name: Name, per_second: float, burst: float, *, peek: bool = False) -> float:
        """Take a token: 0.0, or the seconds until there is one. With `peek` nothing is taken. A rate of 0: no limit."""
        if per_second <= 0:
            return 0.0
        now, each = time.monotonic(), 1 / per_second
        with self._lock:
            full_at = max(self._full_at.get(name, now), now)
            wait = full_at - now - (burst - 1) * each
            if wait > 1e-9:
                return wait
            if not peek:
                self._full_at[name] = full_at + each
                self._full_at.move_to_end(name)
                if len(self._full_at) > self._most:
                    self._full_at.popitem(last=False)
        return 0.0

    def clear(self) -> None:
        self._full_at.clear()

    def __len__(self) -> int:
        return len(self._full_at)


buckets = Buckets()
_known: OrderedDict[Name, None] = OrderedDict()
MOST_KNOWN = 10_000


def forget() -> None:
    """Every bucket is full again, no key is known."""
    buckets.clear()
    _known.clear()


def check_address(caller: Caller) -> None:
    """Raises `TooMany` for an address that sends more than BECKN_RATE_PER_ADDRESS, whoever it says it is."""
    _take(("address", caller.neighbourhood), settings.BECKN_RATE_PER_ADDRESS, "This address sends too many messages.")


def check_subscriber(caller: Caller) -> None:
    """Raises `TooMany` for a subscriber, proven, that sends more than BECKN_RATE_PER_SUBSCRIBER."""
    sentence = f"{caller.subscriber_id} sends too many messages."
    _take(("subscriber", caller.subscriber_id), settings.BECKN_RATE_PER_SUBSCRIBER, sentence)


def check_stranger(caller: Caller) -> None:
    """Before the key is looked at. Raises `TooMany` for an address whose unknown callers failed too often."""
    if (caller.subscriber_id, caller.key_id) in _known:
        return
    rate = settings.BECKN_FAILURES_PER_ADDRESS
    wait = buckets.take(("failed", caller.neighbourhood), rate, rate * BURST_SECONDS, peek=True)
    if wait:
        raise TooMany("Too many messages from this address could not be authenticated.", wait)


def check_look_up(neighbourhood: str) -> None:
    """Before the registry is asked about a stranger. Raises `TooMany` beyond BECKN_LOOKUP_RATE, of which one address
    has half."""
    sentence = "Too many unknown keys are named; this one can not be looked up just now."
    _take(("look-up", neighbourhood), settings.BECKN_LOOKUP_RATE / 2, sentence)
    _take(("look-up",), settings.BECKN_LOOKUP_RATE, sentence)


def note_failure(caller: Caller) -> None:
    """Somebody could not be authenticated. Under a known key's name it may be a forger: nobody is charged for it."""
    if (caller.subscriber_id, caller.key_id) not in _known:
        rate = settings.BECKN_FAILURES_PER_ADDRESS
        buckets.take(("failed", caller.neighbourhood), rate, rate * BURST_SECONDS)


def note_success(caller: Caller) -> None:
    """This key is known from now on."""
    _known[caller.subscriber_id, caller.key_id] = None
    if len(_known) > MOST_KNOWN:
        _known.popitem(last=False)


def _take(name: Name, per_second: float, sentence: str) -> None:
    if wait := buckets.take(name, per_second, per_second * BURST_SECONDS):
        raise TooMany(sentence, wait)
