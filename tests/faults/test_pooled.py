"""The whole house behind a real PgBouncer in transaction mode: fewer servers than clients, and nothing is missed."""

import os
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from beckn_adapter.sandbox import orders
from beckn_adapter.sandbox.buyer import BuyerApp
from beckn_adapter.sandbox.house import House
from beckn_adapter.sandbox.registry import Registry
from tests import keeper
from tests.servers import new_database, redis_url

POOL = 4  # servers; the house's processes have more connections than that
ORDERS = 12
PATIENCE = 120
LIMITS = {"statement_timeout": "20s", "lock_timeout": "5s", "idle_in_transaction_session_timeout": "30s"}


def place_order(buyer: BuyerApp, house: House) -> None:
    """init and confirm in a new transaction."""
    need = orders.Need()
    transaction_id = buyer.begin(need)
    buyer.talk_to(transaction_id, house.me.subscriber_id, house.me.url)
    selected = orders.selection(need, provider_id="sf_electric_authority", item_id="new-resi-connection")
    applied = orders.application(need, selected)
    buyer.init(applied, transaction_id=transaction_id)
    terms = buyer.wait_for("on_init", transaction_id, timeout=PATIENCE).order
    buyer.confirm(orders.agreement(applied, terms), transaction_id=transaction_id)
    assert buyer.wait_for("on_confirm", transaction_id, timeout=PATIENCE).order["id"]


def pgbouncer(folder: Path, port: int) -> keeper.Recipe:
    """In front of the tests' own PostgreSQL, for whatever database is asked for."""
    server = urlsplit(os.environ["DATABASE_URL"])
    settings = folder / "pgbouncer.ini"
    users = folder / "users.txt"
    users.write_text('"postgres" ""\n')
    settings.write_text(
        f"[databases]\n* = host={server.hostname} port={server.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
        f"listen_port = {port}\nunix_socket_dir =\nauth_type = trust\nauth_file = {users}\nmax_client_conn = 100\n"
        f"pool_mode = transaction\ndefault_pool_size = {POOL}\nadmin_users = postgres\n"
    )
    address = f"host=127.0.0.1 port={port} user=postgres dbname=postgres connect_timeout=1"

    def is_ready() -> bool:
        try:
            psycopg.connect(address).close()
        except psycopg.Error:
            return False
        return True

    program = shutil.which("pgbouncer") or "pgbouncer"
    url = f"postgres://postgres@127.0.0.1:{port}"
    return keeper.Recipe([program, str(settings)], is_ready, url, signal.SIGINT, keeper.unprivileged())


@pytest.fixture
def pooled() -> Iterator[str]:
    """The address of a new database behind the pooler, whose role has the limits."""
    if shutil.which("pgbouncer") is None:
        pytest.skip("no pgbouncer is installed (apt-get install pgbouncer)")
    direct = new_database()  # skips where there is no PostgreSQL
    folder = keeper.folder_for_everybody()
    servers: keeper.Running = []
    try:
        front = keeper.start(pgbouncer, folder, servers)
        name = urlsplit(direct).path
        with psycopg.connect(direct.replace("postgres://", "postgresql://"), autocommit=True) as connection:
            for limit, value in LIMITS.items():
                connection.execute(f"ALTER DATABASE \"{name[1:]}\" SET {limit} = '{value}'".encode())
        yield f"{front}{name}"
    finally:
        for server, farewell in servers:
            keeper.stop(server, farewell)
        shutil.rmtree(folder, ignore_errors=True)


def test_orders_are_placed_and_answered_through_a_pooler(pooled: str, tmp_path: Path) -> None:
    env = {"DATABASE_URL": pooled, "DATABASE_POOLED": "1", "CELERY_BROKER_URL": redis_url(8), "CACHE_URL": redis_url(9)}
    with (
        Registry() as registry,
        BuyerApp(registry.url) as buyer,
        House(tmp_path, {**env, "BECKN_REGISTRY_URL": registry.url}) as house,
        ThreadPoolExecutor(8) as pool,
    ):
        answered = list(pool.map(lambda _: place_order(buyer, house), range(ORDERS)))

        assert len(answered) == ORDERS
        assert _servers_used(pooled) <= POOL
        house.manage("verify_audit")  # reads every event, without a cursor that outlives its transaction
        assert {_limit(pooled, name) for name in LIMITS} == set(LIMITS.values())


def _servers_used(pooled: str) -> int:
    address = urlsplit(pooled)._replace(scheme="postgresql", path="/pgbouncer").geturl()
    name = urlsplit(pooled).path[1:]
    with psycopg.connect(address, autocommit=True, prepare_threshold=None) as console:
        rows = psycopg.ClientCursor(console).execute("SHOW SERVERS").fetchall()
    return sum(name in row for row in rows)


def _limit(pooled: str, name: str) -> str:
    with psycopg.connect(pooled.replace("postgres://", "postgresql://"), prepare_threshold=None) as connection:
        row = connection.execute(f"SHOW {name}".encode()).fetchone()
    return str(row[0]) if row else ""
