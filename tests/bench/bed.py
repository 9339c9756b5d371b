"""What a bench lies in: a PostgreSQL that keeps what it commits, a Valkey, a registry, buyer apps' names and a house.

Rate limits are off: one machine sends what a whole network would. A bed may also be made in a database that is there
already, with years of work in it; then only what the loads bring is taken away again, and nothing of what was there.
"""

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from shutil import rmtree
from typing import Any

import psycopg

from beckn_adapter.sandbox.children import stop_all
from beckn_adapter.sandbox.house import House
from beckn_adapter.sandbox.participant import Participant
from beckn_adapter.sandbox.registry import Registry
from beckn_adapter.sandbox.server import port_or_any
from tests import keeper
from tests.bench import load, processes
from tests.bench.figures import Outcome
from tests.bench.letters import House as Where
from tests.faults.machines import Machine

LIMITS_OFF = {"BECKN_RATE_PER_ADDRESS": "0", "BECKN_RATE_PER_SUBSCRIBER": "0"}
BUYERS = 3  # buyer apps, each a host of its own
TRAFFIC = ("beckn_adapter_attempt", "beckn_adapter_callback", "beckn_adapter_message", "beckn_adapter_circuit")
SWEEPS_OFF = {"BECKN_SEARCH_DAYS": "0"}  # in a database that is there already: its old searches are to stay


def durable_postgres(folder: Path, port: int) -> keeper.Recipe:
    """As the tests' own, but what it says is committed is on the disk."""
    plan = keeper.postgres(folder, port)
    return replace(plan, command=[*plan.command, "--fsync=on", "--full_page_writes=on", "--synchronous_commit=on"])


@dataclass(frozen=True)
class Ground:
    """The database that a house stands on: its address, the leader of its server's processes, and the highest id of
    each table of TRAFFIC when the bed was made."""

    url: str
    leader: int
    tops: Mapping[str, int]

    @property
    def is_fresh(self) -> bool:
        return not any(self.tops.values())


@dataclass
class Bed:
    """A running house with its servers, and the process that loads it."""

    house: House
    database: Ground
    broker: Machine
    registry: Registry
    buyers: list[Participant]
    loader: ProcessPoolExecutor
    patience: float = 10  # seconds that work left over after a load is waited for

    @property
    def groups(self) -> dict[str, int]:
        """The leader of each group of processes that runs."""
        servers = {"postgres": self.database.leader, "valkey": self.broker.process.pid}
        return {name: child.pid for name, child in self.house.processes.items() if child.alive} | servers

    def plan(self, action: str = "search", count: int = 1, **pace: Any) -> load.Plan:
        me = self.house.me
        where = Where(self.house.url, me.subscriber_id)
        return load.Plan(where, self.buyers, bytes(me.signing_key.verify_key), self.groups, action, count, **pace)

    def put_under(self, action: str, count: int, **pace: Any) -> Outcome:
        """Load it, as `load.Plan` has it; then forget the messages, so that each load begins alike. Orders stay."""
        outcome = self.loader.submit(load.run, self.plan(action, count, **pace)).result()
        if outcome.complaint:
            print(f"{action}: {outcome.refused} not ACKed, {outcome.errors} errors: {outcome.complaint}", flush=True)
        self.clear()
        return outcome

    def ask_for(self, action: str, **what: Any) -> bytes:
        """One callback of the house to a search or an init."""
        return self.loader.submit(load.ask_for, self.plan(action, **what)).result()

    def rest(self, *names: str) -> None:
        """Stop these processes of the house."""
        stop_all([self.house.processes[name] for name in names])

    def wake(self, *names: str, **env: str) -> None:
        """Start, or start anew, these processes with these settings in addition to their own."""
        for name in names:
            self.house.processes[name].env |= env
            self.house.restart(name)

    def ask(self, question: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database.url, autocommit=True) as connection:
            cursor = connection.execute(question.encode())
            return cursor.fetchall() if cursor.description else []

    def clear(self) -> None:
        """Forget all messages that came, once their work is done; what is not done in time is taken from a stopped
        worker.

        What the planner knows of them stays: how few of the rows in a grown table are still to be worked.
        """
        works = self.house.processes["worker"].alive
        stuck = works and not self._settles()
        if stuck:
            self.rest("worker")
        elif works:
            self.ask(f"ANALYZE {', '.join(TRAFFIC)}")
        self._forget()
        if stuck:
            self.wake("worker")

    def _forget(self) -> None:
        if self.database.is_fresh:
            self.ask(f"TRUNCATE {', '.join(TRAFFIC)} CASCADE")
            return
        for table, top in self.database.tops.items():
            self.ask(f"DELETE FROM {table} WHERE id > {top}")

    def _settles(self) -> bool:
        until = time.monotonic() + self.patience
        message, callback = (self.database.tops[f"beckn_adapter_{name}"] for name in ("message", "callback"))
        owed = f"""SELECT EXISTS (SELECT FROM beckn_adapter_message WHERE state = 'RECEIVED' AND id > {message})
                       OR EXISTS (SELECT FROM beckn_adapter_callback WHERE state = 'DUE' AND id > {callback})"""
        while self.ask(owed)[0][0]:
            if time.monotonic() > until:
                return False
            time.sleep(0.1)
        return True

    def megabytes(self) -> dict[str, list[float]]:
        return processes.megabytes(self.groups)


