"""A part of docs/performance.md as its bench leaves it: prose, tables, goals and plots, kept as JSON.

Each part can be run alone; the page (page.py) is made anew of all that exist.
"""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
Cell = str | float
Point = tuple[float, float]


@dataclass(frozen=True)
class Goal:
    """What was to be reached, what was measured, and whether that is enough."""

    what: str
    wanted: str
    measured: str
    met: bool


@dataclass(frozen=True)
class Table:
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    caption: str = ""


@dataclass(frozen=True)
class Plot:
    """Lines over one axis; drawn by plot.py as docs/<name>.svg."""

    name: str
    title: str
    across: str
    up: str
    lines: Mapping[str, Sequence[Point]]


@dataclass
class Section:
    """`name` is of its file; `order` says where it stands in the page."""

    name: str
    title: str
    order: int
    prose: str
    tables: list[Table] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    plot: Plot | None = None
    at: str = ""
    commit: str = ""
    load: str = ""  # of the machine, when the part began and when it ended

    def save(self, folder: Path) -> Path:
        """Dated and with the commit that was measured."""
        self.at, self.commit = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", commit_now()
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{self.name}.json"
        file.write_text(json.dumps(_rounded(asdict(self)), indent=1, ensure_ascii=False) + "\n")
        return file


def _rounded(part: Any) -> Any:
    """Floats to three decimals, at whatever depth: nothing here is known better."""
    if isinstance(part, float):
        return round(part, 3)
    if isinstance(part, dict):
        return {name: _rounded(value) for name, value in part.items()}
    return [_rounded(value) for value in part] if isinstance(part, list | tuple) else part


def read_section(file: Path) -> Section:
    told: dict[str, Any] = json.loads(file.read_text())
    told["tables"] = [Table(**table) for table in told["tables"]]
    told["goals"] = [Goal(**goal) for goal in told["goals"]]
    told["plot"] = Plot(**told["plot"]) if told["plot"] else None
    return Section(**told)


def read_sections(folder: Path) -> list[Section]:
    return sorted((read_section(file) for file in folder.glob("*.json")), key=lambda section: section.order)


def commit_now() -> str:
    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + (" with changes" if changed else "")


def load_now() -> str:
    return f"{os.getloadavg()[0]:.1f}"
