"""Counting what happens, in every process of the house: in memory at once, in one table a moment later.

A count costs its process a microsecond and no query. What gathered within EVERY seconds is added to the table in one
statement, so whoever reads it sees all web processes and workers, on all machines, and a restart sets nothing back. A
process that is killed takes its last EVERY seconds with it: figures, never messages.
"""

import json
import logging
import os
import threading
import time
from multiprocessing.util import Finalize

from django.db import connection, transaction

log = logging.getLogger(__name__)
EVERY = 2.0  # seconds
IDLE = 30.0  # seconds without a count after which the thread gives its database connection back
MOST_NAMES = 200  # subscribers that one process counts by name, and that one page of figures names
OTHER = "other"
Series = tuple[str, ...]  # what is counted, then the values of its labels

ADD = """
    INSERT INTO beckn_adapter_tally (series, number) VALUES (%s, %s)
    ON CONFLICT (series) DO UPDATE SET number = beckn_adapter_tally.number + excluded.number
"""

_lock = threading.Lock()
_gathered: dict[Series, int] = {}
_names: set[str] = set()
_serves = False  # whether this process has a thread that writes, or makes one when there is something to write
_thread: threading.Thread | None = None
_wake = threading.Event()


def add(*counts: tuple[Series, int]) -> None:
    """Add numbers to their series. Never raises, never waits."""
    with _lock:
        for series, number in counts:
            _gathered[series] = _gathered.get(series, 0) + number
    if not _wake.is_set():
        _wake.set()
        if _serves and _thread is None:
            _begin()


def name_of(subscriber_id: str) -> str:
    """A proven subscriber's name as a label, one of MOST_NAMES in each process; the others together are `OTHER`."""
    if subscriber_id in _names:
        return subscriber_id
    if len(_names) >= MOST_NAMES:
        return OTHER
    _names.add(subscriber_id)
    return subscriber_id


def flush() -> None:
    """Write what gathered. Never raises: what can not be written is kept for the next time."""
    global _gathered
    with _lock:
        taken, _gathered = _gathered, {}
    if not taken:
        return
    try:
        _write(taken)
    except Exception as problem:  # noqa: BLE001 - a figure that can not be written stops nobody
        log.warning("figures could not be written (%s); they are kept", type(problem).__name__)
        with _lock:
            for series, number in taken.items():
                _gathered[series] = _gathered.get(series, 0) + number


def _write(taken: dict[Series, int]) -> None:
    """In the order of their names, so that two processes that write at once never wait for each other in a circle."""
    rows = sorted((json.dumps(series, ensure_ascii=False), number) for series, number in taken.items())
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(ADD, rows)


def forget() -> None:
    """Nothing has gathered, nobody is named: for tests."""
    with _lock:
        _gathered.clear()
        _names.clear()


def start() -> None:
    """From now on what gathers is written by itself: called by what serves (config/wsgi.py, config/celery.py)."""
    global _serves  # noqa: PLW0603 - one a process
    _serves = True
    Finalize(None, flush, exitpriority=0)  # as atexit, which is passed over in the children that granian makes


def _begin() -> None:
    global _thread  # noqa: PLW0603 - one a process
    _thread = threading.Thread(target=_run, name="tally", daemon=True)
    _thread.start()


def _run() -> None:
    while True:
        if not _wake.wait(IDLE):
            connection.close()
            _wake.wait()
        time.sleep(EVERY)
        _wake.clear()
        connection.close_if_unusable_or_obsolete()
        flush()


def _start_anew() -> None:
    """A child process counts for itself, and has none of its parent's threads."""
    global _lock, _wake, _thread
    _lock, _wake, _thread = threading.Lock(), threading.Event(), None
    _gathered.clear()


os.register_at_fork(after_in_child=_start_anew)
