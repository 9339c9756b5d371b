"""Whose turn it is when several processes share a run (-n 2 --dist loadfile).

Long work first, so that nobody is left alone with it at the end. Files that stand on one and the same house stay
together: it is started once. pytest loads this with `-p tests.turns`.
"""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

# On whose ground a file stands (tests/faults/conftest.py, tests/town.py).
HOUSES = {
    "tests/faults/test_servers_gone.py": "ground",
    "tests/faults/test_storm.py": "ground",
    "tests/faults/test_watching.py": "ground",
    "tests/faults/test_backup.py": "town",
    "tests/faults/test_rolling_restart.py": "town",
    "tests/journeys/test_guide.py": "town",
    "tests/journeys/test_whole_story.py": "town",
}
LONGEST = (
    "ground",
    "town",
    "tests/beckn_adapter/test_sandbox_house.py",
    "tests/journeys/test_pressed_twice.py",
    "tests/faults/test_rotation.py",
    "tests/journeys/test_random_lives.py",
    "tests/faults/test_pooled.py",
    "tests/beckn_adapter/test_mutations.py",
)
LONG = ("tests/browser/", "tests/faults/", "tests/journeys/")  # a test of these takes seconds, of others a blink


class Turns(LoadFileScheduling):
    """A process that is free takes the longest file that is left."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return HOUSES.get(file, file)

    def _assign_work_unit(self, node: object) -> None:
        self.workqueue.move_to_end(min(self.workqueue, key=self._turn), last=False)
        super()._assign_work_unit(node)

    def _turn(self, scope: str) -> tuple[int, int]:
        """Files that are not known to be the longest go by their kind and number of tests."""
        place = LONGEST.index(scope) if scope in LONGEST else len(LONGEST) + (not scope.startswith(LONG))
        return place, -len(self.workqueue[scope])


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    return Turns(config, log) if config.getvalue("dist") == "loadfile" else None
