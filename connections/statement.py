"""One statement on this thread's kept connection, without what Django puts round one: it costs half of a small one.

For the ways on which every message goes. Everything else asks the models.
"""

import json
import os
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection, connections

Value = str | bytes | memoryview | datetime | int | list[Any] | None
VALUES_READ_ONCE = 50  # psycopg reads a statement with more values than these anew each time


def run(statement: str, values: Sequence[Value]) -> list[tuple[Any, ...]]:
    """The rows that a statement returns. Outside a transaction it is one of its own, which may run twice.

    Whether the kept connection still lives is not asked first, which would be a second round trip for each: it is
    tried, and where it had died the statement is run once more on a new one. Raises Django's `DatabaseError`s.
    """
    return _run(connections[DEFAULT_DB_ALIAS], statement, values)  # asked once: it is looked up by thread each time


class Shared:
    """One connection for all threads of a process, however many: who runs a statement sees to it that nobody else does
    meanwhile. Inside a transaction of the thread's own it is run in that."""

    def __init__(self) -> None:
        self._line: Any = None
        os.register_at_fork(after_in_child=self._forget)

    def run(self, statement: str, values: Sequence[Value]) -> list[tuple[Any, ...]]:
        """As `run`."""
        own = connections[DEFAULT_DB_ALIAS]
        if own.in_atomic_block:
            return _run(own, statement, values)
        if self._line is None:
            self._line = own.copy()
            self._line.inc_thread_sharing()
        return _run(self._line, statement, values)

    def close(self) -> None:
        """Give the connection back; the next statement opens another."""
        if self._line is not None:
            self._line.close()

    def _forget(self) -> None:
        """In a child process, which would end its parent's connection by closing it."""
        self._line = None


def insert(into: str, rows: Sequence[tuple[Value, ...]], types: Sequence[str] = ()) -> list[int]:
    """The ids of new rows, in their order. Many go in several statements, so inside a transaction.

    `into` is the statement up to VALUES and the form of one row after it. Where `types` says what PostgreSQL calls the
    columns, it gets each column as an array, and any number of rows in one statement: for rows of little text.
    """
    if types and rows and connection.vendor == "postgresql":
        columns = [list(column) for column in zip(*rows, strict=True)]
        return [row_id for (row_id,) in run(_insert_arrays(into, *types), columns)]
    most = rows_at_once(into.count("%s"))
    parts = [rows[start : start + most] for start in range(0, len(rows), most)]
    return [
        row_id
        for part in parts
        for (row_id,) in run(_insert(into, len(part)), [value for row in part for value in row])
    ]


def rows_at_once(columns: int) -> int:
    """How many rows of so many values one statement takes."""
    return max(1, VALUES_READ_ONCE // columns)


def moment(value: datetime | None) -> datetime | None:
    """A time that a statement returned, with its zone, which SQLite leaves out."""
    return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


def among(ids: Sequence[int]) -> tuple[str, Value]:
    """What stands after a column that is to be one of these, and its one value: the statement is the same for any."""
    if connection.vendor == "postgresql":
        return "= ANY(%s)", list(ids)
    return "IN (SELECT value FROM json_each(%s))", json.dumps(list(ids))


@cache
def _insert(into: str, rows: int) -> str:
    head, _, row = into.partition("VALUES")
    return f"{head} VALUES {', '.join([row] * rows)} RETURNING id"


@cache
def _insert_arrays(into: str, *types: str) -> str:
    arrays = ", ".join(f"%s::{name}[]" for name in types)
    return f"{into.partition('VALUES')[0]} SELECT * FROM unnest({arrays}) RETURNING id"  # noqa: S608 - the parts are ours


def _run(here: Any, statement: str, values: Sequence[Value]) -> list[tuple[Any, ...]]:
    try:
        return _execute(here, statement, values)
    except (OperationalError, InterfaceError):
        if here.in_atomic_block or here.connection is None or here.is_usable():
            raise
        here.close()
    return _execute(here, statement, values)


def _execute(here: Any, statement: str, values: Sequence[Value]) -> list[tuple[Any, ...]]:
    logged, given = here.queries_logged, values if here.vendor == "postgresql" else _adapted(here, values)
    with nullcontext() if logged else here.wrap_database_errors:
        cursor = here.cursor() if logged else _cursor(here)
        cursor.execute(statement, given)
        return cursor.fetchall() if _returns_rows(statement) else []


def _adapted(here: Any, values: Sequence[Any]) -> list[Any]:
    adapt = here.ops.adapt_datetimefield_value
    return [adapt(value) if isinstance(value, datetime) else value for value in values]


@lru_cache(maxsize=1000)
def _returns_rows(statement: str) -> bool:
    """By its words: to ask the cursor costs as much as to fetch a row."""
    words = statement.upper().split()
    return words[0] in ("SELECT", "WITH") or "RETURNING" in words


def _cursor(here: Any) -> Any:
    """Kept with the connection that it belongs to."""
    if here.connection is None:
        here.connect()
    known = here.__dict__.get("kept_cursor")
    if known is None or known.connection is not here.connection:
        known = here.kept_cursor = here.create_cursor()
    return known
