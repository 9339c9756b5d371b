"""A circuit for each host that takes callbacks: closed, open for a while when it fails, half open for one probe.

What counts is who answers, not what: a NACK or a 404 is an answer, a 500, a timeout and a refused connection are none.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import uniform

from django.db import transaction
from django.db.models import F, OuterRef, Subquery
from django.utils import timezone

from beckn_adapter.models import Callback, Circuit
from beckn_adapter.nudge import nudge
from connections.statement import run

THRESHOLD = 5  # failures in a row before nothing more is sent for a while
PAUSES = (2, 5, 10, 20, 30)  # seconds before each probe, ± 20 %, the last one for good
LONGEST_PAUSE = 600  # seconds, should the host itself name more
GIVEN_UP_AT_ONCE = 2000  # callbacks, the longest due first; the next ones at the next probe

TROUBLE = "SELECT 1 FROM beckn_adapter_circuit WHERE failures > 0 OR probe_at IS NOT NULL LIMIT 1"
DUE_PROBE = "SELECT 1 FROM beckn_adapter_circuit WHERE probe_at <= %s LIMIT 1"
UNREADY = "SELECT host FROM beckn_adapter_circuit WHERE probe_at IS NOT NULL"


@dataclass(frozen=True)
class Report:
    """How one attempt went, as the circuit sees it. `retry_after` is what the host asked for, in seconds."""

    host: str
    answered: bool
    outcome: str
    probe: bool = False
    retry_after: int | None = None


def unready_hosts() -> set[str]:
    """Hosts to which nothing goes but a probe."""
    return {host for (host,) in run(UNREADY, [])}


def take_probes(now: datetime, lease: timedelta) -> list[str]:
    """Hosts that are to be probed now and have something waiting. Whoever takes one has it for the lease.

    A probe that is late is so because nobody was there to try, or nothing to send: nothing waited for the host then.
    """
    if not run(DUE_PROBE, [now]):
        return []
    due = Callback.objects.filter(state="DUE", host__gte=OuterRef("host"), host__lte=OuterRef("host"))
    first_due = Subquery(due.order_by("host", "due_at").values("id")[:1])  # as in outbox.HOSTS: by its index alone
    ready = Circuit.objects.alias(waiting=first_due).filter(probe_at__lte=now, waiting__isnull=False)
    rows = list(ready.select_for_update(skip_locked=True, of=("self",)))
    for row in rows:
        if row.waiting_since and row.probe_at:
            row.waiting_since += now - row.probe_at
        row.probe_at = now + lease
    Circuit.objects.bulk_update(rows, ["probe_at", "waiting_since"])
    return [row.host for row in rows]


def learn(reports: Iterable[Report], now: datetime) -> list[Callback]:
    """Close, open or leave the circuits of those who were sent something. Inside a transaction, before the callbacks
    are written. Returns what was given up because it has waited for its host as long as it lives, without bodies."""
    by_host: dict[str, list[Report]] = {}
    for report in reports:
        by_host.setdefault(report.host, []).append(report)
    failing = [host for host, ours in by_host.items() if not all(report.answered for report in ours)]
    if not failing and not run(TROUBLE, []):
        return []
    Circuit.objects.bulk_create([Circuit(host=host) for host in sorted(failing)], ignore_conflicts=True)
    known = Circuit.objects.select_for_update().filter(host__in=by_host).order_by("host")
    return [callback for row in known for callback in _learn(row, by_host[row.host], now)]


def _learn(row: Circuit, reports: list[Report], now: datetime) -> list[Callback]:
    was_open, before = row.probe_at is not None, (row.failures, row.probe_at)
    given_up: list[Callback] = []
    for report in reports:
        if report.answered:
            row.failures, row.openings, row.probe_at, row.waiting_since = 0, 0, None, None
            continue
        row.failures, row.reason, row.failed_at = row.failures + 1, report.outcome, now
        tripped = row.failures >= THRESHOLD or report.retry_after is not None
        if report.probe or (tripped and row.probe_at is None):
            given_up += _open(row, now, report.retry_after)
    if (row.failures, row.probe_at) != before:
        row.save()
    if was_open and row.probe_at is None:
        Callback.objects.filter(host=row.host, state="DUE", due_at__gt=now).update(due_at=now)
    return given_up


def _open(row: Circuit, now: datetime, retry_after: int | None) -> list[Callback]:
    """Nothing goes there for a pause, and what has waited for it as long as it lives is given up, and returned."""
    row.openings += 1
    row.waiting_since = now if row.openings == 1 else min(row.waiting_since or now, now)  # a clock may be set back
    base = PAUSES[min(row.openings, len(PAUSES)) - 1] * uniform(0.8, 1.2)  # noqa: S311 - jitter, not a secret
    pause = base if retry_after is None else min(max(retry_after, 1), LONGEST_PAUSE)
    row.probe_at = now + timedelta(seconds=pause)
    return _give_up(row, now)


def _give_up(row: Circuit, now: datetime) -> list[Callback]:
    """How long each has waited is reckoned from the circuit, not written into each: a hundred thousand may wait. What
    somebody takes in hand meanwhile is left to them."""
    longest = round((now - row.waiting_since).total_seconds()) if row.waiting_since else 0
    waiting = Callback.objects.filter(host=row.host, state="DUE", due_at__lte=now, lease_until=None)
    old = waiting.filter(life_seconds__lt=F("waited_seconds") + longest).order_by("host", "due_at", "id").defer("body")
    locked = old.select_for_update(skip_locked=True, of=("self",))[:GIVEN_UP_AT_ONCE]
    lost = [callback for callback in locked if waited(callback, row, now) > callback.life_seconds]
    outcome = f"given up, its host does not answer: {row.reason}"[:300]
    Callback.objects.filter(pk__in=[callback.pk for callback in lost]).update(state="DEAD", outcome=outcome)
    return lost


def waited(callback: Callback, row: Circuit | None, now: datetime) -> float:
    """Seconds for which it was tried, and has waited for its host's circuit `row` to close since it was last due."""
    if row is None or row.waiting_since is None:
        return callback.waited_seconds
    held_up = now - max(callback.due_at, row.waiting_since)
    return callback.waited_seconds + max(held_up.total_seconds(), 0)


def probe_now(circuits: Iterable[Circuit]) -> int:
    """Let the next callback to each of these hosts try at once; says how many were open."""
    count = Circuit.objects.filter(pk__in=[row.pk for row in circuits]).exclude(probe_at=None)
    number = count.update(probe_at=timezone.now())
    transaction.on_commit(nudge)
    return number


def state_of(row: Circuit, now: datetime) -> str:
    """CLOSED, OPEN (nothing is sent) or HALF_OPEN (the next callback is the probe)."""
    if row.probe_at is None:
        return "CLOSED"
    return "OPEN" if now < row.probe_at else "HALF_OPEN"
