"""How many callbacks overtake their ACK: `python -m tests.bench.overtaking [searches] [head start in ms]`.

Searches from several threads at a running house (web server, worker, beat). Whether the callback or the ACK was first
is judged where a buyer app would: when its request has returned, and when its door was knocked at. Both clocks are this
process's, which is busy itself, so what is counted is the most that it can have been. DATABASE_URL, CELERY_BROKER_URL
and CACHE_URL name the servers; the embedded default serves without. Prints figures; asserts only that nothing is
missing.
"""

import os
import sys
import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from beckn_adapter.sandbox.buyer import BuyerApp
from beckn_adapter.sandbox.house import House
from beckn_adapter.sandbox.registry import Registry

AT_ONCE = 8
PATIENCE = 120


def ask(buyer: BuyerApp, house: House) -> tuple[str, datetime] | None:
    """A search: its transaction and when its ACK was here; None where it was not acknowledged."""
    sent = buyer.search(transaction_id=str(uuid.uuid4()), url=house.me.url)
    return (sent.transaction_id, datetime.now(UTC)) if sent.acknowledged else None


def leads_of(buyer: BuyerApp, house: House, count: int) -> list[float]:
    """Milliseconds by which each callback came after its ACK, smallest first."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        acked = [known for known in pool.map(lambda _: ask(buyer, house), range(count)) if known]
    leads = []
    for transaction_id, at in acked:
        entry = buyer.wait_for("on_search", transaction_id, timeout=PATIENCE)
        leads.append((entry.at - at).total_seconds() * 1000)
    assert len(leads) == len(acked)
    return sorted(leads)


def main(count: int, head_start: str) -> None:
    env = {name: os.environ[name] for name in ("DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL") if name in os.environ}
    with (
        tempfile.TemporaryDirectory() as folder,
        Registry() as registry,
        BuyerApp(registry.url) as buyer,
        House(Path(folder), {**env, "BECKN_REGISTRY_URL": registry.url, "BECKN_ACK_HEADSTART_MS": head_start}) as house,
    ):
        started = time.monotonic()
        leads = leads_of(buyer, house, count)
        seconds = time.monotonic() - started
        overtaken = sum(lead < 0 for lead in leads)
        print(f"{len(leads)} of {count} searches acknowledged and answered, {len(leads) / seconds:.0f} a second")
        print(f"head start {head_start} ms: {overtaken} callbacks came before their ACK")
        p50 = leads[len(leads) // 2]
        print(f"after the ACK: first {leads[0]:.1f} ms, p50 {p50:.1f} ms, last {leads[-1]:.1f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000, sys.argv[2] if len(sys.argv) > 2 else "40")
