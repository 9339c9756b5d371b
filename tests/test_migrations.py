"""Every migration may run while the previous release is still at work; each rule is shown to bite."""

from collections.abc import Iterator

import pytest
from django.db import NotSupportedError, connection, models
from django.db.migrations import Migration
from django.db.migrations import operations as op
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState

from connections.growing import AddCheckOnline, AddIndexOnline, RemoveIndexOnline, UnindexKeyOnline
from tests.migration_rules import RULES, objections

ROOMS = ("connections", "fieldwork", "billing", "beckn_adapter")
APP = "connections"
BY_ADDRESS = models.Index(fields=["address"], name="by_address")
POSITIVE = models.CheckConstraint(name="load_positive", condition=models.Q(load__gt=0))
ABOVE = models.ForeignKey("self", models.CASCADE, null=True, related_name="below")
ABOVE_UNINDEXED = models.ForeignKey("self", models.CASCADE, null=True, related_name="below", db_index=False)
ONE_ADDRESS = models.UniqueConstraint(name="one_address", fields=["address"])


def house() -> ProjectState:
    """A table as the release before left it."""
    state = ProjectState()
    fields = [
        ("id", models.BigAutoField(primary_key=True)),
        ("address", models.CharField(max_length=100)),
        ("note", models.CharField(max_length=100, null=True)),
        ("load", models.IntegerField()),
        ("floor", models.IntegerField(db_default=0)),
        ("above", ABOVE.clone()),
    ]
    state.add_model(ModelState(APP, "Home", fields))
    return state


def migration(*steps: op.base.Operation, name: str = "0002_change") -> Migration:
    made = Migration(name, APP)
    made.operations = list(steps)
    return made


def forget(field: str) -> op.SeparateDatabaseAndState:
    return op.SeparateDatabaseAndState(state_operations=[op.RemoveField("home", field)])


def test_every_migration_of_ours_may_run_beside_the_code_before_it() -> None:
    loader = MigrationLoader(None, ignore_no_migrations=True)
    ours = [key for key in loader.graph.nodes if key[0] in ROOMS]
    found = {
        ".".join(key): [str(objection) for objection in objections(loader.get_migration(*key), _before(loader, key))]
        for key in ours
    }

    assert len(ours) >= len(ROOMS)
    assert {name: told for name, told in found.items() if told} == {}


def _before(loader: MigrationLoader, key: tuple[str, str]) -> ProjectState:
    return loader.project_state(key, at_end=False)


UNSAFE = [
    ("remove", op.RemoveField("home", "note")),
    ("remove", op.DeleteModel("Home")),
    ("remove", op.RunSQL('ALTER TABLE "connections_home" DROP COLUMN "note"')),
    ("remove", op.RunSQL("DROP TABLE connections_home")),
    ("remove", op.SeparateDatabaseAndState(database_operations=[op.RemoveField("home", "note")])),
    ("rename", op.RenameField("home", "note", "remark")),
    ("rename", op.RenameModel("Home", "House")),
    ("rename", op.AlterModelTable("home", "houses")),
    ("rename", op.AlterField("home", "note", models.CharField(max_length=100, null=True, db_column="remark"))),
    ("not_null", op.AddField("home", "door", models.IntegerField(default=1))),
    ("forgotten_not_null", forget("load")),
    ("type", op.AlterField("home", "load", models.BigIntegerField())),
    ("type", op.AlterField("home", "address", models.CharField(max_length=50))),
    ("tighten", op.AlterField("home", "note", models.CharField(max_length=100, default=""))),
    ("index", op.AddIndex("home", BY_ADDRESS)),
    ("index", op.AlterField("home", "load", models.IntegerField(db_index=True))),
    ("key", op.AlterField("home", "above", ABOVE_UNINDEXED)),
    ("unique", op.AddConstraint("home", ONE_ADDRESS)),
    ("unique", op.AddField("home", "key", models.UUIDField(null=True, unique=True))),
    ("check", op.AddConstraint("home", POSITIVE)),
    ("sql", op.RunSQL("CREATE INDEX by_load ON connections_home (load)")),
    ("sql", op.RunSQL("ALTER TABLE connections_home ALTER COLUMN note SET NOT NULL")),
]
SAFE = [
    op.AddField("home", "door", models.IntegerField(null=True)),
    op.AddField("home", "door", models.IntegerField(db_default=1)),
    op.AlterField("home", "address", models.CharField(max_length=200, help_text="longer")),
    op.AlterField("home", "load", models.IntegerField(null=True)),
    op.CreateModel("Door", [("id", models.BigAutoField(primary_key=True))]),
    op.RunSQL("CREATE UNIQUE INDEX CONCURRENTLY one_address ON connections_home (address)"),
    AddIndexOnline("home", BY_ADDRESS),
    AddCheckOnline("home", POSITIVE),
    UnindexKeyOnline("home", "above", ABOVE_UNINDEXED),
    forget("note"),
    forget("floor"),
]


