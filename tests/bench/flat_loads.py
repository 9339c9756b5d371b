"""`python -m tests.bench.flat_loads --full URL`: ACK/s and the time of a cycle in a seeded house and in an empty one.

Both stand on the same PostgreSQL, which runs on this machine: the empty house is built beside the full one for each
turn, and dropped. What a load brings into the full house is taken out again, but for the orders (the house grows by
some thousands of its million). Writes the section "Flat: ACK and cycle" of docs/performance.md. QUICK=1 tries it out
in a minute or two and writes nothing.
"""

import argparse
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

import psycopg

from tests.bench.bed import Bed, open_bed
from tests.bench.door import yardstick
from tests.bench.figures import SLACK, Outcome, percent, ratio
from tests.bench.letters import PROVIDER
from tests.bench.page import as_columns, goals_table, renew_page
from tests.bench.section import ROOT, Goal, Section, Table, load_now
from tests.bench.sizes import LONG, QUICK, Size

PROSE = """
The same loads on an empty house and on one with {full}, each in a database of the same PostgreSQL (shared_buffers
{buffers}); which house comes first changes with each turn. A turn counts if the machine's yardstick (Ed25519
verifications a second, taken after each load) was the same for both houses within 15 %: {kept} of {turns} counted.
Shown are medians; the change is the median of the turns' own. ACKs are counted with worker and beat stopped, {window}
under way; the cycle is from the request to its callback. The searches ask the guide's provider, or for a city that it
alone serves, and are answered in both houses with the same {answer:,} bytes. A search that asks everybody is answered
in the full house with all that its providers offer, {wide:,} bytes instead of {narrow:,}: that load stands below for
what it is, and no goal speaks of it. The sweep of old searches is off.
"""
HOUSES = ("empty", "full")
EMPTY = "servicedrop_bench_empty"
WINDOW, ORDERS = 32, 64
WIDE, WIDE_COUNT = 8, 200  # answers of a whole catalogue are long
ONE = {"provider": {"id": PROVIDER}}
CITY = {"location": {"city": {"code": "NANP:415"}}}  # the seeded providers serve another one
SIZE = replace(LONG, seconds=10, orders=1000)
CALM = 100  # searches a second that both houses keep up with


@dataclass(frozen=True)
class Figure:
    """What is compared: of which load, which of its figures, and whether more of it is better."""

    load: str
    name: str
    of: str
    more_is_better: bool = False
    is_goal: bool = True

    def read(self, outcome: Outcome) -> float:
        if self.of == "cpu":
            return sum(spent for group, spent in outcome.cpu_us.items() if group != "load")
        found: Any = outcome
        for part in self.of.split("."):
            found = getattr(found, part)
        return float(found)


FIGURES = [
    Figure("ACK of search", "ACK/s", "ack_rate", more_is_better=True),
    Figure("ACK of search", "CPU us", "cpu"),
    Figure("ACK of confirm", "ACK/s", "ack_rate", more_is_better=True),
    Figure("ACK of confirm", "CPU us", "cpu"),
    Figure("search, calm", "cycle p50, ms", "cycle.p50"),
    Figure("search, calm", "cycle p99, ms", "cycle.p99", is_goal=False),
    Figure("search, calm", "CPU us", "cpu"),
    Figure("search, full speed", "callbacks/s", "rate", more_is_better=True),
    Figure("search, full speed", "CPU us", "cpu"),
    Figure("search of a city", "callbacks/s", "rate", more_is_better=True),
    Figure("search of a city", "CPU us", "cpu"),
    Figure("confirm", "callbacks/s", "rate", more_is_better=True),
    Figure("confirm", "cycle p50, ms", "cycle.p50"),
    Figure("confirm", "CPU us", "cpu"),
    Figure("search of everybody", "callbacks/s", "rate", more_is_better=True, is_goal=False),
    Figure("search of everybody", "cycle p50, ms", "cycle.p50", is_goal=False),
    Figure("search of everybody", "CPU us", "cpu", is_goal=False),
]
Outcomes = dict[str, dict[str, list[Outcome]]]  # by house and load, one a turn


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--full", required=True, help="the address of the seeded house's database")
    asked.add_argument("--turns", type=int, default=0)
    wanted, quick, began = asked.parse_args(), bool(os.environ.get("QUICK")), load_now()
    size = QUICK if quick else SIZE
    outcomes: Outcomes = {house: {} for house in HOUSES}
    yardsticks: dict[str, list[float]] = {house: [] for house in HOUSES}
    facts: dict[str, Any] = {"turns": wanted.turns or size.rounds, "window": WINDOW}
    for turn in range(facts["turns"]):
        for house in reversed(HOUSES) if turn % 2 else HOUSES:
            with bed_of(house, wanted.full) as bed:
                bed.patience = size.grace
                facts |= look_around(bed, house)
                seen = []
                for load, outcome in play(bed, size):
                    seen.append(yardstick())
                    outcomes[house].setdefault(load, []).append(outcome)
                    print(f"{house:5} {load:20} {_in_short(outcome)}; yardstick {seen[-1]:,.0f}", flush=True)
                bed.house.check()
                yardsticks[house].append(median(seen))
    turns = counted(yardsticks)
    section = describe(of_turns(turns, outcomes), {**facts, "kept": len(turns)})
    print(f"\n{goals_table(section.goals)}\n\n{as_columns(section.tables[0])}")
    if not quick:
        section.load = f"{began}, {load_now()}"
        section.save(ROOT / "docs/performance")
        renew_page(ROOT / "docs")


