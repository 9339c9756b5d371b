"""Real servers for the tests: PostgreSQL and a Redis-protocol server, brought up where none is given.

pytest loads this before pytest-django reads the settings (`-p tests.servers`): run it as `python -m pytest`. A server
named by DATABASE_URL or CELERY_BROKER_URL is used as it is; whatever is missing a keeper (tests/keeper.py) starts and
stops. Under `-n 2` the processes share the PostgreSQL of the one that started them, each with databases of its own, so
that the migrations run once (tests/moulds.py); a Redis-protocol server each has to itself: no test clears what another
one's cache holds.
"""

import atexit
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
import redis

KEPT = "SERVICEDROP_TEST_KEPT"
MOULDS = "SERVICEDROP_TEST_MOULDS"  # a folder of the first process, for all of them: tests/moulds.py
ROOT = Path(__file__).resolve().parent.parent
_keeper: subprocess.Popen[str] | None = None
_made_databases: list[str] = []
_moulds: Path | None = None  # where this is the first process


def new_database(mould: str = "template1") -> str:
    """Create a database beside the tests' own, empty or a copy; its URL is for the processes that a journey starts."""
    name = create_database(mould)
    _made_databases.append(name)
    return url_of(name)


def create_database(mould: str) -> str:
    """Returns its name. Whoever asks drops it."""
    name = f"servicedrop_{uuid4().hex[:12]}"
    run_sql(f'CREATE DATABASE "{name}" TEMPLATE "{mould}"')
    return name


def url_of(database: str) -> str:
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}").geturl()


def redis_url(db_number: int) -> str:
    """A numbered database on the Redis-protocol server: 0 is the broker's, 1 the cache's, 2 to 15 are free."""
    url = urlsplit(os.environ["CELERY_BROKER_URL"])
    if not url.scheme.startswith("redis"):
        pytest.skip(f"this needs a Redis-protocol server; CELERY_BROKER_URL is {url.scheme}:")
    return url._replace(path=f"/{db_number}").geturl()


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Before pytest-django's hook of the same name, which reads the settings."""
    global _keeper, _moulds  # noqa: PLW0603 - one keeper a run
    needs = {"postgres": "DATABASE_URL", "redis": "CELERY_BROKER_URL"}
    kept = os.environ.get(KEPT, "").split()  # by the process that started this one, for itself
    wanted = [server for server, name in needs.items() if server in kept or not os.environ.get(name)]
    if "PYTEST_XDIST_WORKER" in os.environ:
        wanted = [server for server in wanted if server != "postgres"]
    if "cache" in kept:
        del os.environ["CACHE_URL"]
    _keeper = subprocess.Popen(
        [sys.executable, "-m", "tests.keeper", *wanted],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for pytest alone
    )
    atexit.register(_dismiss_keeper)
    answer = json.loads(_keeper.stdout.readline() or '{"error": "their keeper died"}')  # type: ignore[union-attr]
    if "error" in answer:
        raise pytest.UsageError(f"The servers for the tests did not come up: {answer['error']}")
    os.environ.update(answer)
    if MOULDS not in os.environ:
        _moulds = Path(answer["SERVICEDROP_VAR"]).with_name("moulds")
        _moulds.mkdir()
        os.environ[MOULDS] = str(_moulds)
    if "redis" in wanted and not os.environ.get("CACHE_URL"):
        os.environ["CACHE_URL"] = redis_url(1)
        wanted.append("cache")
    os.environ[KEPT] = " ".join(wanted)


def pytest_sessionstart(session: pytest.Session) -> None:
    """One line at the top, also under -q, where pytest leaves its own header out."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter:
        reporter.write_line(f"servers: {_database_version()}, {_broker_version()}")


def pytest_unconfigure() -> None:
    _dismiss_keeper()


def _dismiss_keeper() -> None:
    """Drop what was made, which matters on a given server, then let the keeper go and wait until it has cleaned up."""
    global _keeper
    if _moulds:
        _made_databases.extend(made.read_text() for made in _moulds.glob("*.database"))
    while _made_databases:
        try:
            run_sql(f'DROP DATABASE IF EXISTS "{_made_databases.pop()}" WITH (FORCE)')
        except psycopg.Error:  # the server is gone, and the databases with it
            _made_databases.clear()
    if _keeper is not None:
        keeper, _keeper = _keeper, None
        keeper.communicate(timeout=30)


def run_sql(statement: str) -> str:
    """Outside the databases that are made, and without a transaction. Returns the first value, if there is one."""
    url = urlsplit(os.environ["DATABASE_URL"])
    if not url.scheme.startswith(("postgres", "pgsql", "psql")):
        pytest.skip(f"this needs PostgreSQL; DATABASE_URL is {url.scheme}:")
    address = url._replace(scheme="postgresql", path="/postgres").geturl()
    with psycopg.connect(address, autocommit=True, connect_timeout=5) as connection:
        cursor = connection.execute(statement.encode())
        row = cursor.fetchone() if cursor.description else None
    return str(row[0]) if row else ""


def _database_version() -> str:
    scheme = urlsplit(os.environ["DATABASE_URL"]).scheme
    return scheme if scheme == "sqlite" else f"PostgreSQL {run_sql('SHOW server_version')}"


def _broker_version() -> str:
    scheme = urlsplit(os.environ["CELERY_BROKER_URL"]).scheme
    if not scheme.startswith("redis"):
        return f"broker {scheme}:"
    with redis.Redis.from_url(redis_url(0)) as client:
        about: dict[str, Any] = client.info("server")  # type: ignore[assignment]
    return f"Valkey {about['valkey_version']}" if "valkey_version" in about else f"Redis {about['redis_version']}"
