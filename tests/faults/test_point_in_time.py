"""PostgreSQL as it stood at a moment: the recipe of docs/backup.md, done for real on a server of its own."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests import keeper
from tests.servers import ROOT

# Runs against the server: the tables as the models have them, and then as many orders as each line of its input says.
CLERK = """
import sys
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
settings.MIGRATION_MODULES = {app.label: None for app in apps.get_app_configs()}
call_command("migrate", run_syncdb=True, verbosity=0)
from connections.models import Application, Offering
from tests.factories import application_in
print("ready", flush=True)
for line in sys.stdin:
    for _ in range(int(line)):
        application_in("SCHEDULED")
    print(Application.objects.count(), flush=True)
"""


@dataclass
class Server:
    """A private PostgreSQL with its write-ahead log archived beside it."""

    folder: Path
    programs: Path
    port: int

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def archive(self) -> Path:
        return self.folder / "wal"

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    @property
    def address(self) -> str:
        """As libpq writes it."""
        return self.url.replace("postgres://", "postgresql://")

    def run(self, program: str, *arguments: object) -> None:
        command = [str(self.programs / program), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, **keeper.unprivileged())
        assert done.returncode == 0, f"{program}: {done.stderr}\n{self.log}"

    def control(self, action: str, *arguments: object) -> None:
        # Its own log file: a server that keeps our pipes open would never let us go on.
        log = ("--log", self.folder / "log")
        command = [str(self.programs / "pg_ctl"), "-D", str(self.data), "-w", *map(str, log), action]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        done = subprocess.run([*command, *map(str, arguments)], check=False, **quiet, **keeper.unprivileged())
        assert done.returncode == 0, self.log

    def sql(self, statement: str) -> str:
        with psycopg.connect(self.address, autocommit=True) as line:
            row = line.execute(statement.encode()).fetchone()
        return str(row[0]) if row else ""

    def configure(self, **settings: object) -> None:
        with (self.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())

    @property
    def log(self) -> str:
        log = self.folder / "log"
        return log.read_text()[-2000:] if log.exists() else ""


@pytest.fixture
def server() -> Iterator[Server]:
    folder = keeper.folder_for_everybody()
    try:
        programs = keeper.postgres_programs(folder)
    except RuntimeError as why:
        pytest.skip(f"no PostgreSQL to rehearse on: {why}")
    if not (programs / "pg_basebackup").exists():
        pytest.skip(f"{programs} has no pg_basebackup")
    ours = Server(folder, programs, keeper.free_port())
    who = keeper.unprivileged()
    for place in (folder, ours.archive):
        place.mkdir(exist_ok=True)
        if who:
            os.chown(place, who["user"], who["group"])
    ours.run("initdb", "-D", ours.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
    ours.configure(
        listen_addresses="127.0.0.1",
        port=ours.port,
        unix_socket_directories="",
        fsync="off",
        archive_mode="on",
        archive_command=f"test ! -f {ours.archive}/%f && cp %p {ours.archive}/%f",
    )
    try:
        ours.control("start")
        yield ours
    finally:
        if (ours.data / "postmaster.pid").exists():
            ours.control("stop", "-m", "immediate")
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def clerk_of(server: Server) -> Iterator[subprocess.Popen[str]]:
    env = {**os.environ, "DATABASE_URL": server.url}
    command = [sys.executable, str(ROOT / "manage.py"), "shell", "--no-imports", "--command", CLERK]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=env, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as clerk:
        assert clerk.stdout is not None
        assert clerk.stdout.readline() == "ready\n"
        yield clerk
        clerk.communicate(timeout=30)


def orders(clerk: subprocess.Popen[str], count: int) -> int:
    """Place so many more; returns how many there are."""
    assert clerk.stdin is not None
    assert clerk.stdout is not None
    clerk.stdin.write(f"{count}\n")
    clerk.stdin.flush()
    return int(clerk.stdout.readline())


def test_the_database_comes_back_as_it_stood_at_a_moment(server: Server) -> None:
    with clerk_of(server) as clerk:
        assert orders(clerk, 2) == 2
        server.run("pg_basebackup", "-d", server.address, "-D", server.folder / "base", "--checkpoint=fast")
        assert orders(clerk, 3) == 5
        charged = server.sql("SELECT sum(amount) FROM billing_entry")
        moment = server.sql("SELECT clock_timestamp()")
        time.sleep(0.05)
        assert orders(clerk, 2) == 7
    server.sql("SELECT pg_switch_wal()")  # in life archive_timeout does it
    wait_for_the_archive(server)

    server.control("stop", "-m", "immediate")
    shutil.rmtree(server.data)
    server.folder.joinpath("base").rename(server.data)
    server.configure(
        restore_command=f"cp {server.archive}/%f %p",
        recovery_target_time=moment,
        recovery_target_action="promote",
    )
    (server.data / "recovery.signal").touch()
    server.control("start")
    wait_for_the_end_of_recovery(server)

    assert server.sql("SELECT count(*) FROM connections_application WHERE number IS NOT NULL") == "5"
    assert server.sql("SELECT count(*) FROM connections_event WHERE kind = 'application.scheduled'") == "5"
    assert server.sql("SELECT sum(amount) FROM billing_entry") == charged


def wait_for_the_archive(server: Server) -> None:
    deadline = time.monotonic() + 30
    while server.sql("SELECT count(*) FROM pg_ls_dir('pg_wal/archive_status') f WHERE f LIKE '%.ready'") != "0":
        assert time.monotonic() < deadline, server.log
        time.sleep(0.1)


def wait_for_the_end_of_recovery(server: Server) -> None:
    deadline = time.monotonic() + 30
    while server.sql("SELECT pg_is_in_recovery()") != "False":
        assert time.monotonic() < deadline, server.log
        time.sleep(0.1)
