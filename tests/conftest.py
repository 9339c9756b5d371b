"""What every test stands on, beside the servers of tests/servers.py."""

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection, connections
from playwright.sync_api import Browser, sync_playwright
from redis.exceptions import TimeoutError as CacheTooSlow

from beckn_adapter import inbox, nudge
from tests import moulds

CHROMIUMS = ("chromium-headless-shell", "chromium")  # Debian's; the first has no windows and takes a third less time
AtOnce = Callable[[int, Callable[[], Any]], list[Any]]


def pytest_configure() -> None:
    """Every test client has middleware of its own: a style sheet is looked for when one is asked for, not each time."""
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(autouse=True)
def a_fresh_cache() -> Iterator[None]:
    """No test reads what another one cached (keys of buyer apps, for one)."""
    _clear_cache()
    yield
    nudge.rest()
    inbox.line.close()


def _clear_cache(tries: int = 10) -> None:
    """Nobody at work waits for a cache longer than half a second; a busy machine may need it."""
    try:
        cache.clear()
    except CacheTooSlow:
        if tries == 1:
            raise
        _clear_cache(tries - 1)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """On PostgreSQL the tests' database is a copy of one that was migrated; on SQLite it is migrated as ever."""
    if connection.vendor == "postgresql":
        connection.settings_dict["TEST"].update(TEMPLATE=moulds.migrated(), MIGRATE=False)


@pytest.fixture
def at_once() -> AtOnce:
    """`at_once(20, act)` runs `act` in twenty threads that set off together; an exception is returned as an outcome.

    Each thread has its own database connection, so the test needs `@pytest.mark.django_db(transaction=True)`.
    """

    def run(count: int, act: Callable[[], Any]) -> list[Any]:
        start_line = Barrier(count)

        def one(_: int) -> Any:
            try:
                start_line.wait(timeout=30)
                return act()
            except Exception as outcome:  # noqa: BLE001 - the test judges it
                return outcome
            finally:
                connections.close_all()

        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(one, range(count)))

    return run


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, one for the whole run: a second driver in the same thread would not start."""
    program = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if program is None:
        pytest.skip(f"no browser: {' or '.join(CHROMIUMS)} is not installed")
    # The browser's driver runs an event loop in this thread; the tests' own queries are none of its business. Under it
    # Django keeps other connections than without it: whoever sees them closes them, or the database can not be dropped.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    connections.close_all()
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()
        connections.close_all()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
