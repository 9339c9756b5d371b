"""What takes its time leaves a worker process to the network: searches are answered meanwhile."""

import socket
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field

import psycopg
import pytest

from beckn_adapter.sandbox import orders
from beckn_adapter.sandbox.buyer import BuyerApp
from beckn_adapter.sandbox.house import House
from beckn_adapter.sandbox.registry import Registry
from tests.servers import redis_url
from tests.town import at_work, environment

LETTERS = """
from connections.tasks import work_post
from tests.factories import scheduled_application
for number in range(12):
    scheduled_application(source_reference=f"S-{number}")
for _ in range(4):
    work_post.delay()
"""
BUSY = """
from django.core.cache import cache
from connections.chores import MARK
from connections.models import Application
from connections.tasks import count_orders
from tests.factories import scheduled_application
scheduled_application(source_reference="B-1")
Application.objects.update(due_on="2001-01-01")
cache.set(MARK, "another", timeout=8)
count_orders.delay()
"""
PROMPT = 8.0  # seconds for a search and its answer on a busy machine; less than one letter waits (EMAIL_TIMEOUT)


@dataclass
class Silent:
    """A mail server that nobody ever gets a word from."""

    door: socket.socket
    waiting: list[socket.socket] = field(default_factory=list)

    def has_company(self) -> bool:
        """Whether somebody waits for its greeting."""
        try:
            self.waiting.append(self.door.accept()[0])
        except BlockingIOError:
            return False
        return True


@pytest.fixture(scope="module")
def silent() -> Iterator[Silent]:
    with closing(socket.create_server(("127.0.0.1", 0), backlog=64)) as door:
        door.setblocking(False)
        yield Silent(door)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, silent: Silent) -> Iterator[House]:
    """On a broker and a cache that no other house has: a task that is sent once must come to its own worker."""
    folder = tmp_path_factory.mktemp("house")
    own = {"CELERY_BROKER_URL": redis_url(8), "CACHE_URL": redis_url(9)}
    own["EMAIL_URL"] = f"smtp://127.0.0.1:{silent.door.getsockname()[1]}"
    with Registry() as registry:
        env = {**environment("postgres", folder), **own, "BECKN_REGISTRY_URL": registry.url}
        with at_work(House(folder, env)) as opened:
            yield opened


def run(house: House, code: str) -> None:
    house.manage("shell", "--no-imports", "--verbosity", "0", "--command", code)


def seconds_to_an_answer(buyer: BuyerApp, house: House) -> float:
    began = time.monotonic()
    sent = buyer.search(orders.intent(orders.Need()), url=house.me.url)
    buyer.wait_for("on_search", sent.transaction_id, timeout=60)
    return time.monotonic() - began


def test_searches_are_answered_while_the_mail_server_hangs(house: House, silent: Silent) -> None:
    with BuyerApp(house.registry_url) as buyer:
        run(house, LETTERS)
        house.processes["worker"].wait_until(silent.has_company, 20)

        took = [seconds_to_an_answer(buyer, house) for _ in range(5)]

        assert max(took) < PROMPT, took


def test_a_long_task_that_finds_another_under_way_is_done_afterwards(house: House) -> None:
    def is_counted() -> bool:
        with psycopg.connect(house.env["DATABASE_URL"]) as line:
            return line.execute("SELECT 1 FROM connections_application WHERE due_on = '2001-01-01'").fetchone() is None

    run(house, BUSY)
    assert not is_counted()

    house.processes["worker"].wait_until(is_counted, 30)
