"""What groups of processes took of the machine, from /proc: CPU seconds and resident memory.

A group is a process with all its descendants. PostgreSQL's backends are sessions of their own, but its children.
"""

import os
from collections.abc import Mapping
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
KILOBYTES = 1024


def cpu_seconds(groups: Mapping[str, int]) -> dict[str, float]:
    """User and system time of each group so far, by the leader's pid; what has ended and was waited for included."""
    stats = _stats()
    return {name: sum(stats[pid][1] for pid in _family(leader, stats)) for name, leader in groups.items()}


def megabytes(groups: Mapping[str, int]) -> dict[str, list[float]]:
    """Resident memory of each process of each group, largest first."""
    stats = _stats()
    return {
        name: sorted((_resident(pid) for pid in _family(leader, stats)), reverse=True)
        for name, leader in groups.items()
    }


def unshared_megabytes(groups: Mapping[str, int]) -> dict[str, float]:
    """Memory of each group in which what its processes share counts once (PSS)."""
    stats = _stats()
    return {name: sum(_share(pid) for pid in _family(leader, stats)) for name, leader in groups.items()}


def parent_of(pid: int) -> int:
    return _stats()[pid][0]


def _stats() -> dict[int, tuple[int, float]]:
    """Parent and CPU seconds (its own and those of its ended children) of every process."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:  # it has ended since
            continue
        found[int(folder.name)] = (int(fields[1]), sum(map(int, fields[11:15])) / TICK)
    return found


def _family(leader: int, stats: Mapping[int, tuple[int, float]]) -> set[int]:
    family, grown = {leader} & stats.keys(), True
    while grown:
        children = {pid for pid, (parent, _) in stats.items() if parent in family} - family
        family |= children
        grown = bool(children)
    return family


def _resident(pid: int) -> float:
    return _kilobytes(pid, "status", "VmRSS:") / KILOBYTES


def _share(pid: int) -> float:
    return _kilobytes(pid, "smaps_rollup", "Pss:") / KILOBYTES


def _kilobytes(pid: int, file: str, name: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)
