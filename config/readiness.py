"""What this process stands on, each part asked within a time limit, all of them at once and at most every two seconds.

`needed` is what a request fails without: a process that lacks it is to be given none (503). The rest is said and no
reason to take anybody out: without a broker messages are acknowledged and stored as before and worked when it is back,
and a second web process would be no better off. Sentences name no address, no account and no key.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from celery import current_app
from django.conf import settings
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from beckn_adapter import beside, figures, keys
from beckn_adapter.registry import registry
from beckn_adapter.signing import BadKey

KEPT = 2.0  # seconds for which an answer serves everybody who asks
LATE = 60.0  # seconds that something may be due without a worker taking it


class Trouble(Exception):
    """What is wrong, in words for whoever asks."""


@dataclass(frozen=True)
class Finding:
    """What came of one check."""

    name: str
    good: bool
    says: str
    needed: bool
    milliseconds: int


class Check:
    """One question. It is asked in a thread, so that nothing that hangs holds up the answer: then `seconds` is all."""

    def __init__(self, ask: Callable[[], str], *, needed: bool, seconds: float = 2.0) -> None:
        self.name = ask.__name__.removeprefix("_")
        self.ask, self.needed, self.seconds = ask, needed, seconds
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Ask, unless the last question is still on its way: what hangs is not asked again and again."""
        self.asked_at = time.monotonic()
        if self._thread is None or not self._thread.is_alive():
            self._said = (False, f"no answer within {self.seconds:g} s", self.seconds)
            self._thread = threading.Thread(target=self._run, args=(self.asked_at,), daemon=True)
            self._thread.start()

    def end(self) -> Finding:
        if self._thread:
            self._thread.join(max(0.0, self.asked_at + self.seconds - time.monotonic()))
        good, says, seconds = self._said
        return Finding(self.name, good, says, self.needed, round(seconds * 1000))

    def _run(self, began: float) -> None:
        try:
            said = True, self.ask()
        except Trouble as problem:
            said = False, str(problem)
        except Exception as problem:  # noqa: BLE001 - whatever a driver raises; its words may name accounts
            said = False, f"does not answer ({type(problem).__name__})"
        finally:
            connections.close_all()
        self._said = (*said, time.monotonic() - began)


class Readiness:
    """All checks together; whoever asks while they are under way waits for that answer and starts none."""

    def __init__(self, checks: list[Check]) -> None:
        self._checks, self._lock = checks, threading.Lock()
        self._found: list[Finding] = []
        self._at = -KEPT

    def findings(self) -> list[Finding]:
        with self._lock:
            if time.monotonic() - self._at >= KEPT:
                for check in self._checks:
                    check.begin()
                self._found = [check.end() for check in self._checks]
                self._at = time.monotonic()
            return self._found

    def forget(self) -> None:
        """The next question is asked anew."""
        self._at = -KEPT


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "answers"


_applied = threading.Event()


def _migrations() -> str:
    """Once they are all there they are not looked for again: what this process needs does not change."""
    if not _applied.is_set():
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if missing:
            raise Trouble(f"{len(missing)} are not applied; run migrate")
        _applied.set()
    return "all applied"


def _keys() -> str:
    if beside.is_used():
        return "the adapter's business"
    try:
        keys.ours()
    except BadKey as problem:
        raise Trouble(str(problem)) from None
    return "can sign"


def _clock() -> str:
    """Against the database's: who is further off than the signatures allow would refuse honest callers."""
    if connection.vendor != "postgresql":
        return "nothing to compare it with"
    with connection.cursor() as cursor:
        before = timezone.now()
        cursor.execute("SELECT clock_timestamp()")
        theirs, after = cursor.fetchone()[0], timezone.now()
    apart = max((before - theirs).total_seconds(), (theirs - after).total_seconds(), 0.0)
    if apart > settings.BECKN_CLOCK_SKEW:
        raise Trouble(f"{apart:.0f} s apart from the database's")
    return f"{apart:.1f} s apart from the database's"


def _broker() -> str:
    with current_app.connection_for_write() as line:
        line.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=1)
    return "answers"


def _registry() -> str:
    """As this process last found it; nobody is asked for a probe's sake."""
    if beside.is_used():
        return "the adapter's business"
    if not settings.BECKN_REGISTRY_URL:
        raise Trouble("BECKN_REGISTRY_URL is not set, so nobody can be recognised")
    if trouble := registry.trouble():
        raise Trouble(trouble)
    return "answered when it was last asked"


def _boxes() -> str:
    """Inbox and outbox: what is due is taken, or no worker works."""
    late = figures.lateness(timezone.now())
    behind = [f"the {box} is {seconds:.0f} s late" for box, seconds in late.items() if seconds > LATE]
    if behind:
        raise Trouble("; ".join(behind))
    return "nothing is late"


readiness = Readiness(
    [
        *(Check(ask, needed=True) for ask in (_database, _migrations, _keys, _clock)),
        *(Check(ask, needed=False) for ask in (_broker, _registry, _boxes)),
    ]
)
