"""Rows that wait their turn: messages, events, callbacks, letters."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.models import CharField, QuerySet, Subquery, Value
from django.db.models.functions import Concat

BY_INDEX = """
    SELECT set_config('enable_sort', %s, true), set_config('enable_bitmapscan', %s, true),
           set_config('plan_cache_mode', %s, true)
"""


def first_of(rows: QuerySet[Any]) -> Subquery:
    """The id of the earliest of these rows, for `filter(id=first_of(...))`: who waits behind nobody.

    "There is none before it" would say the same. But where statistics are of a quiet hour, PostgreSQL takes all that
    waits for a single row and may read the whole pile for each row of it; to the first by an order it goes by an index.
    """
    return Subquery(rows.order_by("id").values("id")[:1])


def as_text(column: str) -> Concat:
    """A column that says what waits, as no index of what waits knows it; NULL is "".

    For questions about the few rows of one owner. PostgreSQL takes such an index for empty, as it mostly is, and thus
    for the quickest way: then each owner's question reads all that waits.
    """
    return Concat(column, Value(""), output_field=CharField())


@contextmanager
def taking_by_index() -> Iterator[None]:
    """In this block, inside a transaction, rows are taken in the order of an index, as many as are asked for.

    PostgreSQL knows that nearly all rows are done with, so it takes whatever waits for next to nothing and would sort
    all of it for each handful: ten thousand that wait would cost ten thousand times as much as one. A plan that is kept
    knows no state, so that it could not use the index of those that wait: this one is made each time.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(BY_INDEX, ["off", "off", "force_custom_plan"])
        yield
        cursor.execute(BY_INDEX, ["on", "on", "auto"])
