"""docs/performance.md, made of what the benches left behind. Nothing in the page is written by hand."""

from collections.abc import Sequence
from pathlib import Path

from tests.bench.plot import draw
from tests.bench.section import Cell, Goal, Section, Table, read_sections

HEAD = """# Performance

Written by `make bench` from the figures in `docs/performance/`; not by hand. Every figure was measured with everything
on one machine: web server, worker, PostgreSQL, Valkey and the load generator share its cores. A ratio compares two
things measured in turn in the same run, so it says more than a rate. A goal that is missed says so.
"""
MACHINE = "Machine: "
MET = {True: "met", False: "**missed**"}


def write_page(page: Path, sections: Sequence[Section], machine: str) -> None:
    """The page and its plots, beside it."""
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(describe(sections, machine))
    for section in sections:
        if section.plot:
            (page.parent / f"{section.plot.name}.svg").write_text(draw(section.plot))


def renew_page(folder: Path) -> None:
    """The page of this folder anew from its figures; the machine stays as it was written there."""
    page = folder / "performance.md"
    machines = [line for line in page.read_text().splitlines() if line.startswith(MACHINE)] if page.exists() else []
    write_page(
        page, read_sections(folder / "performance"), machines[0].removeprefix(MACHINE) if machines else "unknown."
    )


def describe(sections: Sequence[Section], machine: str) -> str:
    goals = [goal for section in sections for goal in section.goals]
    parts = [HEAD, f"{MACHINE}{machine}\n"]
    if goals:
        parts.append(f"## Goals\n\n{goals_table(goals)}\n")
    parts += [_describe(section) for section in sections]
    return "\n".join(parts)


def goals_table(goals: Sequence[Goal]) -> str:
    rows = [(goal.what, goal.wanted, goal.measured, MET[goal.met]) for goal in goals]
    return as_markdown(Table(("what", "goal", "measured", ""), rows))


def _describe(section: Section) -> str:
    words = [f"## {section.title}", section.prose.strip()]
    for table in section.tables:
        words += [*([table.caption] if table.caption else []), as_markdown(table)]
    if section.plot:
        words.append(f"![{section.plot.title}]({section.plot.name}.svg)")
    words.append(f"Measured {section.at}, commit {section.commit}; load of the machine {section.load}.")
    return "\n\n".join(words) + "\n"


def as_markdown(table: Table) -> str:
    """Numbers to the right, words to the left."""
    numeric = [all(isinstance(row[place], float | int) for row in table.rows) for place in range(len(table.head))]
    lines = [table.head, ["--:" if right else "---" for right in numeric], *table.rows]
    return "\n".join(f"| {' | '.join(map(as_text, line))} |" for line in lines)


def as_columns(table: Table) -> str:
    """The same for a terminal."""
    lines = [list(map(as_text, line)) for line in (table.head, *table.rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(table.head))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)


def as_text(cell: Cell) -> str:
    """Three digits that mean something; a thousand or more whole, with commas."""
    if isinstance(cell, str):
        return cell.replace("|", "\\|")
    if cell == int(cell) or abs(cell) >= 100:
        return f"{cell:,.0f}"
    return f"{cell:.1f}" if abs(cell) >= 10 else f"{cell:.2f}"
