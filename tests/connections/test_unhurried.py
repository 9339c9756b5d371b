"""What reads whole tables has no limit of time, behind a pooler too, where the limits are the role's."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from connections.models import Event
from connections.safekeeping.inventory import inventory_now
from connections.safekeeping.keeping import keep
from connections.safekeeping.restoring import prove, rows_in_the_way
from connections.unhurried import unhurried
from tests.factories import scheduled_application

LIMITS = {"statement_timeout": "20s", "idle_in_transaction_session_timeout": "30s"}
NONE = dict.fromkeys(LIMITS, "0")
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no such limits"),
]


@pytest.fixture
def limits_of_the_role() -> Iterator[None]:
    """As a role has them from ALTER ROLE: they come with the connection, and no option of ours lifts them."""
    for name, value in LIMITS.items():
        run(f"SET {name} = '{value}'")
    yield
    connection.close()


@pytest.fixture
def pooled() -> Iterator[None]:
    known = connection.settings_dict
    known["DISABLE_SERVER_SIDE_CURSORS"] = True
    yield
    del known["DISABLE_SERVER_SIDE_CURSORS"]


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def limits_now() -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s), current_setting(%s)", list(LIMITS))
        return dict(zip(LIMITS, cursor.fetchone(), strict=True))


@contextmanager
def limits_of_reading() -> Iterator[list[tuple[str, dict[str, str]]]]:
    """Every statement in the block that reads a table, with the limits under which it is run."""
    seen: list[tuple[str, dict[str, str]]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("SELECT") and "FROM" in sql and "pg_" not in sql:
            wrappers, connection.execute_wrappers = connection.execute_wrappers, []
            seen.append((sql, limits_now()))
            connection.execute_wrappers = wrappers
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield seen


def judge(seen: list[tuple[str, dict[str, str]]]) -> None:
    assert seen
    assert [sql for sql, limits in seen if limits != NONE] == []


def verify(*options: str) -> Callable[[Path], None]:
    return lambda _: call_command("verify_audit", *options, stdout=StringIO())


READING: dict[str, Callable[[Path], Any]] = {
    "proving the audit trail": verify(),
    "taking its head": verify("--head"),
    "counting what a restore would end": lambda _: rows_in_the_way(),
    "taking a backup": lambda folder: keep(folder / "backup"),
}


@pytest.mark.usefixtures("limits_of_the_role")
@pytest.mark.parametrize("act", READING)
def test_what_reads_whole_tables_takes_its_time_and_what_comes_after_has_the_limits(act: str, tmp_path: Path) -> None:
    scheduled_application()

    with limits_of_reading() as seen:
        READING[act](tmp_path)

    judge(seen)
    assert limits_now() == LIMITS


@pytest.mark.usefixtures("limits_of_the_role")
def test_a_restore_is_proved_without_a_limit_and_its_audit_trail_too() -> None:
    scheduled_application()
    manifest = {**inventory_now(), "files": {}, "lost": []}

    with limits_of_reading() as seen:
        proof = prove(manifest)

    judge(seen)
    assert proof.differences == []
    assert limits_now() == LIMITS


@pytest.mark.usefixtures("limits_of_the_role")
def test_the_limits_are_back_when_the_proof_fails() -> None:
    with pytest.raises(CommandError, match="not the digest"):
        call_command("verify_audit", "--head", "--at", "2026-01-01T00:00:00+00:00", "--is", "another")

    assert limits_now() == LIMITS


@pytest.mark.usefixtures("pooled")
def test_rows_are_streamed_behind_a_pooler_as_long_as_the_transaction_lasts() -> None:
    scheduled_application()

    with unhurried():
        rows = Event.objects.iterator(chunk_size=1)
        next(rows)
        streaming = open_cursors()

    assert streaming == 1
    assert connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] is True
    next(Event.objects.iterator(chunk_size=1))
    assert open_cursors() == 0


def open_cursors() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM pg_cursors WHERE name LIKE '\\_django%%'")
        return int(cursor.fetchone()[0])
