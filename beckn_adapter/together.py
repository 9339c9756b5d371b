"""What several threads want to write at the same moment is written by one of them, in one statement for all.

Whoever finds nobody writing writes, its own row and all that wait; whoever finds somebody writing waits, and what
gathers meanwhile is the next one's. So nobody waits for company: a row that comes alone is written alone, at once.
"""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from django.db import InterfaceError, OperationalError

Row = TypeVar("Row")
Result = TypeVar("Result")


class _Place(Generic[Row, Result]):
    """One row that waits, and the thread that waits with it behind `turn`."""

    __slots__ = ("done", "problem", "result", "row", "turn")
    result: Result

    def __init__(self, row: Row) -> None:
        self.row, self.done = row, False
        self.problem: BaseException | None = None
        self.turn = threading.Lock()
        self.turn.acquire()


class Together(Generic[Row, Result]):
    """`write` takes rows and returns what became of each, in their order; it is never called twice at a time."""

    def __init__(self, write: Callable[[list[Row]], list[Result]], most: int) -> None:
        """`most` rows in one statement."""
        self._write, self._most = write, most
        self._lock = threading.Lock()
        self._waiting: list[_Place[Row, Result]] = []
        self._busy = False

    def put(self, row: Row) -> Result:
        """Returns when the row is written. Raises what `write` raises of it."""
        place = _Place[Row, Result](row)
        with self._lock:
            self._waiting.append(place)
            leads, self._busy = not self._busy, True
        if not leads:
            place.turn.acquire()
        if not place.done:
            self._lead(place)
        if place.problem is not None:
            raise place.problem
        return place.result

    def _lead(self, own: _Place[Row, Result]) -> None:
        with self._lock:
            places, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        self._write_for(places)
        with self._lock:
            heirs = self._waiting[:1]
            self._busy = bool(heirs)
        for place in places:
            place.done = True
        for place in (*places, *heirs):
            if place is not own:
                place.turn.release()

    def _write_for(self, places: list[_Place[Row, Result]]) -> None:
        """What fails for several together is tried one by one: it may be one row's fault. Not so where the database is
        away."""
        try:
            results = self._write([place.row for place in places])
        except BaseException as problem:  # noqa: BLE001 - each raises it in its own thread
            if len(places) > 1 and not isinstance(problem, OperationalError | InterfaceError):
                for place in places:
                    self._write_for([place])
            else:
                for place in places:
                    place.problem = problem
        else:
            for place, result in zip(places, results, strict=True):
                place.result = result
