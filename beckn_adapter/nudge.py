"""Waking the workers. A nudge may be lost, doubled or late: the sweep in config/celery.py is the guarantee.

A thread of its own talks to the broker, so that nobody who nudges waits for it: a request costs the same whether the
broker is quick, gone or hanging. What gathers while the thread is busy goes out as one. It also says whose ACKs have
left (departures.py), and does what else may wait until then, so that those who acknowledge only acknowledge.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from multiprocessing.util import Finalize

from celery import current_app
from django.core.cache import cache
from django.db import connection

from beckn_adapter.trail import lines_together

log = logging.getLogger(__name__)
MARK = "nudge"  # in the cache: a drain is asked for, or watches (watch.py)
PENDING_SECONDS = 2  # a nudge that nobody took by then is worth another
GATHER = 0.01  # seconds in which what comes together goes out together; no callback is due so soon
PAUSE = 0.05  # seconds between two nudges: asking whether one is needed costs as much as storing a message
BREATHER = 1.0  # seconds that a broker which failed is left alone
IDLE = 0.3  # seconds after which the thread gives its database connection back


class Waker:
    """Takes nudges and messages whose ACK has left without waiting, and passes them on from its thread."""

    def __init__(self) -> None:
        self._wake, self._lock = threading.Event(), threading.Lock()
        self._asked = False  # for a nudge that did not go out yet
        self._row_ids: list[int] = []
        self._rest: list[Callable[[], None]] = []
        self._thread: threading.Thread | None = None
        self._at_rest = threading.Event()
        self._at_rest.set()
        self._quiet_until = 0.0

    def take(self, row_id: int = 0, then: Callable[[], None] | None = None) -> None:
        with self._lock:
            self._at_rest.clear()
            self._asked = True
            self._row_ids += [row_id] if row_id else []
            self._rest += [then] if then else []
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="waker", daemon=True)
                self._thread.start()
        if not self._wake.is_set():
            self._wake.set()

    def rest(self) -> None:
        """Returns when all that was taken is passed on and the thread holds no connection."""
        until, self._quiet_until = time.monotonic() + 5, 0.0
        while not self._at_rest.wait(0.01) and time.monotonic() < until:
            self._wake.set()

    def _note_rest(self) -> None:
        with self._lock:
            if not self._asked:
                self._at_rest.set()

    def _run(self) -> None:
        while True:
            busy = self._wake.wait(PAUSE if self._asked else IDLE)
            if busy:
                time.sleep(GATHER)
            self._wake.clear()
            with self._lock:
                asked = self._asked
                row_ids, self._row_ids = self._row_ids, []
                rest, self._rest = self._rest, []
            if row_ids:
                _report(row_ids)
            if asked:
                self._pass_on()
            with lines_together():
                for act in rest:
                    act()
            if not asked:
                connection.close()
                self._note_rest()
            if not (busy or asked):
                self._wake.wait()

    def _pass_on(self) -> None:
        """One nudge for all that was asked for, if the last one is long enough ago."""
        now = time.monotonic()
        if now >= self._quiet_until:
            self._asked = False  # before it goes out: what is asked for meanwhile may come too late for it
            self._quiet_until = now + (PAUSE if send_nudge() else BREATHER)


def _report(row_ids: list[int]) -> None:
    from beckn_adapter import departures  # noqa: PLC0415 - its models are not there yet when the rooms' are read

    try:
        departures.door.left(row_ids)
    except Exception as problem:  # noqa: BLE001 - whatever it is, they are worked in a moment all the same
        log.warning("of %s ACKs it could not be said that they left (%s)", len(row_ids), type(problem).__name__)
        connection.close()


def send_nudge() -> bool:
    """Ask for a drain unless one is asked for or watches; False if that failed. The work is stored already."""
    try:
        if cache.add(MARK, 1, timeout=PENDING_SECONDS):
            send_task()
    except Exception as problem:  # noqa: BLE001 - whatever a broker or a cache may raise, the sweep makes it good
        log.warning("a nudge failed (%s); the sweep will find the work", type(problem).__name__)
        return False
    return True


def send_task() -> None:
    """Raises whatever a broker may raise."""
    current_app.send_task("beckn_adapter.tasks.work", retry=False, expires=PENDING_SECONDS * 5)


def nudge(row_id: int = 0, then: Callable[[], None] | None = None) -> None:
    """Ask for a drain, have it said that this row's ACK has left, and `then` done, which must not raise.

    Never raises, never waits.
    """
    _waker.take(row_id, then)


def rest() -> None:
    """Returns when nothing that was taken waits any more: at the end of a process, and for tests."""
    _waker.rest()


def start() -> None:
    """In a process that acknowledges messages: what it has left to say of them is said before it ends."""
    Finalize(None, rest, exitpriority=1)  # before what they are counted in (tally.py)


_waker = Waker()


def _start_anew() -> None:
    global _waker  # noqa: PLW0603 - a child process has none of its parent's threads
    _waker = Waker()


os.register_at_fork(after_in_child=_start_anew)