@contextmanager
def open_bed(env: Mapping[str, str] | None = None, database: str = "") -> Iterator[Bed]:
    """`env` are further settings of the house. `database`: the address of one on this machine, which stays; without it
    everything is gone afterwards."""
    with ExitStack() as stack:
        folder = keeper.folder_for_everybody()
        stack.callback(rmtree, folder, ignore_errors=True)
        broker = _machine(keeper.redis, folder, stack)
        ground = ground_at(database or _own_database(folder, stack))
        registry = stack.enter_context(Registry())
        buyers = [_buyer(f"bap{number}.localhost") for number in range(BUYERS)]
        for buyer in buyers:
            buyer.subscribe(registry.url)
        addresses = {"DATABASE_URL": ground.url, "CELERY_BROKER_URL": broker.url}
        addresses |= {"CACHE_URL": broker.url.replace("/0", "/1"), "BECKN_REGISTRY_URL": registry.url}
        settings = {**LIMITS_OFF, **({} if ground.is_fresh else SWEEPS_OFF), **addresses, **(env or {})}
        house = stack.enter_context(House(folder / "house", settings))
        loader = stack.enter_context(ProcessPoolExecutor(1, mp_context=get_context("spawn")))
        yield Bed(house, ground, broker, registry, buyers, loader)


def _own_database(folder: Path, stack: ExitStack) -> str:
    server, _, name = _machine(durable_postgres, folder, stack).url.rpartition("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return f"{server}/{name}"


def ground_at(url: str) -> Ground:
    """A database of a server on this machine, as it is now: migrated, or without any table yet."""
    with psycopg.connect(url, autocommit=True) as connection:
        backend = connection.info.backend_pid
        return Ground(url, processes.parent_of(backend), {table: _top(connection, table) for table in TRAFFIC})


def _top(connection: "psycopg.Connection[Any]", table: str) -> int:
    known = connection.execute("SELECT to_regclass(%s)", [table]).fetchone()
    found = connection.execute(f"SELECT max(id) FROM {table}".encode()).fetchone() if known and known[0] else None
    return int(found[0] or 0) if found else 0


def _machine(recipe: Any, folder: Path, stack: ExitStack) -> Machine:
    machine = Machine(recipe, folder)
    stack.callback(machine.stop)
    return machine


def _buyer(name: str) -> Participant:
    return Participant(name, f"http://127.0.0.1:{port_or_any(0)}/beckn", "BAP")
