"""The ground itself: servers come up wherever the tests run, and nothing of them outlives the run."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

from tests.servers import ROOT, new_database, redis_url

Keeper = subprocess.Popen[str]


@pytest.fixture
def keeper() -> Iterator[Keeper]:
    """A keeper of the wheels' servers, whatever this machine has installed."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.keeper", "postgres", "redis"],
        cwd=ROOT,
        env={**os.environ, "SERVICEDROP_TEST_PG": "wheel", "SERVICEDROP_TEST_REDIS": "wheel"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        yield process
        process.terminate()


def addresses(keeper: Keeper) -> dict[str, str]:
    assert keeper.stdout
    return json.loads(keeper.stdout.readline())


def postgres_answers(url: str) -> bool:
    try:
        with psycopg.connect(urlsplit(url)._replace(path="/postgres").geturl(), connect_timeout=2) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def redis_answers(url: str) -> bool:
    with redis.Redis.from_url(url) as client:
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False


@pytest.mark.parametrize("end", ["standard input closes", "terminated"])
def test_the_wheels_servers_come_up_and_leave_nothing_behind(keeper: Keeper, end: str) -> None:
    where = addresses(keeper)
    folder = Path(where["SERVICEDROP_VAR"]).parent
    assert postgres_answers(where["DATABASE_URL"])
    assert redis_answers(where["CELERY_BROKER_URL"])

    if end == "terminated":
        keeper.send_signal(signal.SIGTERM)
    keeper.communicate(timeout=30)

    assert not postgres_answers(where["DATABASE_URL"])
    assert not redis_answers(where["CELERY_BROKER_URL"])
    assert not folder.exists()


def test_a_new_database_is_another_one_each_time() -> None:
    first, second = new_database(), new_database()

    assert first != second
    with psycopg.connect(first) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


def test_numbered_redis_databases_do_not_see_each_other() -> None:
    with redis.Redis.from_url(redis_url(14)) as one, redis.Redis.from_url(redis_url(15)) as other:
        one.set("seen", "here", ex=10)

        assert (one.get("seen"), other.get("seen")) == (b"here", None)
