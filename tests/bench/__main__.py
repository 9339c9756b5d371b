"""`make bench`, or `python -m tests.bench [part …]`: every part or those that are named; then the page is made anew.

The parts in their order: door, delivery, cycle, overtaking, scaling, weight. QUICK=1 takes short ones in less than two
minutes and writes var/performance.md, not the page in docs.
"""

import os
import platform
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import redis

from tests.bench import delivery, door, overtaking, rates, scaling, weight
from tests.bench.bed import Bed, open_bed
from tests.bench.page import as_columns, goals_table, write_page
from tests.bench.section import ROOT, Section, load_now, read_sections
from tests.bench.sizes import LONG, QUICK, Size

CORES = os.cpu_count() or 1
PARTS: dict[str, Callable[[Bed, Size], Section]] = {
    "door": door.measure,
    "delivery": delivery.measure,
    "cycle": rates.measure,
    "overtaking": overtaking.measure,
    "scaling": lambda bed, size: scaling.measure(bed, size, CORES),
    "weight": weight.measure,
}
SHORT = ("door", "delivery", "cycle", "weight")


def main(names: list[str]) -> None:
    quick = bool(os.environ.get("QUICK"))
    size, folder = (QUICK, ROOT / "var") if quick else (LONG, ROOT / "docs")
    with open_bed() as bed:
        machine, bed.patience = describe_machine(bed), size.grace
        bed.put_under("search", 300, window=16)  # warm: connections, keys, code
        measured = []
        for name in names or (SHORT if quick else PARTS):
            began = load_now()
            section = PARTS[name](bed, size)
            section.load = f"{began}, {load_now()}"
            section.save(folder / "performance")
            measured.append(section)
            say(section)
            bed.house.check()
    sections = read_sections(folder / "performance")
    write_page(folder / "performance.md", sections, machine)
    print(f"\n{goals_table([goal for section in measured for goal in section.goals])}")
    print(f"\n{folder.name}/performance.md is written")


def say(section: Section) -> None:
    print(f"\n== {section.title}\n", flush=True)
    for table in section.tables:
        print(f"{table.caption}\n{as_columns(table)}\n", flush=True)


def describe_machine(bed: Bed) -> str:
    """Processor, kernel, and the servers with what they promise."""
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    with redis.Redis.from_url(bed.broker.url) as client:
        about = dict(client.info("server"))  # type: ignore[arg-type]
    settings = ("fsync", "synchronous_commit", "full_page_writes", "shared_buffers")
    promised = ", ".join(f"{name} {bed.ask(f'SHOW {name}')[0][0]}" for name in settings)
    parts = [
        f"{CORES} cores ({models[0].partition(':')[2].strip() if models else platform.machine()}), {memory:.0f} GB",
        f"{platform.system()} {platform.release()}",
        f"Python {platform.python_version()}, granian {version('granian')}, Celery {version('celery')}",
        f"PostgreSQL {bed.ask('SHOW server_version')[0][0]} ({promised})",
        f"Valkey {about['valkey_version']}" if "valkey_version" in about else f"Redis {about['redis_version']}",
    ]
    return "; ".join(parts) + "."


if __name__ == "__main__":
    main(sys.argv[1:])