def counted(yardsticks: Mapping[str, list[float]]) -> list[int]:
    """The turns in which the machine was as quick for one house as for the other; all of them, where there is none."""
    both = list(zip(*(yardsticks[house] for house in HOUSES), strict=True))
    alike = [turn for turn, (empty, full) in enumerate(both) if abs(full - empty) <= SLACK * max(full, empty)]
    return alike or list(range(len(both)))


def of_turns(turns: list[int], outcomes: Outcomes) -> Outcomes:
    return {
        house: {load: [ones[turn] for turn in turns] for load, ones in loads.items()}
        for house, loads in outcomes.items()
    }


@contextmanager
def bed_of(house: str, full: str) -> Iterator[Bed]:
    if house == "full":
        with open_bed(database=full) as bed:
            yield bed
        return
    server = full.rpartition("/")[0]
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {EMPTY}".encode())
        try:
            with open_bed(database=f"{server}/{EMPTY}") as bed:
                yield bed
        finally:
            connection.execute(f"DROP DATABASE {EMPTY} WITH (FORCE)".encode())


def look_around(bed: Bed, house: str) -> dict[str, Any]:
    """What the section says of the houses: their size, and how long their answers are."""
    counts = [bed.ask(f"SELECT count(*) FROM {table}")[0][0] for table in ("connections_application", MESSAGES)]
    everybody, one = len(bed.ask_for("search")), len(bed.ask_for("search", about=ONE))
    bed.clear()
    if house == "empty":
        return {"narrow": everybody}
    said = "{:,} applications and {:,} messages".format(*counts)
    return {"full": said, "wide": everybody, "answer": one, "buffers": bed.ask("SHOW shared_buffers")[0][0]}


MESSAGES = "beckn_adapter_message"


def play(bed: Bed, size: Size) -> Iterator[tuple[str, Outcome]]:
    """One turn of every load, in their order."""
    limits: dict[str, Any] = {"seconds": size.seconds, "grace": size.grace, "patience": size.grace}
    terms = bed.ask_for("init")
    bed.rest("worker", "beat")
    for action in ("search", "confirm"):
        pace = {"window": WINDOW, "until": "ack", "terms": terms, "about": ONE, **limits}
        bed.put_under(action, 300, **pace)  # warm: connections, keys, code
        yield f"ACK of {action}", bed.put_under(action, size.requests, **pace)
    bed.wake("worker", "beat")
    bed.put_under("search", 300, window=WINDOW, about=ONE, **limits)
    calm = int(CALM * size.seconds)
    yield "search, calm", bed.put_under("search", calm, rate=CALM, about=ONE, **limits)
    yield "search, full speed", bed.put_under("search", size.searches, window=256, about=ONE, **limits)
    yield "search of a city", bed.put_under("search", size.searches, window=256, about=CITY, **limits)
    yield "confirm", bed.put_under("confirm", size.orders, window=ORDERS, **limits)
    yield "search of everybody", bed.put_under("search", WIDE_COUNT, window=WIDE, **limits)


# --- What it says -----------------------------------------------------------------------------------------------------

HEAD = ("load", "figure", "empty house", "full house", "change", "least", "most", "goal: within 15 %")


def describe(outcomes: Outcomes, facts: Mapping[str, Any]) -> Section:
    rows = [_row(figure, outcomes) for figure in FIGURES]
    wrong = _wrong(outcomes)
    goals = [_goal(figure, outcomes) for figure in FIGURES if figure.is_goal and figure.of != "cpu"]
    goals.append(Goal("Flat: nothing refused, missing or doubled in either house", "0", str(wrong), wrong == 0))
    return Section("flat-loads", "Flat: ACK and cycle", 61, PROSE.format(**facts), [Table(HEAD, rows)], goals)


def changes(figure: Figure, outcomes: Outcomes) -> list[float]:
    """Of each turn: by how much the full house's figure is above the empty one's."""
    both = zip(*(outcomes[house][figure.load] for house in HOUSES), strict=True)
    return [ratio(figure.read(full), figure.read(empty)) - 1 for empty, full in both]


def is_flat(figure: Figure, change: float) -> bool:
    """Nobody minds a full house that is quicker."""
    return change >= -SLACK if figure.more_is_better else change <= SLACK


def _row(figure: Figure, outcomes: Outcomes) -> tuple[str | float, ...]:
    empty, full = (median(map(figure.read, outcomes[house][figure.load])) for house in HOUSES)
    found = changes(figure, outcomes)
    judged = ("yes" if is_flat(figure, median(found)) else "no") if figure.is_goal else "not judged"
    return figure.load, figure.name, empty, full, *map(percent, (median(found), min(found), max(found))), judged


def _goal(figure: Figure, outcomes: Outcomes) -> Goal:
    change = median(changes(figure, outcomes))
    wanted = "at least 85 % of an empty one's" if figure.more_is_better else "at most 115 % of an empty one's"
    what = f"Flat: {figure.load}, {figure.name} of the full house"
    return Goal(what, wanted, percent(1 + change), is_flat(figure, change))


def _wrong(outcomes: Outcomes) -> int:
    every = [outcome for loads in outcomes.values() for ones in loads.values() for outcome in ones]
    return sum(one.refused + one.missing + one.doubled + one.unsigned for one in every)


def _in_short(outcome: Outcome) -> str:
    cpu = round(sum(outcome.cpu_us.values()))
    bad = (
        f"{outcome.refused} refused, {outcome.missing} missing, {outcome.doubled} doubled, {outcome.unsigned} unsigned"
    )
    return f"{outcome.ack_rate:6.0f} ACK/s {outcome.rate:6.0f} callbacks/s, {outcome.cycle}; {cpu} us; {bad}"


if __name__ == "__main__":
    main()
