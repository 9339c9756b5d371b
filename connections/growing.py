"""Operations for migrations of a house that is running: what they add locks no table that others write to.

On PostgreSQL they need `atomic = False` in the migration, so that no lock outlives its statement. SQLite has one writer
and small tables: there they are Django's plain ones.
"""

from typing import Any

from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    RemoveIndexConcurrently,
    ValidateConstraint,
)
from django.db import NotSupportedError
from django.db.migrations import AddConstraint, AddIndex, RemoveIndex, RunPython
from django.db.models import Max, OuterRef, Subquery

ROWS_AT_ONCE = 10_000  # of which a migration fills a column in one transaction


class AddIndexOnline(AddIndexConcurrently):
    """An index, made while rows come and go: CREATE INDEX CONCURRENTLY."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        plain = schema_editor.connection.vendor != "postgresql"
        add = AddIndex.database_forwards if plain else AddIndexConcurrently.database_forwards
        add(self, app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        plain = schema_editor.connection.vendor != "postgresql"
        remove = AddIndex.database_backwards if plain else AddIndexConcurrently.database_backwards
        remove(self, app_label, schema_editor, from_state, to_state)


class RemoveIndexOnline(RemoveIndexConcurrently):
    """An index less, while others read by it: DROP INDEX CONCURRENTLY. What they look for must have another."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        plain = schema_editor.connection.vendor != "postgresql"
        remove = RemoveIndex.database_forwards if plain else RemoveIndexConcurrently.database_forwards
        remove(self, app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        plain = schema_editor.connection.vendor != "postgresql"
        add = RemoveIndex.database_backwards if plain else RemoveIndexConcurrently.database_backwards
        add(self, app_label, schema_editor, from_state, to_state)


class AddCheckOnline(AddConstraintNotValid):
    """A check: for new rows at once (NOT VALID), then for the old ones, which are read while others write."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            AddConstraint.database_forwards(self, app_label, schema_editor, from_state, to_state)
            return
        if schema_editor.connection.in_atomic_block:
            raise NotSupportedError("AddCheckOnline would lock the table to the end: set atomic = False.")
        super().database_forwards(app_label, schema_editor, from_state, to_state)
        validate = ValidateConstraint(self.model_name, self.constraint.name)
        validate.database_forwards(app_label, schema_editor, from_state, to_state)


def file_under_providers(*models: str) -> RunPython:
    """Fill the new column `provider` of these models from the rows' applications, in many small transactions.

    The index on it comes behind this: what no index names yet is written the quicker.
    """

    def fill(apps: Any, schema_editor: Any) -> None:
        for label in models:
            _file(apps.get_model(label), apps.get_model("connections.Application"), schema_editor.connection.alias)

    return RunPython(fill, RunPython.noop)


def _file(model: Any, application: Any, alias: str) -> None:
    rows = model._base_manager.using(alias)
    theirs = Subquery(application.objects.filter(pk=OuterRef("application")).values("provider"))
    last = rows.aggregate(last=Max("pk"))["last"] or 0
    for first in range(0, last + 1, ROWS_AT_ONCE):
        rows.filter(pk__gte=first, pk__lt=first + ROWS_AT_ONCE, provider=None).update(provider=theirs)
