"""A PostgreSQL and a Valkey of one's own, to be stopped, frozen and brought back on the same port."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.keeper import PATIENCE, Recipe, free_port, stop


class Machine:
    """One server. `kill` and `start` may alternate; its data outlives both where the server keeps any."""

    def __init__(self, recipe: Callable[[Path, int], Recipe], folder: Path) -> None:
        self.plan = recipe(folder, free_port())
        self.log = folder / f"{recipe.__name__}.log"
        self.start()

    @property
    def url(self) -> str:
        return self.plan.url

    def start(self) -> None:
        """Again and again where what is left of a killed one still holds its files or its port."""
        self._launch()
        deadline = time.monotonic() + PATIENCE
        while not self.plan.is_ready():
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.plan.command[0]} does not come up:\n{self.log.read_text()[-500:]}")
            time.sleep(0.05)
            if self.process.poll() is not None:
                self._launch()

    def _launch(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.plan.command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **self.plan.options
            )

    def kill(self) -> None:
        """As when the machine is switched off."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """As when an operator asks it to stop, whoever is connected."""
        stop(self.process, self.plan.farewell)

    def freeze(self) -> None:
        """It takes connections and says nothing."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.process.pid, signal.SIGCONT)
