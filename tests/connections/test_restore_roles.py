"""A restore makes the tables anew: as their owner alone, and it says whom the roles are to be set up for again."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest

from tests import moulds
from tests.servers import ROOT, create_database, run_sql, url_of

pytestmark = pytest.mark.skipif(shutil.which("pg_dump") is None, reason="pg_dump is not installed (postgresql-client)")


class Place(NamedTuple):
    """A database whose roles are set up, and a backup of it."""

    database: str
    application: str
    owner: str
    backup: Path

    def manage(self, role: str, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command as this role; "" is the superuser of the tests."""
        url = urlsplit(url_of(self.database))
        address = url._replace(netloc=f"{role}:{role}@{url.hostname}:{url.port}") if role else url
        env = {**os.environ, "DATABASE_URL": address.geturl(), "SERVICEDROP_VAR": str(self.backup.parent / "var")}
        command = [sys.executable, "manage.py", *words]
        return subprocess.run(command, cwd=ROOT, env=env, input=typed, capture_output=True, text=True, check=False)

    def set_roles_up(self) -> None:
        script = self.manage("", "database_roles", "--application", self.application, "--owner", self.owner).stdout
        address = url_of(self.database).replace("postgres://", "postgresql://")
        with psycopg.connect(address, autocommit=True) as line:
            line.execute(script.encode())
            for role in (self.application, self.owner):
                line.execute(f"ALTER ROLE {role} PASSWORD '{role}'".encode())


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    mark = uuid4().hex[:8]
    ours = Place(create_database(moulds.furnished()), f"app_{mark}", f"owner_{mark}", tmp_path / "backup")
    try:
        assert ours.manage("", "backup", "--to", str(ours.backup)).returncode == 0
        ours.set_roles_up()
        yield ours
    finally:
        run_sql(f'DROP DATABASE "{ours.database}" WITH (FORCE)')
        for role in (ours.application, ours.owner):
            run_sql(f"DROP ROLE IF EXISTS {role}")


def test_a_restore_says_for_whom_the_roles_are_to_be_set_up_again(place: Place) -> None:
    words = ("restore", "--from", str(place.backup), "--force")

    refused = place.manage(place.application, *words, typed=place.database)
    done = place.manage(place.owner, *words, typed=place.database)

    assert refused.returncode == 1
    assert f"CommandError: The tables are {place.owner}'s" in refused.stderr
    assert done.returncode == 0, done.stderr
    assert f"{place.application} can change and remove what the audit trail and ledger keep." in done.stdout
    assert "run it again before the house starts" in done.stdout


def test_roles_that_are_set_up_are_not_told_of(place: Place) -> None:
    code = "from connections.audit.roles import who_may_rewrite; print(who_may_rewrite())"

    assert place.manage(place.owner, "shell", "--no-imports", "-c", code).stdout == "[]\n"
