"""`python -m tests.bench.flat --small URL --full URL`: every page and every job in two seeded houses, by turns.

The small house has some thousand orders (every list fills its page), the full one a million. Statements and the blocks
that PostgreSQL touches for them are counted once, no other load changes them; milliseconds are the middle of several
visits, which go to the two houses in turn. Writes the section "Flat" of docs/performance.md; with `--only`, nothing.
"""

import argparse
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

from tests.bench import visits
from tests.bench.figures import SLACK, percent, ratio
from tests.bench.page import as_columns, goals_table, renew_page
from tests.bench.section import ROOT, Goal, Section, Table, load_now
from tests.bench.visits import Cost

PROSE = """
{pages} pages of the desk (every list, its filters, orders of columns and searches, the page of one of each thing) and
{jobs} jobs, in two houses on one PostgreSQL: {small}, and {full}. They are visited by turns, {rounds} times each; those
that took more than {slack} longer in the full house are visited {again} times as often, and then this counts. Where the
full house has more to show on the page (more letters a day, more that waits) and touches no more than {counted:,}
blocks for it, that is told apart; and so is what took longer though it asked as many statements and touched as many
blocks (within 15 % and {nothing}): that is the machine's mood and not the size of the database.
"""
ROUNDS, AGAIN = 7, 4
WORST = 15
NOTHING = 100  # blocks, found in memory in a tenth of a millisecond
COUNTED = 2500  # blocks, for a page of rows and the thousand that are counted
FLAT, MORE_TO_SHOW, MOOD, LONGER = CAUSES = (
    *("within 15 %", "longer, with more to show", "longer, though it touches no more"),
    "longer, and touches more",
)
HOUSES = ("small", "full")
Houses = Mapping[str, ProcessPoolExecutor]


@dataclass(frozen=True)
class Compared:
    """A page or a job in both houses: what it asks for, and milliseconds."""

    name: str
    small: Cost
    full: Cost
    small_ms: float
    full_ms: float

    @property
    def growth(self) -> float:
        """By how much of itself it takes longer in the full house."""
        return ratio(self.full_ms, self.small_ms) - 1

    @property
    def is_flat(self) -> bool:
        return self.growth <= SLACK

    @property
    def shows_more(self) -> bool:
        """More rows on the page: of a day, or of those that wait. Drawing them takes its time in any house."""
        return self.full.rows > self.small.rows * (1 + SLACK / 3)

    def touches_more(self, but: int) -> bool:
        """More of the database, but for so many blocks; else what took longer was not the size of the database."""
        return self.full.blocks - self.small.blocks * (1 + SLACK) > but

    @property
    def why(self) -> str:
        """What its growth is due to; one of CAUSES."""
        if self.is_flat:
            return FLAT
        if self.shows_more and not self.touches_more(COUNTED):
            return MORE_TO_SHOW
        return LONGER if self.touches_more(NOTHING) or self.full.statements > self.small.statements else MOOD

    @property
    def kind(self) -> str:
        return "jobs" if self.name.startswith("job: ") else "pages"


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--small", required=True, help="the address of its database")
    asked.add_argument("--full", required=True)
    asked.add_argument("--only", default="", help="what is in the address of a page, or in the name of a job")
    asked.add_argument("--rounds", type=int, default=ROUNDS)
    wanted, began = asked.parse_args(), load_now()
    with ExitStack() as stack:
        houses = {name: stack.enter_context(visits.open_house(getattr(wanted, name))) for name in HOUSES}
        found = [
            say(compare(houses, number, name, wanted.rounds))
            for number, name in enumerate(named(houses))
            if wanted.only in name
        ]
        sizes = {name: say_rows(*house.submit(visits.rows).result()) for name, house in houses.items()}
    section = describe(found, sizes, wanted.rounds)
    print(f"\n{goals_table(section.goals)}\n")
    print("\n\n".join(as_columns(table) for table in section.tables))
    if not wanted.only:
        section.load = f"{began}, {load_now()}"
        section.save(ROOT / "docs/performance")
        renew_page(ROOT / "docs")


def named(houses: Houses) -> list[str]:
    """The pages' addresses in the full house. The same number must be the same page in both."""
    names = {name: house.submit(visits.names).result() for name, house in houses.items()}
    for mine, other in zip(*names.values(), strict=True):
        if kept_part(mine) != kept_part(other):
            raise SystemExit(f"The houses have different pages: {mine} and {other}")
    return list(names["full"])


