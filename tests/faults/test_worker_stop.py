"""A worker that is asked to stop while a delivery hangs: it ends within its grace, and nothing is lost."""

import signal
import time
from pathlib import Path

import psycopg

from beckn_adapter.sandbox import orders
from beckn_adapter.sandbox.buyer import BuyerApp
from beckn_adapter.sandbox.house import House
from beckn_adapter.sandbox.registry import Registry
from beckn_adapter.sandbox.server import Reply, Request
from tests.town import at_work, environment

GRACE = 1.0
TIMEOUT = (
    40  # seconds that an attempt may take: far more than the grace, and than a busy machine needs to end a process
)


class Hanging(BuyerApp):
    """A buyer app that answers its first callback only when it is told to."""

    asked = 0

    def answer(self, request: Request) -> Reply:
        if request.path.endswith("/on_search"):
            self.asked += 1
            if self.asked == 1:
                self.stopping.wait(TIMEOUT + 5)
        return super().answer(request)


def let_the_lease_run_out(database: str) -> None:
    """Of what the worker had in hand, so that nobody has to wait for it."""
    with psycopg.connect(database) as line:
        held = line.execute("UPDATE beckn_adapter_callback SET lease_until = NULL WHERE state = 'DUE'")
        assert held.rowcount == 1


def test_a_worker_with_a_slow_delivery_in_hand_ends_in_time_and_loses_nothing(tmp_path: Path) -> None:
    servers = environment("postgres", tmp_path / "house")
    env = {**servers, "WORKER_GRACE_SECONDS": str(GRACE), "BECKN_CALLBACK_TIMEOUT": str(TIMEOUT)}
    with (
        Registry() as registry,
        at_work(House(tmp_path / "house", {**env, "BECKN_REGISTRY_URL": registry.url})) as house,
        Hanging(registry.url) as buyer,
    ):
        sent = buyer.search(orders.intent(orders.Need()), url=house.me.url)
        assert sent.acknowledged
        house.processes["worker"].wait_until(lambda: buyer.asked == 1, 20)

        worker = house.processes["worker"]
        began = time.monotonic()
        worker.ask_to_stop()
        assert worker.process is not None
        worker.process.wait(TIMEOUT)
        took = time.monotonic() - began

        assert GRACE <= took < TIMEOUT / 2
        assert worker.process.returncode != -signal.SIGKILL
        let_the_lease_run_out(servers["DATABASE_URL"])
        house.restart("worker")
        told = buyer.wait_for("on_search", sent.transaction_id, sent.message_id, timeout=30)
        assert told.message["message"]["catalog"]["providers"]
