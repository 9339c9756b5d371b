"""What a house holds, counted: taken down with every backup, and taken again to prove a restore.

A room adds sums of its own with `@sums_of`; the core does not know them.
"""

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.db import connection, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

Json = dict[str, Any]
# Sessions are keys to somebody's login: they stay out of every archive, and people log in again after a restore.
LEFT_OUT = ("django_session",)
_sums: dict[str, Callable[[], Json]] = {}


def sums_of(name: str) -> Callable[[Callable[[], Json]], Callable[[], Json]]:
    """Let this function's sums (as JSON keeps them, amounts as text) stand in every manifest under `name`."""

    def register(function: Callable[[], Json]) -> Callable[[], Json]:
        _sums[name] = function
        return function

    return register


def inventory_now() -> Json:
    """Migrations, rows of every table, each room's sums. In one transaction they are of one moment."""
    return {
        "migrations": migrations_applied(),
        "rows": rows_by_table(),
        "sums": {name: ask() for name, ask in sorted(_sums.items())},
    }


def migrations_applied() -> list[str]:
    """`app.name` of each migration that the database has."""
    return sorted(".".join(key) for key in MigrationRecorder(connection).applied_migrations())


def migrations_known() -> list[str]:
    """`app.name` of each migration that this release brings."""
    return sorted(".".join(key) for key in MigrationLoader(None, ignore_no_migrations=True).disk_migrations)


def rows_by_table() -> dict[str, int]:
    """How many rows each table has, whoever it belongs to; what is left out of archives is left out here."""
    names = sorted(set(connection.introspection.table_names()) - set(LEFT_OUT))
    with connection.cursor() as cursor:
        return {name: _count(cursor, name) for name in names}


def _count(cursor: Any, table: str) -> int:
    cursor.execute(f"SELECT COUNT(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608 - a table's own name
    return int(cursor.fetchone()[0])


def files_named() -> dict[str, str]:
    """The files that rows name, each with the SHA-256 that its row keeps, or "" where the row keeps none."""
    named: dict[str, str] = {}
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, models.FileField):
                named |= _files_of(model, field.name)
    return named


def _files_of(model: type[models.Model], field: str) -> dict[str, str]:
    rows = model._base_manager.exclude(**{field: ""})
    if any(column.name == "sha256" for column in model._meta.concrete_fields):
        return dict(rows.values_list(field, "sha256").iterator())
    return dict.fromkeys(rows.values_list(field, flat=True).iterator(), "")
