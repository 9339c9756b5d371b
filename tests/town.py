"""A whole town for stories and faults: real web server, worker and beat, on both backends, and a network around it.

pytest loads this beside tests/servers.py (`-p tests.town`); each backend's house is started once a run, on a database
that a mould made (tests/moulds.py).
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from beckn_adapter.sandbox.buyer import BuyerApp
from beckn_adapter.sandbox.gateway import Gateway
from beckn_adapter.sandbox.house import House
from beckn_adapter.sandbox.registry import Registry
from tests import moulds
from tests.core_schema import PROTOCOL, violations
from tests.servers import new_database, redis_url

BACKENDS = ("embedded", "postgres")


@dataclass
class Town:
    """A house and the network around it."""

    backend: str
    house: House
    registry: Registry
    buyer: BuyerApp


def environment(backend: str, var_dir: Path) -> dict[str, str]:
    """SQLite and the file broker are the default; the other names PostgreSQL and Redis. Each has a provider."""
    if backend == "embedded":
        moulds.furnish(var_dir)
        return {}
    database = new_database(moulds.furnished())
    return {"DATABASE_URL": database, "CELERY_BROKER_URL": redis_url(4), "CACHE_URL": redis_url(5)}


@contextmanager
def at_work(house: House) -> Iterator[House]:
    """A house whose database is furnished already."""
    try:
        yield house.start(prepare=False)
    finally:
        house.stop()


@pytest.fixture(scope="session", params=BACKENDS)
def town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    var_dir: Path = tmp_path_factory.mktemp(f"house-{request.param}")
    with ExitStack() as stack:
        registry = stack.enter_context(Registry())
        gateway = stack.enter_context(Gateway(registry.url))
        env = {**environment(request.param, var_dir), "BECKN_REGISTRY_URL": registry.url}
        house = stack.enter_context(at_work(House(var_dir, env)))
        buyer = stack.enter_context(BuyerApp(registry.url, gateway.url))
        yield Town(request.param, house, registry, buyer)
        assert violations_received(buyer) == []


def violations_received(buyer: BuyerApp) -> list[str]:
    """What core 1.1.0 says against any callback that came, with formats where the conversation's ids are UUIDs."""
    if not PROTOCOL.exists():
        return []
    received = [entry.message for entry in buyer.journal.entries() if not entry.sent]
    return [found for message in received for found in violations(message, uuid_ids=has_uuids(message["context"]))]


def has_uuids(context: dict[str, Any]) -> bool:
    try:
        return all(UUID(context[name]) for name in ("transaction_id", "message_id"))
    except ValueError:
        return False
