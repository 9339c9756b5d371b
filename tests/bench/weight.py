"""What the product weighs: memory after all that was done, the web server's cold start, and what is installed."""

import re
import time
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from statistics import median

from tests.bench import processes
from tests.bench.bed import Bed
from tests.bench.section import ROOT, Goal, Section, Table
from tests.bench.sizes import Size

PROSE = """
Memory at the end of all loads, of each process as the kernel counts it (RSS) and of each group with what its processes
share counted once (PSS). A cold start is from starting the web server's process until `/healthz` answers 200, asked
every 50 ms. Installed is what requirements.txt names, all files of those distributions that are installed here.
"""
MEGABYTE = 1_000_000
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)


def measure(bed: Bed, size: Size) -> Section:
    resident, shared = bed.megabytes(), processes.unshared_megabytes(bed.groups)
    rows = [(name, in_words(parts), round(sum(parts)), round(shared[name])) for name, parts in resident.items()]
    starts = [cold_start(bed) for _ in range(size.starts)]
    installed = installed_megabytes()
    web, worker, start = max(resident["web"]), max(resident["worker"]), median(starts)
    goals = [
        Goal("Web worker at the end", "< 150 MB", f"{web:.0f} MB", web < 150),
        Goal("Celery worker at the end, its largest process", "< 150 MB", f"{worker:.0f} MB", worker < 150),
        Goal("Cold start of web", "< 2 s", f"{start:.1f} s", start < 2),
        Goal("Installed", "< 200 MB", f"{sum(installed.values()):.0f} MB", sum(installed.values()) < 200),
    ]
    largest = sorted(installed.items(), key=lambda pair: -pair[1])[:8]
    tables = [
        Table(("processes", "RSS of each, MB", "together", "PSS, MB"), rows),
        Table(("cold starts", "median, s", "least", "most"), [(len(starts), start, min(starts), max(starts))]),
        Table(("largest distributions", "MB"), largest, f"{len(installed)} distributions are installed:"),
    ]
    return Section("weight", "Weight", 60, PROSE, tables, goals)


def in_words(parts: list[float]) -> str:
    """Each process of a small group; of a large one the largest."""
    if len(parts) > 4:
        return f"{parts[0]:.0f}, the largest of {len(parts)}"
    return " + ".join(f"{part:.0f}" for part in parts)


def cold_start(bed: Bed) -> float:
    bed.rest("web")
    began = time.perf_counter()
    bed.wake("web")
    return time.perf_counter() - began


def installed_megabytes(requirements: Path = ROOT / "requirements.txt") -> dict[str, float]:
    """Of each pinned distribution that is installed: some are for other platforms."""
    sizes = {}
    for name in PINNED.findall(requirements.read_text()):
        try:
            sizes[name] = _bytes(distribution(name)) / MEGABYTE
        except PackageNotFoundError:
            continue
    return sizes


def _bytes(found: Distribution) -> int:
    files = [Path(str(found.locate_file(file))) for file in found.files or []]
    return sum(file.stat().st_size for file in files if file.is_file())
