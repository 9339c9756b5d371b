"""`make soak`, or `MINUTES=30 python -m tests.faults.soak`: every fault, long, again and again; the table is written.

MINUTES or HOURS say until when a new round begins (default: one round, about a quarter of an hour; less shrinks it). A
round is every fault on servers of its own, then on the embedded default; after each all must settle, and is counted.
docs/reliability.md gets the sums between its two marks. Ends with 1 where anything was lost or doubled.
"""

import os
import platform
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import redis

from beckn_adapter.sandbox.journal import Journal
from tests.bench.processes import megabytes
from tests.faults.ground import EMBEDDED, SERVERS, Ground, open_ground
from tests.faults.storm import Storm
from tests.faults.table import faults_for, strike
from tests.faults.tally import Figures, count
from tests.servers import ROOT

PATIENCE = 300
ROUND = 15.0  # minutes that a round of the long sizes takes; with fewer they shrink, down to the short ones
PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- written by make soak: begin -->", "<!-- written by make soak: end -->"
HEAD = (
    "fault",
    "of what length",
    "sent",
    "ACKed",
    "handled",
    "delivered",
    "received",
    "lost",
    "doubled",
    "out of order",
    "orders",
    "copies",
    "refused",
    "no answer",
    "pressed again",
    "reply p50, p99 (ms)",
    "longest until answered (s)",
)
Results = dict[tuple[str, str], Figures]


@dataclass
class Soak:
    """Rounds, what they brought, and what the house weighed after each (megabytes, connections)."""

    grounds: list[Ground]
    share: float  # of every fault's long size
    results: Results = field(default_factory=dict)
    weights: list[str] = field(default_factory=list)

    def pass_over(self, ground: Ground) -> None:
        """Every fault, long; then wait, and count."""
        storm = Storm(ground)
        with storm.blowing():
            for fault in faults_for(ground):
                say(f"{ground.name}: {fault.row}")
                strike(storm, fault, max(fault.short, round(fault.long * self.share)))
        settled = ground.wait_until_settled(PATIENCE)
        ground.house.check()
        say(f"{ground.name}: settled after {settled:.0f} s; {len(storm.ledger)} messages")
        for row, figures in count(storm).items():
            self.results.setdefault((ground.name, row), Figures()).add(figures)
        for buyer in (*ground.buyers, *ground.moody):
            buyer.journal = Journal()  # an hour's talk need not be kept
        if ground.machines:
            self.weights.append(weigh(ground))

    @property
    def broken(self) -> list[str]:
        """The rows that kept not every promise."""
        return [f"{where}: {row}" for (where, row), figures in self.results.items() if not figures.kept]


def weigh(ground: Ground) -> str:
    groups = {name: child.pid for name, child in ground.house.processes.items()}
    weights = {name: round(sum(sizes)) for name, sizes in megabytes(groups).items()}
    name = ground.database.url.rpartition("/")[2]
    open_lines = ground.ask(f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}'")[0][0] - 1  # noqa: S608
    return f"{', '.join(f'{name} {size} MB' for name, size in weights.items())}, {open_lines} database connections"


def say(words: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {words}", flush=True)


# --- The page -------------------------------------------------------------------------------------------------------


def write_page(soak: Soak, seconds: float) -> None:
    text = PAGE.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{describe(soak, seconds)}\n\n{END}{after}")


def describe(soak: Soak, seconds: float) -> str:
    total = Figures()
    for figures in soak.results.values():
        total.add(figures)
    parts = [
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {_commit()}; {seconds / 60:.0f} minutes, "
        f"rounds: {len(soak.weights)}; {_machine()}; {_versions(soak.grounds[0])}.",
        f"**{total.acked} messages acknowledged, {total.handled} handled, {total.delivered} callbacks delivered, "
        f"{total.received} received with a good signature; {len(total.lost)} lost, {len(total.doubled)} doubled, "
        f"{total.orders} orders.**",
    ]
    for where in dict.fromkeys(where for where, _ in soak.results):
        rows = [(row, figures) for (place, row), figures in soak.results.items() if place == where]
        parts.append(f"On {where}:\n\n{_table(rows)}")
    parts.append(f"After the first round on servers: {soak.weights[0]}; after the last: {soak.weights[-1]}.")
    return "\n\n".join(parts)


def _table(rows: list[tuple[str, Figures]]) -> str:
    lines = [HEAD, ("---",) * 2 + ("--:",) * (len(HEAD) - 2), *(_cells(row, figures) for row, figures in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cells(row: str, figures: Figures) -> tuple[str, ...]:
    p50, p99 = figures.reply_ms
    counts = (figures.sent, figures.acked, figures.handled, figures.delivered, figures.received)
    faults = (len(figures.lost), len(figures.doubled), len(figures.misordered))
    more = (figures.orders, figures.copies, len(figures.refusals), figures.unanswered, figures.pressed_again)
    return (row, figures.note, *map(str, counts + faults + more), f"{p50}, {p99}", f"{figures.longest:.1f}")


def _commit() -> str:
    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + (" with changes" if changed else "")


def _machine() -> str:
    cpu = Path("/proc/cpuinfo")
    models = [line.partition(":")[2].strip() for line in cpu.read_text().splitlines() if line.startswith("model name")]
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} cores ({models[0] if models else platform.machine()}), load {load:.1f} at the end"


def _versions(ground: Ground) -> str:
    with psycopg.connect(ground.database.url) as connection:
        server = connection.info.server_version
    with redis.Redis.from_url(ground.broker.url) as client:
        about = dict(client.info("server"))  # type: ignore[arg-type]
    broker = f"Valkey {about['valkey_version']}" if "valkey_version" in about else f"Redis {about['redis_version']}"
    return f"Python {platform.python_version()}, PostgreSQL {server // 10000}.{server % 10000}, {broker}"


def main() -> int:
    minutes = float(os.environ.get("HOURS") or 0) * 60 + float(os.environ.get("MINUTES") or 0)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        grounds = [stack.enter_context(open_ground(name, Path(folder) / name[:6])) for name in (SERVERS, EMBEDDED)]
        soak = Soak(grounds, share=min(1.0, (minutes or ROUND) / ROUND))
        while not soak.results or time.monotonic() - began < minutes * 60:
            for ground in grounds:
                soak.pass_over(ground)
                write_page(soak, time.monotonic() - began)
    for row in soak.broken:
        say(f"NOT KEPT: {row}: {soak.results[tuple(row.split(': ', 1))]}")  # type: ignore[index]
    say(f"{PAGE.relative_to(ROOT)} is written")
    return 1 if soak.broken else 0


if __name__ == "__main__":
    sys.exit(main())
