"""Every fault of the table, short, under load: what was acknowledged was handled, delivered and received, once.

The long one is `make soak`; docs/reliability.md holds its results.
"""

import pytest

from tests import moulds
from tests.faults.buyers import MOODS
from tests.faults.ground import EMBEDDED, SERVERS, Ground, open_ground
from tests.faults.storm import Storm
from tests.faults.table import DISK_FULL, FAULTS, faults_for, strike
from tests.faults.tally import Figures, count

PATIENCE = 120
CUSTOMERS = 3
ROWS = [
    *((EMBEDDED, fault.row) for fault in FAULTS if not fault.servers),
    *((SERVERS, fault.row) for fault in FAULTS),
    *((SERVERS, mood) for mood in MOODS),
]
Results = dict[tuple[str, str], Figures]


@pytest.fixture(scope="module")
def results(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Both storms, one after the other; while the second one blows, the leases that the first one cut run out."""
    ground.restore()
    folder = tmp_path_factory.mktemp("embedded")
    moulds.furnish(folder)
    with open_ground(EMBEDDED, folder, furnished=True) as embedded:
        storms = [Storm(embedded, CUSTOMERS), Storm(ground, CUSTOMERS)]
        for storm in storms:
            with storm.blowing():
                for fault in faults_for(storm.ground):
                    strike(storm, fault, fault.short)
        found: Results = {}
        for storm in storms:
            storm.ground.wait_until_settled(PATIENCE)
            storm.ground.house.check()
            found |= {(storm.ground.name, row): figures for row, figures in count(storm).items()}
        return found


@pytest.mark.parametrize(("where", "row"), ROWS)
def test_nothing_is_lost_and_nothing_doubled(results: Results, where: str, row: str) -> None:
    if row == DISK_FULL and (where, row) not in results:
        pytest.skip("the limits of another process can not be set here")
    figures = results[where, row]

    assert figures.acked > 0
    assert (figures.lost, figures.doubled, figures.misordered) == ([], [], [])
    assert figures.acked == figures.handled == figures.delivered == figures.received


def test_no_fault_is_answered_with_worse_than_a_503(results: Results) -> None:
    statuses = set().union(*(figures.statuses for figures in results.values()))

    assert 200 in statuses
    assert {status for status in statuses if status >= 500} <= {503}  # and that to no search: test_refusals


def test_only_a_database_that_is_away_refuses_anything(results: Results) -> None:
    away = {"PostgreSQL stopped", "PostgreSQL killed -9"}
    refusals = {row: figures.refusals for (_, row), figures in results.items() if figures.refusals and row not in away}

    assert refusals == {}


def test_a_worker_that_is_asked_to_stop_finishes_what_it_has_in_hand(results: Results) -> None:
    row = "web server and worker restarted, SIGTERM"

    assert [figures.copies for (_, name), figures in results.items() if name == row] == [0, 0]
    assert [figures.note for (_, name), figures in results.items() if name == row] == ["1 of each, exit codes [0]"] * 2


def test_a_broker_that_is_away_is_waited_for_by_nobody(results: Results) -> None:
    for row in ("Valkey killed and emptied", "Valkey frozen"):
        assert results[SERVERS, row].reply_ms[0] < 100
