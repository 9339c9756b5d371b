"""Whose ACK has left the house: no message is worked before its own has, so that no callback overtakes it.

Each web process is a door with a number of its own. It stores messages one statement at a time, so the ids of its rows
only grow, and one number says for all of them how far their ACKs have left: those of every row before `upto`. A row a
door, written a hundred times a second at most; a note on each message would write that row and all its indexes anew.
"""

import os
import secrets
import threading
import time
from collections.abc import Collection
from datetime import timedelta

from django.utils import timezone

from beckn_adapter.models import Departure
from connections.statement import run

# A message is worked after so long although nobody says that its ACK has left: its web process may have died.
UNRELEASED = timedelta(seconds=2)
FORGOTTEN = timedelta(days=1)  # after which the row of a door that says nothing is thrown away

TELL = """
    INSERT INTO beckn_adapter_departure (door, upto, told_at) VALUES (%s, %s, %s)
    ON CONFLICT (door) DO UPDATE SET upto = excluded.upto, told_at = excluded.told_at
    RETURNING upto
"""


class Door:
    """This process's number, and which of its messages are stored while their ACKs are still in the house."""

    def __init__(self) -> None:
        self.number = secrets.randbelow(2**62) + 1
        self._lock = threading.Lock()
        self._inside: dict[int, float] = {}  # by id, in their order: when it was stored
        self._next = 0  # no message that is not stored yet has a smaller id
        self._is_new = True

    def stored(self, ids: Collection[int]) -> None:
        """These are, by this process, and later ones will have greater ids."""
        now = time.monotonic()
        with self._lock:
            for row_id in sorted(ids):
                self._inside[row_id] = now
                self._next = row_id + 1

    def left(self, ids: Collection[int]) -> None:
        """Their ACKs have left. Writes down how far all have: an ACK that never left holds up the others no longer than
        its own message."""
        patience = time.monotonic() - UNRELEASED.total_seconds()
        with self._lock:
            for row_id in ids:
                self._inside.pop(row_id, None)
            while self._inside and next(iter(self._inside.values())) < patience:
                del self._inside[next(iter(self._inside))]
            upto = next(iter(self._inside), self._next)
        now = timezone.now()
        if self._is_new:
            Departure.objects.filter(told_at__lt=now - FORGOTTEN).delete()
            self._is_new = False
        run(TELL, [self.number, upto, now])


door = Door()


def open_another() -> None:
    """A door with nothing inside: for a child process, and for tests."""
    global door  # noqa: PLW0603 - one a process
    door = Door()


os.register_at_fork(after_in_child=open_another)