def kept_part(name: str) -> str:
    """What an address has in common with that of the same page in another house: no ids, and not what is looked for."""
    path, _, query = name.partition("?")
    steps = ["*" if any(sign.isdigit() for sign in step) else step for step in path.split("/")]
    return "/".join(steps) + "?" + query.partition("=")[0]


def compare(houses: Houses, number: int, name: str, rounds: int) -> Compared:
    costs = {house: houses[house].submit(visits.explain, number).result() for house in HOUSES}
    found = Compared(name, costs["small"], costs["full"], *_by_turns(houses, number, rounds))
    if found.is_flat:
        return found
    return Compared(name, costs["small"], costs["full"], *_by_turns(houses, number, AGAIN * rounds))


def _by_turns(houses: Houses, number: int, rounds: int) -> list[float]:
    """The middle time in each house; who is visited first changes with each round."""
    times: dict[str, list[float]] = {name: [] for name in HOUSES}
    for turn in range(rounds):
        for name in HOUSES if turn % 2 else reversed(HOUSES):
            times[name].append(houses[name].submit(visits.take_time, number).result())
    return [median(times[name]) for name in HOUSES]


# --- What it says -----------------------------------------------------------------------------------------------------

KINDS = ("kind", "how many", *CAUSES, "growth, median", "the quickest tenth", "the slowest tenth")
HEAD = (
    *("page or job", "rows, small", "full", "statements, small", "full", "blocks, small", "full"),
    *("ms, small", "full", "longer by", "reads a growing table whole"),
)


def describe(found: list[Compared], sizes: Mapping[str, str], rounds: int) -> Section:
    kinds = {kind: [one for one in found if one.kind == kind] for kind in ("pages", "jobs")}
    counts = {"pages": len(kinds["pages"]), "jobs": len(kinds["jobs"]), **sizes}
    prose = PROSE.format(rounds=rounds, slack=percent(SLACK), again=AGAIN, counted=COUNTED, nothing=NOTHING, **counts)
    worst = sorted(found, key=lambda one: -one.growth)
    tables = [Table(KINDS, [_summary(kind, ones) for kind, ones in kinds.items() if ones])]
    for cause in (LONGER, MORE_TO_SHOW, MOOD):
        rows = [_row(one) for one in worst if one.why == cause][:WORST]
        if rows:
            tables.append(Table(HEAD, rows, f"{cause.capitalize()}, the worst {len(rows)}:"))
    return Section("flat", "Flat: pages and jobs", 60, prose, tables, [_goal(kind, kinds[kind]) for kind in kinds])


def _summary(kind: str, ones: list[Compared]) -> tuple[str | float, ...]:
    growths = sorted(one.growth for one in ones)
    marks = (growths[len(growths) * place // 10] for place in (5, 1, 9))
    counts = Counter(one.why for one in ones)
    return kind, len(ones), *(counts[cause] for cause in CAUSES), *map(percent, marks)


def _goal(kind: str, ones: list[Compared]) -> Goal:
    """Met where nothing takes longer because the database is larger."""
    counts = Counter(one.why for one in ones)
    measured = f"{counts[FLAT]} of {len(ones)}; {counts[LONGER]} longer that touch more"
    return Goal(f"Flat: {kind} in the full house", "take less than 15 % longer", measured, not counts[LONGER])


def _row(one: Compared) -> tuple[str | float, ...]:
    counts = (one.small.statements, one.full.statements, one.small.blocks, one.full.blocks)
    times = (one.small_ms, one.full_ms, percent(one.growth))
    return one.name, one.small.rows, one.full.rows, *counts, *times, ", ".join(one.full.whole)


def say_rows(applications: int, messages: int) -> str:
    return f"{applications:,} applications with {messages:,} messages"


def say(one: Compared) -> Compared:
    mark = {FLAT: " ", MORE_TO_SHOW: "+", MOOD: "~", LONGER: "!"}[one.why]
    counts = f"{one.small.blocks:8,} {one.full.blocks:8,} blocks {one.small.rows:4} {one.full.rows:4} rows"
    times = f"{one.small_ms:8.1f} {one.full_ms:8.1f} ms {one.growth:+7.0%}"
    print(f"{mark} {times} {counts} {one.full.statements:3} st {one.name} {', '.join(one.full.whole)}", flush=True)
    return one


if __name__ == "__main__":
    main()
