"""What is pure in the comparison of a full house with a small or an empty one. How they compare no test asks."""

from pathlib import Path

import pytest

from tests.bench import flat, flat_loads
from tests.bench.figures import Outcome, Times
from tests.bench.flat import Compared, kept_part
from tests.bench.flat_loads import FIGURES, HOUSES, Figure, is_flat
from tests.bench.page import renew_page, write_page
from tests.bench.section import read_sections
from tests.bench.visits import Cost


@pytest.mark.parametrize(
    ("small", "full"),
    [
        ("/admin/connections/application/12/change/", "/admin/connections/application/500000/change/"),
        ("/admin/connections/application/?q=u25-2517", "/admin/connections/application/?q=u3-500002"),
        ("/track/5298d267-1b87-4647-b6d5-2742fa6191a6/", "/track/00000000-1b87-4647-b6d5-2742fa6191a6/"),
        ("job: post", "job: post"),
    ],
)
def test_a_page_is_the_same_in_another_house_whatever_it_is_about(small: str, full: str) -> None:
    assert kept_part(small) == kept_part(full)


def test_another_filter_or_another_list_is_another_page() -> None:
    assert kept_part("/admin/billing/entry/?kind=CHARGE") != kept_part("/admin/billing/entry/?o=1")
    assert kept_part("/admin/billing/entry/") != kept_part("/admin/billing/payment/")


def compared(name: str, small_ms: float, full_ms: float, rows: int = 50, blocks: int = 110) -> Compared:
    return Compared(name, Cost(9, 100, (), 50), Cost(9, blocks, ("billing_entry",), rows), small_ms, full_ms)


def test_a_page_is_flat_that_takes_up_to_fifteen_per_cent_longer() -> None:
    assert [compared("/a/", 100, ms).is_flat for ms in (50, 114, 116)] == [True, True, False]


def test_the_section_tells_what_grows_with_the_database_from_what_shows_more_and_from_the_machines_mood() -> None:
    grows = compared("/b/", 100, 130, blocks=1000)
    found = [compared("/a/", 100, 100), grows, compared("/c/", 100, 200, rows=99), compared("/d/", 100, 120)]

    assert compared("/e/", 100, 200, rows=99, blocks=9000).why == flat.LONGER  # it shows more, and touches far more
    section = flat.describe([*found, compared("job: c", 2, 2)], {"small": "few", "full": "many"}, rounds=7)

    assert [goal.measured for goal in section.goals] == [
        "1 of 4; 1 longer that touch more",
        "1 of 1; 0 longer that touch more",
    ]
    assert [goal.met for goal in section.goals] == [False, True]
    kinds, longer, more, mood = section.tables
    assert [row[:6] for row in kinds.rows] == [("pages", 4, 1, 1, 1, 1), ("jobs", 1, 1, 0, 0, 0)]
    assert longer.rows == [("/b/", 50, 50, 9, 9, 100, 1000, 100, 130, "30%", "billing_entry")]
    assert [row[0] for row in (*more.rows, *mood.rows)] == ["/c/", "/d/"]


def outcome(rate: float, cycle: float) -> Outcome:
    cpu = {"web": 100.0, "postgres": 50.0, "load": 999.0}
    return Outcome("search", 10, 10, 0, ack_rate=rate, rate=rate, cycle=Times(p50=cycle), cpu_us=cpu)


def test_of_a_rate_more_is_better_and_of_a_time_less() -> None:
    rate, time = Figure("x", "ACK/s", "ack_rate", more_is_better=True), Figure("x", "ms", "cycle.p50")

    assert [is_flat(rate, change) for change in (-0.16, -0.14, 0.5)] == [False, True, True]
    assert [is_flat(time, change) for change in (-0.5, 0.14, 0.16)] == [True, True, False]


def test_what_the_load_itself_takes_is_no_cost_of_the_house() -> None:
    assert Figure("x", "CPU us", "cpu").read(outcome(1, 1)) == 150


def test_houses_are_compared_turn_by_turn() -> None:
    loads = {figure.load for figure in FIGURES}
    slow_then_quick = {"empty": [outcome(100, 10), outcome(200, 5)], "full": [outcome(80, 11), outcome(160, 5.5)]}
    outcomes = {house: dict.fromkeys(loads, slow_then_quick[house]) for house in HOUSES}
    facts = {
        "full": "many",
        "buffers": "2GB",
        "turns": 2,
        "kept": 2,
        "window": 32,
        "answer": 9,
        "wide": 900,
        "narrow": 9,
    }

    section = flat_loads.describe(outcomes, facts)

    assert section.tables[0].rows[0][2:] == (150, 120, "-20%", "-20%", "-20%", "no")
    assert [goal.met for goal in section.goals if "cycle" in goal.what] == [True, True]


def test_a_turn_counts_in_which_the_machine_was_as_quick_for_both_houses() -> None:
    assert flat_loads.counted({"empty": [100, 100, 80], "full": [90, 60, 100]}) == [0]
    assert flat_loads.counted({"empty": [100, 100], "full": [50, 60]}) == [0, 1]


def test_the_page_is_renewed_with_the_machine_that_it_told_of(tmp_path: Path) -> None:
    write_page(tmp_path / "performance.md", [], "2 cores.")
    flat.describe([compared("/a/", 1, 1)], {"small": "few", "full": "many"}, 7).save(tmp_path / "performance")

    renew_page(tmp_path)

    page = (tmp_path / "performance.md").read_text()
    assert "Machine: 2 cores.\n" in page
    assert "## Flat: pages and jobs" in page
    assert len(read_sections(tmp_path / "performance")) == 1
