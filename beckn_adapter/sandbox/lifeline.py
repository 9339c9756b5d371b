"""Ends a house's processes when whoever started them is gone, even by kill -9: `python lifeline.py`, told by a pipe.

Each line on standard input is `+<process group>` or `-<process group>`. When the pipe closes, which the kernel does for
the dead as well, every group still on the list is ended.
"""

import contextlib
import os
import signal
import sys
import time

GRACE_SECONDS = 5.0


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # only the closing of the pipe counts
    groups: set[int] = set()
    for line in sys.stdin:
        act = groups.add if line[0] == "+" else groups.discard
        act(int(line[1:]))
    end(groups)


def end(groups: set[int]) -> None:
    """SIGTERM to all, and after a grace SIGKILL to those that are left."""
    _tell(groups, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < deadline and any(map(_lives, groups)):
        time.sleep(0.05)
    _tell(groups, signal.SIGKILL)


def _tell(groups: set[int], number: signal.Signals) -> None:
    for group in groups:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, number)


def _lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    main()
