"""`python -m tests.bench.orders [count]`: orders over signed HTTP on a running house, and what its processes weigh.

Embedded default (SQLite, file broker) unless DATABASE_URL and CELERY_BROKER_URL are set. Prints figures; asserts only
that nothing is missing.
"""

import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from beckn_adapter.sandbox import orders
from beckn_adapter.sandbox.buyer import BuyerApp
from beckn_adapter.sandbox.house import House
from beckn_adapter.sandbox.registry import Registry

NEED = orders.Need()
AT_ONCE = 8
PATIENCE = 120


def place_order(buyer: BuyerApp, house: House) -> float:
    """init and confirm in a new transaction; seconds from the confirm to its on_confirm."""
    transaction_id = buyer.begin(NEED)
    buyer.talk_to(transaction_id, house.me.subscriber_id, house.me.url)
    selected = orders.selection(NEED, provider_id="sf_electric_authority", item_id="new-resi-connection")
    applied = orders.application(NEED, selected)
    buyer.init(applied, transaction_id=transaction_id)
    terms = buyer.wait_for("on_init", transaction_id, timeout=PATIENCE).order
    started = time.monotonic()
    buyer.confirm(orders.agreement(applied, terms), transaction_id=transaction_id)
    entry = buyer.wait_for("on_confirm", transaction_id, timeout=PATIENCE)
    assert entry.good
    assert entry.order["id"]
    return time.monotonic() - started


def megabytes_by_process(house: House) -> dict[str, list[float]]:
    """Resident memory of each process of each group, largest first."""
    found: dict[str, list[float]] = {name: [] for name in house.processes}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            group = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[2])
            resident = next(line for line in (folder / "status").read_text().splitlines() if line.startswith("VmRSS"))
        except (OSError, StopIteration):
            continue
        for name, child in house.processes.items():
            if child.pid == group:
                found[name].append(int(resident.split()[1]) / 1024)
    return {name: sorted(sizes, reverse=True) for name, sizes in found.items()}


def say(house: House, when: str) -> None:
    for name, sizes in megabytes_by_process(house).items():
        print(f"{when:>8}  {name:<7} {' + '.join(f'{size:.0f}' for size in sizes)} MB")


def given(*names: str) -> dict[str, Any]:
    return {name: os.environ[name] for name in names if name in os.environ}


def main(count: int) -> None:
    env = given("DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL")
    with (
        tempfile.TemporaryDirectory() as folder,
        Registry() as registry,
        BuyerApp(registry.url) as buyer,
        House(Path(folder), {**env, "BECKN_REGISTRY_URL": registry.url}) as house,
    ):
        say(house, "before")
        started = time.monotonic()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            times = sorted(pool.map(lambda _: place_order(buyer, house), range(count)))
        seconds = time.monotonic() - started
        p50, p99 = (1000 * times[count * share // 100] for share in (50, 99))
        print(f"{count} orders in {seconds:.1f} s, {count / seconds:.0f} a second, each an init and a confirm")
        print(f"confirm to on_confirm: p50 {p50:.0f} ms, p99 {p99:.0f} ms")
        say(house, "after")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
