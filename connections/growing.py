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
from django.db.migrations import AddConstraint, AddIndex, AlterField, RemoveIndex, RunPython
from django.db.migrations.operations.base import Operation
from django.db.models import Max, OuterRef, Subquery

ROWS_AT_ONCE = 10_000  # of which a migration fills a column in one transaction


def _way(schema_editor: Any, online: type[Operation], plain: type[Operation]) -> Any:
    return online if schema_editor.connection.vendor == "postgresql" else plain


class AddIndexOnline(AddIndexConcurrently):
    """An index, made while rows come and go: CREATE INDEX CONCURRENTLY."""

    def database_forwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        _way(schema_editor, AddIndexConcurrently, AddIndex).database_forwards(self, app_label, schema_editor, *states)

    def database_backwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        _way(schema_editor, AddIndexConcurrently, AddIndex).database_backwards(self, app_label, schema_editor, *states)


class RemoveIndexOnline(RemoveIndexConcurrently):
    """An index less, while others read by it: DROP INDEX CONCURRENTLY. What they look for must have another."""

    def database_forwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        way = _way(schema_editor, RemoveIndexConcurrently, RemoveIndex)
        way.database_forwards(self, app_label, schema_editor, *states)

    def database_backwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        way = _way(schema_editor, RemoveIndexConcurrently, RemoveIndex)
        way.database_backwards(self, app_label, schema_editor, *states)


class UnindexKeyOnline(AlterField):
    """A foreign key without its own index, for another begins with it: DROP INDEX CONCURRENTLY. `field` is as it is to
    be, and differs in nothing but `db_index=False`.

    Django's AlterField drops the key itself too and makes it anew, which reads every row while writers wait.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model, field = self._key(app_label, to_state)
        named = {index.name for index in model._meta.indexes}
        for name in schema_editor._constraint_names(model, [field.column], index=True, unique=False, exclude=named):
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {schema_editor.quote_name(name)}")

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)
            return
        model, field = self._key(app_label, to_state)
        schema_editor.execute(schema_editor._create_index_sql(model, fields=[field], concurrently=True))

    def _key(self, app_label: str, state: Any) -> tuple[Any, Any]:
        model = state.apps.get_model(app_label, self.model_name)
        return model, model._meta.get_field(self.name)


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
