"""How each database is copied in one moment, emptied, and filled again."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

from django.db import connection

from connections.safekeeping.inventory import LEFT_OUT
from connections.unhurried import unhurried


class Unable(Exception):
    """The database can not be copied or filled here. The text says what is missing."""


class Engine(Protocol):
    """A database's own way."""

    file: str

    def dump(self, path: Path) -> None:
        """Copy the database. Within `one_moment`, and of that moment."""

    def make_sure(self) -> None:
        """Raises `Unable` where whom we are may not replace what the database holds. Nothing is touched."""

    def load(self, path: Path) -> None:
        """Let the database be what the copy says and nothing else."""


def engine() -> Engine:
    """The way of the database that is configured."""
    return Postgres() if connection.vendor == "postgresql" else SQLite()


@contextmanager
def one_moment() -> Iterator[None]:
    """All that is read within is of one moment. PostgreSQL: a snapshot. SQLite: writers wait, readers do not.

    Without the limits of a request: pg_dump reads for as long as it takes, and our transaction, which says nothing
    meanwhile, is the one that holds its snapshot. It holds no lock that anybody waits for.
    """
    with unhurried():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


class Postgres:
    """pg_dump's own format. It reads in our snapshot, so that the figures beside it are of the same moment."""

    file = "database.dump"

    def dump(self, path: Path) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_export_snapshot()")
            snapshot = cursor.fetchone()[0]
        without = [f"--exclude-table-data=*.{table}" for table in LEFT_OUT]
        owners = ["--no-owner", "--no-privileges"]
        self._run("pg_dump", "--format=custom", f"--snapshot={snapshot}", *owners, *without, f"--file={path}")

    def make_sure(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT DISTINCT tableowner FROM pg_tables"
                " WHERE schemaname = current_schema() AND NOT pg_has_role(tableowner, 'USAGE')"
            )
            owners = " and ".join(name for (name,) in cursor.fetchall())
        if owners:
            raise Unable(f"The tables are {owners}'s: let DATABASE_URL name {owners} for a restore (docs/backup.md).")

    def load(self, path: Path) -> None:
        with connection.cursor() as cursor:
            for table in connection.introspection.table_names(cursor):
                cursor.execute(f"DROP TABLE {connection.ops.quote_name(table)} CASCADE")
        connection.close()
        whole = ["--single-transaction", "--exit-on-error", "--clean", "--if-exists"]
        self._run("pg_restore", *whole, "--no-owner", "--no-privileges", str(path))

    def _run(self, program: str, *arguments: str) -> None:
        found = shutil.which(program)
        if found is None:
            raise Unable(f"{program} is not installed here: it comes with PostgreSQL's client (postgresql-client).")
        # The password travels in the environment: everybody on the machine can read a command line.
        command, secrets = connection.client.settings_to_cmd_args_env(
            connection.settings_dict, [*arguments, "--dbname"]
        )
        env = {**os.environ, **(secrets or {})}
        done = subprocess.run([found, *command[1:]], env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Unable(f"{program} failed: {done.stderr.strip()[-1000:]}")


class SQLite:
    """SQLite's online backup API, both ways: into a file, and from it into the database as one transaction."""

    file = "database.sqlite3"

    def dump(self, path: Path) -> None:
        address = f"{self._path.as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as source, closing(sqlite3.connect(path)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
            for table in LEFT_OUT:
                copy.execute(f"DELETE FROM {table}")  # noqa: S608 - a constant
            copy.commit()
            copy.execute("VACUUM")  # what was deleted is not left in free pages

    def make_sure(self) -> None:
        """Whoever can write to the file may."""

    def load(self, path: Path) -> None:
        connection.close()
        with closing(sqlite3.connect(path)) as copy, closing(sqlite3.connect(self._path, timeout=20)) as target:
            copy.backup(target)

    @property
    def _path(self) -> Path:
        return Path(connection.settings_dict["NAME"]).resolve()
