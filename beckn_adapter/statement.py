"""One statement on this thread's kept connection, without what Django puts round one: it costs half of a small one."""

import threading
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import InterfaceError, OperationalError, connection

Value = str | bytes | datetime | int
_kept = threading.local()  # a cursor, and the connection that it belongs to


def run(statement: str, values: Sequence[Value]) -> list[tuple[Any, ...]]:
    """Run a statement that may run twice, in a transaction of its own unless there is one; the rows that it returns.

    Whether the kept connection still lives is not asked first, which would be a second round trip for each: it is
    tried, and where it had died the statement is run once more on a new one. Raises Django's `DatabaseError`s.
    """
    try:
        return _execute(statement, values)
    except (OperationalError, InterfaceError):
        if connection.connection is None or connection.is_usable():
            raise
        connection.close()
    return _execute(statement, values)


def _execute(statement: str, values: Sequence[Value]) -> list[tuple[Any, ...]]:
    adapt = connection.ops.adapt_datetimefield_value
    given = [adapt(value) if isinstance(value, datetime) else value for value in values]
    if connection.queries_logged:
        with connection.cursor() as logged:
            logged.execute(statement, given)
            return logged.fetchall()
    with connection.wrap_database_errors:
        cursor = _cursor()
        cursor.execute(statement, given)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def _cursor() -> Any:
    if connection.connection is None:
        connection.connect()
    if getattr(_kept, "connection", None) is not connection.connection:
        _kept.connection, _kept.cursor = connection.connection, connection.create_cursor()
    return _kept.cursor