@pytest.mark.parametrize(("rule", "step"), [pytest.param(r, s, id=f"{r}: {s.describe()}") for r, s in UNSAFE])
def test_what_older_code_does_not_survive_is_refused(rule: str, step: op.base.Operation) -> None:
    assert [objection.rule for objection in objections(migration(step), house())] == [rule]


def test_every_rule_has_its_case() -> None:
    assert {rule for rule, _ in UNSAFE} == RULES.keys()


@pytest.mark.parametrize("step", SAFE, ids=lambda step: step.describe())
def test_what_older_code_survives_is_let_through(step: op.base.Operation) -> None:
    assert objections(migration(step), house()) == []


def test_a_column_is_dropped_one_release_after_the_models_forgot_it() -> None:
    drop = op.RunSQL('ALTER TABLE "connections_home" DROP COLUMN "note"')
    first = migration(forget("note"))

    assert objections(migration(drop, name="0003_drop"), first.mutate_state(house())) == []


def test_a_new_table_may_have_what_it_likes() -> None:
    made = op.CreateModel("Door", [("id", models.BigAutoField(primary_key=True)), ("n", models.IntegerField())])

    assert objections(migration(made, op.AddIndex("door", models.Index(fields=["n"], name="by_n"))), house()) == []


def test_the_first_migration_is_exempt() -> None:
    assert objections(migration(op.RemoveField("home", "note"), name="0001_initial"), house()) == []


# --- The ways round really work ---------------------------------------------------------------------------------------


@pytest.fixture
def table(transactional_db: None) -> Iterator[ProjectState]:
    state = house()
    model = state.apps.get_model(APP, "Home")
    with connection.schema_editor() as editor:
        editor.create_model(model)
    yield state
    with connection.schema_editor() as editor:
        editor.delete_model(model)


@pytest.mark.parametrize(
    ("step", "name"),
    [(AddIndexOnline("home", BY_ADDRESS), "by_address"), (AddCheckOnline("home", POSITIVE), "load_positive")],
)
def test_what_is_added_online_is_there(table: ProjectState, step: op.base.Operation, name: str) -> None:
    after = table.clone()
    step.state_forwards(APP, after)

    with connection.schema_editor(atomic=False) as editor:
        step.database_forwards(APP, editor, table, after)

    with connection.cursor() as cursor:
        assert name in connection.introspection.get_constraints(cursor, "connections_home")


def test_what_is_removed_online_is_gone(table: ProjectState) -> None:
    add, remove, middle = AddIndexOnline("home", BY_ADDRESS), RemoveIndexOnline("home", "by_address"), table.clone()
    add.state_forwards(APP, middle)
    after = middle.clone()
    remove.state_forwards(APP, after)

    with connection.schema_editor(atomic=False) as editor:
        add.database_forwards(APP, editor, table, middle)
        remove.database_forwards(APP, editor, middle, after)

    with connection.cursor() as cursor:
        assert "by_address" not in connection.introspection.get_constraints(cursor, "connections_home")


def test_a_key_loses_its_index_online_and_stays_the_same_key(table: ProjectState) -> None:
    step, after = UnindexKeyOnline("home", "above", ABOVE_UNINDEXED), table.clone()
    step.state_forwards(APP, after)
    before = _of_the_key()

    with connection.schema_editor(atomic=False) as editor:
        step.database_forwards(APP, editor, table, after)
    without = _of_the_key()
    with connection.schema_editor(atomic=False) as editor:
        step.database_backwards(APP, editor, after, table)

    assert [kind for kind, _ in before] == ["index", "key"] == [kind for kind, _ in _of_the_key()]
    assert without == [("key", before[1][1])]


def _of_the_key() -> list[tuple[str, str]]:
    """The index and the constraint of the column `above_id`, by kind and name."""
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, "connections_home").items()
    kinds = {"key": "foreign_key", "index": "index"}
    return sorted(
        (kind, name)
        for kind, mark in kinds.items()
        for name, told in found
        if told["columns"] == ["above_id"] and told[mark]
    )


def test_a_check_in_a_transaction_would_lock_and_is_refused(table: ProjectState) -> None:
    step, after = AddCheckOnline("home", POSITIVE), table.clone()
    step.state_forwards(APP, after)

    with pytest.raises(NotSupportedError, match="atomic = False"), connection.schema_editor() as editor:
        step.database_forwards(APP, editor, table, after)
