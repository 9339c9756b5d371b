"""A house on servers that nobody else uses, so that they may be taken away from it."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from beckn_adapter.sandbox.buyer import BuyerApp
from beckn_adapter.sandbox.house import House
from beckn_adapter.sandbox.registry import Registry
from tests import keeper
from tests.faults.machines import Machine


@dataclass
class Frail:
    """A house, a buyer app, and the two servers that the house stands on."""

    house: House
    buyer: BuyerApp
    database: Machine
    broker: Machine


@pytest.fixture(scope="session")
def frail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Frail]:
    with ExitStack() as stack:
        folder = keeper.folder_for_everybody()
        stack.callback(keeper.shutil.rmtree, folder, ignore_errors=True)
        database, broker = Machine(keeper.postgres, folder), Machine(keeper.redis, folder)
        stack.callback(database.stop)
        stack.callback(broker.stop)
        _make_database(database.url)
        registry = stack.enter_context(Registry())
        env = {
            "DATABASE_URL": database.url,
            "CELERY_BROKER_URL": broker.url,
            "CACHE_URL": broker.url.replace("/0", "/1"),
            "BECKN_REGISTRY_URL": registry.url,
        }
        house = stack.enter_context(House(Path(tmp_path_factory.mktemp("frail")), env))
        buyer = stack.enter_context(BuyerApp(registry.url))
        yield Frail(house, buyer, database, broker)


def _make_database(url: str) -> None:
    server, _, name = url.replace("postgres://", "postgresql://").rpartition("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
