"""What a migration may not do while the previous release still runs beside it, each rule with its way round.

A deploy migrates first and then replaces web and worker one by one (docs/upgrade.md): for some minutes yesterday's code
reads and writes today's tables. What it names must stay, what it does not know must fill itself, and no statement may
hold up its writes. The first migration of an app is exempt: there is no older code.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, models
from django.db.migrations import Migration, operations
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from connections.growing import AddCheckOnline, AddIndexOnline, UnindexKeyOnline

FORGET_FIRST = (
    "Take it out of the models in one release, with state_operations of SeparateDatabaseAndState, "
    "and drop it by RunSQL in the next"
)
RULES = {
    "remove": f"The code that still runs names it. {FORGET_FIRST}.",
    "rename": "The code that still runs knows the old name. Add the new one, fill both, and remove the old one later.",
    "not_null": "The code that still runs writes rows without it. Give it db_default, or null=True.",
    "forgotten_not_null": "New code writes rows without it. Let the column be null or have a db_default first.",
    "type": "The table is rewritten under a lock, and the code that still runs writes the old type. Add a new column.",
    "tighten": "The code that still runs may write null. Fill it, add a check by AddCheckOnline, and leave the column.",
    "index": "Writers wait while it is built. Use connections.growing.AddIndexOnline and atomic = False.",
    "key": "It is made anew, and every row looked at, while writers wait. Use connections.growing.UnindexKeyOnline.",
    "unique": "Writers wait for it. By RunSQL CREATE UNIQUE INDEX CONCURRENTLY, beside the state's operation.",
    "check": "Writers wait while every row is read. Use connections.growing.AddCheckOnline and atomic = False.",
    "sql": "This statement locks a table or takes away what the code that still runs names.",
}
STILL_NAMED = re.compile(r'ALTER\s+TABLE\s+"?(\w+)"?\s+DROP\s+COLUMN\s+(?:IF\s+EXISTS\s+)?"?(\w+)"?', re.I)
TABLE_DROPPED = re.compile(r'DROP\s+TABLE\s+(?:IF\s+EXISTS\s+)?"?(\w+)"?', re.I)
LOCKING = re.compile(
    r"\bRENAME\b|\bSET\s+NOT\s+NULL\b|\bALTER\s+COLUMN\s+\S+\s+TYPE\b|CREATE\s+(UNIQUE\s+)?INDEX\s+(?!CONCURRENTLY)",
    re.I,
)


@dataclass(frozen=True)
class Objection:
    """A rule that an operation breaks."""

    rule: str
    what: str

    def __str__(self) -> str:
        return f"{self.what}: {RULES[self.rule]}"


def objections(migration: Migration, before: ProjectState) -> list[Objection]:
    """What speaks against running this migration beside older code. `before` is left as it was."""
    if migration.name.startswith("0001_"):
        return []
    return list(_judge_all(migration.operations, migration.app_label, before.clone(), set()))


def _judge_all(steps: Iterable[Operation], app: str, state: ProjectState, new: set[str]) -> Iterator[Objection]:
    for step in steps:
        if isinstance(step, operations.CreateModel):
            new.add(step.name.lower())  # nobody knows its table yet
        elif getattr(step, "model_name_lower", "") not in new:
            yield from _judge(step, app, state, new)
        step.state_forwards(app, state)


def _judge(step: Operation, app: str, state: ProjectState, new: set[str]) -> Iterator[Objection]:
    match step:
        case operations.SeparateDatabaseAndState():
            yield from _judge_forgotten(step, app, state)
            yield from _judge_all(step.database_operations, app, state.clone(), set(new))
        case operations.RemoveField() | operations.DeleteModel():
            yield Objection("remove", step.describe())
        case operations.RenameField() | operations.RenameModel() | operations.AlterModelTable():
            yield Objection("rename", step.describe())
        case operations.AddField():
            yield from _judge_new_field(step.field, step.describe())
        case operations.AlterField() if not isinstance(step, UnindexKeyOnline):
            old = state.apps.get_model(app, step.model_name)._meta.get_field(step.name)
            yield from _judge_change(old, step, app, state)
        case operations.AddIndex() if not isinstance(step, AddIndexOnline):
            yield Objection("index", step.describe())
        case operations.AlterUniqueTogether() | operations.AlterIndexTogether():
            yield Objection("unique", step.describe())
        case operations.AddConstraint() if not isinstance(step, AddCheckOnline):
            is_check = isinstance(step.constraint, models.CheckConstraint)
            yield Objection("check" if is_check else "unique", step.describe())
        case operations.RunSQL():
            yield from _judge_sql(step, state)


def _judge_forgotten(step: operations.SeparateDatabaseAndState, app: str, state: ProjectState) -> Iterator[Objection]:
    """A column that only the models forget stays, and new code writes rows without it."""
    for part in step.state_operations:
        if isinstance(part, operations.RemoveField):
            field: Any = state.apps.get_model(app, part.model_name)._meta.get_field(part.name)
            if field.concrete and not (field.many_to_many or field.null or field.has_db_default()):
                yield Objection("forgotten_not_null", part.describe())


def _judge_new_field(field: Any, what: str) -> Iterator[Objection]:
    if field.many_to_many:
        return
    if not (field.null or field.has_db_default()):
        yield Objection("not_null", what)
    if field.unique:
        yield Objection("unique", what)
    elif field.db_index and not field.is_relation:  # a new column is empty: a foreign key's index is built in no time
        yield Objection("index", what)


def _judge_change(old: Any, step: operations.AlterField, app: str, state: ProjectState) -> Iterator[Objection]:
    after = state.clone()
    step.state_forwards(app, after)
    new: Any = after.apps.get_model(app, step.model_name)._meta.get_field(step.name)
    if old.db_type(connection) != new.db_type(connection) and not _only_longer(old, new):
        yield Objection("type", step.describe())
    if old.column != new.column:
        yield Objection("rename", step.describe())
    if old.null and not new.null:
        yield Objection("tighten", step.describe())
    if old.is_relation and old.db_constraint and old.db_index and not new.db_index:
        yield Objection("key", step.describe())
    if new.unique and not old.unique:
        yield Objection("unique", step.describe())
    elif new.db_index and not old.db_index:
        yield Objection("index", step.describe())


def _only_longer(old: Any, new: Any) -> bool:
    """PostgreSQL lets a varchar grow without touching a row."""
    both_text = isinstance(old, models.CharField) and isinstance(new, models.CharField)
    return both_text and (old.max_length or 0) <= (new.max_length or 0)


def _judge_sql(step: operations.RunSQL, state: ProjectState) -> Iterator[Objection]:
    sql = step.sql if isinstance(step.sql, str) else " ; ".join(str(part) for part in step.sql)
    columns = {model._meta.db_table: {f.column for f in model._meta.local_fields} for model in state.apps.get_models()}
    known = [table for table in TABLE_DROPPED.findall(sql) if table in columns]
    known += [column for table, column in STILL_NAMED.findall(sql) if column in columns.get(table, set())]
    if known:
        yield Objection("remove", f"RunSQL drops {', '.join(known)}")
    if LOCKING.search(sql):
        yield Objection("sql", f"RunSQL {sql.strip()[:60]}")
