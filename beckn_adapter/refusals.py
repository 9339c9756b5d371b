"""What the door refused: counted (metrics.py), and kept as rows in samples, so that an integrator can be answered.

A refusal costs no write of its own. Equal ones are one entry with a number; entries are written together, at once while
it is quiet, a second apart in a flood. New entries are rationed too, so that a flood of ever different lies ends in one
entry "many others" for each reason. What a process has not written when it is killed is lost.
"""

import hashlib
import logging
import threading
from dataclasses import astuple, dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from beckn_adapter import metrics
from beckn_adapter.caller import Caller
from beckn_adapter.limits import Buckets
from beckn_adapter.models import Refusal
from beckn_adapter.strict_json import printable

log = logging.getLogger(__name__)
MOST_ROWS = 20_000
WRITES, WRITE_BURST = 1.0, 20  # a second; how many at once after quiet
KINDS, KIND_BURST = 0.1, 300  # new entries a second that strangers make together, and each known subscriber
MANY = "many others"

INSERT = """
    INSERT INTO beckn_adapter_refusal
        (fingerprint, reason, code, path, sentence, action, address, subscriber_id, key_id, proven,
         times, first_at, last_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (fingerprint) DO UPDATE
        SET times = beckn_adapter_refusal.times + excluded.times, last_at = excluded.last_at
"""


@dataclass(frozen=True)
class Entry:
    """What makes two refusals the same one."""

    reason: str
    code: str
    path: str
    sentence: str
    action: str
    address: str
    subscriber_id: str
    key_id: str
    proven: bool

    def fingerprint(self, day: str) -> str:
        return hashlib.blake2b(repr((day, *astuple(self))).encode(), digest_size=16).hexdigest()


@dataclass
class _Times:
    number: int
    first_at: datetime
    last_at: datetime


_lock = threading.Lock()
_pending: dict[Entry, _Times] = {}
_rations = Buckets(most=1_000)


def note(caller: Caller, *, reason: str, code: str, path: str, sentence: str) -> None:
    """Have a refusal counted, and remember it until the next `flush`. `sentence` must quote nothing personal."""
    entry = Entry(
        reason=reason,
        code=code,
        path=printable(path, 200),
        sentence=sentence[:300],
        action=printable(caller.action, 40),
        address=caller.masked,
        subscriber_id=printable(caller.subscriber_id, 255),
        key_id=printable(caller.key_id, 255),
        proven=caller.proven,
    )
    metrics.refused(caller, reason)
    name, now = caller.subscriber_id if caller.proven else "", timezone.now()
    with _lock:
        if entry not in _pending and _rations.take(("new", name), KINDS, KIND_BURST):
            entry = replace(entry, path="", sentence=MANY, action="", address="", subscriber_id=name, key_id="")
        times = _pending.setdefault(entry, _Times(0, now, now))
        times.number += 1
        times.last_at = now


def flush() -> None:
    """Write what is remembered, unless it was just done. Never raises: nobody waits for it."""
    if not _pending or _rations.take(("write",), WRITES, WRITE_BURST):
        return
    with _lock:
        entries = dict(_pending)
        _pending.clear()
    connection.health_check_done = False  # type: ignore[attr-defined] # Django's own note: ask first whether it lives
    try:
        _write(entries)
    except DatabaseError as problem:
        log.warning("%d refusals could not be written (%s)", len(entries), type(problem).__name__)
    if not connection.in_atomic_block:
        connection.close()  # this is one of many threads, the next time it is another's turn


def forget() -> None:
    """Nothing is remembered, every ration whole again."""
    with _lock:
        _pending.clear()
        _rations.clear()


def clear_old(now: datetime) -> int:
    """Remove what is older than BECKN_REFUSAL_DAYS, and the oldest beyond MOST_ROWS. Returns how many rows."""
    old, _ = Refusal.objects.filter(last_at__lt=now - timedelta(days=settings.BECKN_REFUSAL_DAYS)).delete()
    spare = Refusal.objects.order_by("-last_at", "-id").values_list("pk", flat=True)[MOST_ROWS:]
    many, _ = Refusal.objects.filter(pk__in=list(spare)).delete()
    return old + many


def _write(entries: dict[Entry, _Times]) -> None:
    adapt = connection.ops.adapt_datetimefield_value
    rows = [
        (
            entry.fingerprint(times.first_at.date().isoformat()),
            *astuple(entry),
            times.number,
            adapt(times.first_at),
            adapt(times.last_at),
        )
        for entry, times in entries.items()
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(INSERT, rows)
