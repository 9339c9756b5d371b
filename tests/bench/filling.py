"""Rows by the thousand: an INSERT … SELECT a table, with the model's own default for each column that is not named."""

import json
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, models
from django.utils import timezone

NOW = "now()"


def fill(model: type[models.Model], source: str, /, **columns: str) -> int:
    """Insert what `SELECT … {source}` yields; `columns` are SQL expressions by field name. Returns how many rows.

    A primary key that is not named comes from its sequence; one that is named leaves the sequence behind its rows.
    """
    given = {**_defaults(model), **columns}
    names = [connection.ops.quote_name(model._meta.get_field(name).column) for name in given]  # type: ignore[union-attr]
    table = connection.ops.quote_name(model._meta.db_table)
    rows = run(f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(given.values())} {source}")
    key = model._meta.pk
    if key is not None and key.name in columns and isinstance(key, models.AutoField):
        run(
            f"SELECT setval(pg_get_serial_sequence('{table}', '{key.column}'), (SELECT max({key.column}) FROM {table}))"
        )
    return rows


def run(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.rowcount)


@contextmanager
def without_indexes(models_: Iterable[type[models.Model]]) -> Iterator[None]:
    """Take the tables' indexes away, all but the primary keys, and build them anew at the end: five times as fast."""
    tables = ", ".join(text(model._meta.db_table) for model in models_)
    found = [*_rows(CONSTRAINTS.format(tables=tables)), *_rows(INDEXES.format(tables=tables))]
    for drop, _ in found:
        run(drop)
    yield
    run("SET LOCAL maintenance_work_mem = '1GB'")
    for _, create in found:
        run(create)


CONSTRAINTS = """
    SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
           format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(c.oid))
    FROM pg_constraint AS c JOIN pg_class AS t ON t.oid = conrelid WHERE contype = 'u' AND t.relname IN ({tables})
"""
INDEXES = """
    SELECT format('DROP INDEX %s', i.indexrelid::regclass), pg_get_indexdef(i.indexrelid)
    FROM pg_index AS i JOIN pg_class AS t ON t.oid = i.indrelid
    WHERE t.relname IN ({tables}) AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)
"""


def _rows(query: str) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def text(value: str) -> str:
    """A text as SQL writes it."""
    return "'" + value.replace("'", "''") + "'"


def one_of(values: list[str], number: str) -> str:
    """One of the values by a number that runs."""
    return f"({array(values)})[1 + (({number}) % {len(values)})::int]"


def array(values: list[str]) -> str:
    return f"ARRAY[{', '.join(map(text, values))}]"


def _defaults(model: type[models.Model]) -> dict[str, str]:
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    return {field.name: _default(field) for field in fields}


def _default(field: "models.Field[Any, Any]") -> str:
    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False) or field.default is timezone.now:
        return NOW
    if field.default is uuid.uuid4:
        return "gen_random_uuid()"
    if field.has_default() and callable(field.default) and isinstance(field, models.CharField):
        return "substr(md5(random()::text), 1, 16)"  # a code that nobody can guess
    return _literal(field, field.get_default() if field.has_default() else (None if field.null else ""))


def _literal(field: "models.Field[Any, Any]", value: Any) -> str:
    if isinstance(field, models.JSONField):
        return f"{text(json.dumps(value))}::jsonb"
    if isinstance(value, str):
        return text(value)
    return "NULL" if value is None else str(value)
