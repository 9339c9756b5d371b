"""Child processes that come up, are watched, and go away: each in a process group of its own, each with its log."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from beckn_adapter.sandbox import lifeline

GRACE_SECONDS = 30.0  # who is asked to stop finishes what it has in hand; on a busy machine that takes its time
TAIL_LINES = 25


class ChildFailed(Exception):
    """A process that died, or did not come up in time. The text says which and shows the end of its log."""


class Child:
    """One program under a name. `start` and `stop` may alternate; the log goes on."""

    def __init__(self, name: str, command: Sequence[str], *, env: Mapping[str, str], log: Path) -> None:
        self.name, self.command, self.env, self.log = name, list(command), dict(env), log
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int:
        """Of the leader, which is the number of the group too; 0 when it was never started."""
        return self.process.pid if self.process else 0

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us; we end the child in our own way
            )

    def ask_to_stop(self) -> None:
        """To the leader alone: it ends its own children once they have finished."""
        if self.process and self.alive:
            self.process.send_signal(signal.SIGTERM)

    def end(self, deadline: float) -> None:
        """Wait until the deadline (monotonic), then kill whatever is left of the group."""
        if self.process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, deadline - time.monotonic()))
        self.kill()

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """A signal to the whole group; after SIGKILL nothing of it is left."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)
        if number == signal.SIGKILL:
            self.process.wait()

    def wait_until(self, is_ready: Callable[[], bool], timeout: float) -> None:
        """Raises `ChildFailed` when it dies or the time is up."""
        deadline = time.monotonic() + timeout
        while not is_ready():
            if not self.alive:
                raise self.failure("died")
            if time.monotonic() > deadline:
                raise self.failure(f"was not ready within {timeout:g} s")
            time.sleep(0.05)

    def failure(self, what: str) -> ChildFailed:
        return ChildFailed(f"{self.name} {what}. The end of {self.log}:\n{self.tail()}")

    def tail(self) -> str:
        lines = self.log.read_text("utf-8", "replace").splitlines() if self.log.exists() else []
        return "\n".join(f"    {_shortened(line)}" for line in lines[-TAIL_LINES:])


def _shortened(line: str) -> str:
    """A traceback in one JSON line is thousands of characters long; how it began and how it ended is enough."""
    return line if len(line) <= 600 else f"{line[:300]} ... {line[-300:]}"


def stop_all(children: Iterable[Child], grace: float = GRACE_SECONDS) -> None:
    """Ask all at once, give them one grace together, and leave nothing of them."""
    children = list(children)
    for child in children:
        child.ask_to_stop()
    deadline = time.monotonic() + grace
    for child in children:
        child.end(deadline)


class Lifeline:
    """A little process that ends the registered groups should we die without a word (see lifeline.py)."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, lifeline.__file__], stdin=subprocess.PIPE, start_new_session=True
        )

    def holds(self, child: Child) -> None:
        self._tell(f"+{child.pid}\n")

    def lets_go(self, child: Child) -> None:
        self._tell(f"-{child.pid}\n")

    def cut(self) -> None:
        """To be called when nothing is left to hold."""
        self._process.communicate()

    def _tell(self, line: str) -> None:
        pipe = self._process.stdin
        if pipe:
            with contextlib.suppress(BrokenPipeError):
                pipe.write(line.encode())
                pipe.flush()
