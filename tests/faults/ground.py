"""What a storm passes over: a house, its registry and its buyer apps, on servers that may be taken away from it."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from beckn_adapter.sandbox.buyer import BuyerApp
from beckn_adapter.sandbox.house import House
from beckn_adapter.sandbox.registry import Registry
from beckn_adapter.sandbox.server import Reply, Request
from tests import keeper
from tests.beckn_adapter.rude import Rude, says
from tests.faults.buyers import MOODS, Moody
from tests.faults.machines import Machine
from tests.town import at_work

SERVERS, EMBEDDED = "PostgreSQL, Valkey", "SQLite, files"
# Short, so that a fault of seconds bites: a key is asked for again all the time, a lease of the outbox ends after 20 s.
SETTINGS = {"BECKN_CALLBACK_TIMEOUT": "3", "BECKN_KEY_CACHE_SECONDS": "2"}


class SlowRegistry(Registry):
    """Answers after `delay` seconds."""

    delay = 0.0

    def answer(self, request: Request) -> Reply:
        self.stopping.wait(self.delay)
        return super().answer(request)


@dataclass
class Ground:
    """A house and all around it. `machines` are empty on the embedded default."""

    name: str
    house: House
    registry: SlowRegistry
    buyers: list[BuyerApp]
    moody: list[Moody] = field(default_factory=list)
    machines: dict[str, Machine] = field(default_factory=dict)
    canary: Rude | None = None

    @property
    def database(self) -> Machine:
        return self.machines["postgres"]

    @property
    def broker(self) -> Machine:
        return self.machines["redis"]

    def ask(self, question: str) -> list[tuple[Any, ...]]:
        """The rows that the house's database answers. The same SQL on both."""
        if self.machines:
            with psycopg.connect(self.database.url) as connection:
                return connection.execute(question.encode()).fetchall()
        with closing(sqlite3.connect(self.house.var_dir / "servicedrop.sqlite3", timeout=20)) as connection:
            return connection.execute(question).fetchall()

    def wait_until_settled(self, patience: float) -> float:
        """Seconds until nothing received is unhandled and no callback is due. Raises `TimeoutError`."""
        began = time.monotonic()
        owed = """SELECT (SELECT count(*) FROM beckn_adapter_message WHERE state = 'RECEIVED'),
                         (SELECT count(*) FROM beckn_adapter_callback WHERE state = 'DUE')"""
        while (left := self.ask(owed)[0]) != (0, 0):
            if time.monotonic() - began > patience:
                raise TimeoutError(f"after {patience:g} s {left[0]} messages are unhandled, {left[1]} callbacks due")
            time.sleep(0.25)
        return time.monotonic() - began

    def restore(self) -> None:
        """Everything is up again, whatever a test did to it."""
        for machine in self.machines.values():
            machine.thaw() if machine.process.poll() is None else machine.start()
        self.house.check()


@contextmanager
def open_ground(name: str, folder: Path, *, furnished: bool = False) -> Iterator[Ground]:
    """`folder` is for the house, and may hold its database already; the servers have one of their own, which goes with
    them."""
    with ExitStack() as stack:
        machines = _machines(stack) if name == SERVERS else {}
        registry = stack.enter_context(SlowRegistry())
        env = {**SETTINGS, **_addresses(machines), "BECKN_REGISTRY_URL": registry.url}
        house = House(folder, env)
        stack.enter_context(at_work(house) if furnished else house)
        names = ("energykart.localhost", "wattsapp.localhost")
        buyers = [stack.enter_context(BuyerApp(registry.url, subscriber_id=name)) for name in names]
        ground = Ground(name, house, registry, buyers, machines=machines)
        if machines:
            ground.canary = stack.enter_context(Rude(says("200 OK")))
            for mood, manner in MOODS.items():
                ground.moody.append(stack.enter_context(Moody(registry.url, mood, manner(ground.canary))))
        yield ground


def _machines(stack: ExitStack) -> dict[str, Machine]:
    folder = keeper.folder_for_everybody()
    stack.callback(keeper.shutil.rmtree, folder, ignore_errors=True)
    machines = {}
    for recipe in (keeper.postgres, keeper.redis):
        machines[recipe.__name__] = Machine(recipe, folder)
        stack.callback(machines[recipe.__name__].stop)
    server, _, name = machines["postgres"].url.rpartition("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return machines


def _addresses(machines: dict[str, Machine]) -> dict[str, str]:
    if not machines:
        return {}
    broker = machines["redis"].url
    return {
        "DATABASE_URL": machines["postgres"].url,
        "CELERY_BROKER_URL": broker,
        "CACHE_URL": broker.replace("/0", "/1"),
    }
