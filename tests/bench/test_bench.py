"""What is pure in the benches. How fast anything is no test asks: `make bench` measures it."""

import socket
from pathlib import Path
from xml.etree import ElementTree

import pytest

from beckn_adapter.sandbox.participant import Participant
from beckn_adapter.sandbox.server import port_or_any
from tests.bench.figures import Spread, Times, percent, percentile, ratio, steady
from tests.bench.letters import Desk, House
from tests.bench.load import Load, Log, Plan, judge
from tests.bench.page import as_columns, as_text, describe, write_page
from tests.bench.plot import draw, nice_step
from tests.bench.section import Goal, Plot, Section, Table, read_sections
from tests.bench.sizes import LONG, QUICK
from tests.bench.weight import installed_megabytes
from tests.bench.wire import REPLY, Wire, post


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 50), (0.95, 95), (0.99, 99), (1, 100), (0, 1), (0.001, 1), (0.991, 100)]
)
def test_a_percentile_is_a_value_that_was_measured(share: float, expected: int) -> None:
    assert percentile(list(range(100, 0, -1)), share) == expected


def test_nothing_measured_is_nothing() -> None:
    assert (percentile([], 0.5), ratio(5, 0), Spread.of([])) == (0, 0, Spread(0, 0, 0))
    assert Times.of([]) == Times(0, 0, 0, 0)


def test_times_are_told_in_milliseconds() -> None:
    assert Times.of([0.001, 0.002, 0.003, 0.010]) == Times(2, 10, 10, 10)


@pytest.mark.parametrize(("share", "words"), [(0.8, "80%"), (1.234, "123%"), (0.0512, "5.1%")])
def test_a_share_is_told_in_per_cent(share: float, words: str) -> None:
    assert percent(share) == words


def test_a_round_is_dropped_when_the_machine_was_slower_or_quicker_than_usual() -> None:
    assert steady([100, 84, 86, 114, 116]) == [0, 2, 3]
    assert steady([100, 200]) == [0]


def log_of(moments: list[tuple[float, float, float, int]]) -> Log:
    log = Log.of(len(moments))
    for number, (due, acked, answered, copies) in enumerate(moments):
        log.due[number], log.acked[number], log.answered[number], log.copies[number] = due, acked, answered, copies
    return log


def test_a_load_is_judged_by_what_came_of_each_message() -> None:
    plan = Plan(House("http://127.0.0.1:1", "bpp"), [], bytes(32), {})
    log = log_of(
        [
            (10.0, 10.1, 10.2, 1),
            (10.1, 10.2, 10.15, 1),  # its callback came first
            (10.2, 10.3, 10.5, 2),  # it came twice
            (10.3, 10.4, 0.0, 0),  # it never came
            (10.4, 0.0, 0.0, 0),  # it was not acknowledged
        ]
    )

    found = judge(plan, log, sent=5)

    assert (found.sent, found.acked, found.refused, found.missing) == (5, 4, 1, 1)
    assert (found.doubled, found.overtaken) == (1, 1)
    assert found.rate == pytest.approx(3 / 0.5)
    assert found.ack_rate == pytest.approx(4 / 0.4)
    assert found.lead_ms == pytest.approx(-50)
    assert found.cycle.most == pytest.approx(300)


def test_letters_go_out_in_a_closed_loop_and_their_callbacks_are_known_again() -> None:
    """The load generator is its own platform here: what it posts to its door is what a callback looks like."""
    me = Participant("bap.localhost", f"http://127.0.0.1:{port_or_any(0)}/beckn", "BAP")
    house = House(me.url.removesuffix("/beckn"), "bpp.localhost")
    plan = Plan(house, [me], bytes(me.signing_key.verify_key), {}, action="search", window=2, lines=4)
    letters = Desk(house, [me]).searches(5)
    as_callbacks = [
        type(letter)(*(letter.message_id, "", letter.request.replace(b"/beckn/search ", b"/beckn/on_search ")), {}, 0)
        for letter in letters
    ]

    found = judge(plan, Load(plan, as_callbacks).run(), sent=5)

    assert (found.acked, found.callbacks, found.missing, found.doubled, found.unsigned) == (5, 5, 0, 0, 0)


def test_a_door_answers_requests_that_come_in_pieces_or_together() -> None:
    heard: list[bytes] = []
    address = ("127.0.0.1", port_or_any(0))
    request = post("/beckn/on_search", "here", "signature", b'{"a": 1}')
    with Wire(lambda *_: None, lambda _, body, __: heard.append(body)) as wire:
        wire.open_door(address)
        with socket.create_connection(address) as line:
            for piece in (request[:40], request[40:-3], request[-3:] + request + request[:10], request[10:]):
                line.sendall(piece)
                wire.look(0.2)
                wire.look(0.2)
            replies = line.recv(10_000)

    assert heard == [b'{"a": 1}'] * 3
    assert replies == REPLY * 3


PLOT = Plot("latency", "a < b & c", "searches a second", "ms", {"p50": [(100, 2), (500, 3)], "p99": [(500, 1e4)]})


def test_a_plot_is_well_formed_and_names_axes_and_lines() -> None:
    drawing = ElementTree.fromstring(draw(PLOT))  # noqa: S314 - our own

    words = [text.text for text in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert {"a < b & c", "searches a second", "ms", "p50", "p99", "10000", "500"} <= set(words)
    assert len(list(drawing.iter("{http://www.w3.org/2000/svg}polyline"))) == 2


@pytest.mark.parametrize(("right", "step"), [(1250, 200), (1000, 100), (500, 50), (30, 5), (1, 0.1)])
def test_the_grid_has_round_numbers(right: float, step: float) -> None:
    assert nice_step(right) == pytest.approx(step)


def section_of(name: str, order: int, *, met: bool) -> Section:
    table = Table(("load", "ms"), [("500/s", 1234.5), ("a | b", 2.5)], "Until the ACK:")
    return Section(name, name.title(), order, "Prose.\n", [table], [Goal(name, "≤ 10 ms", "9 ms", met)], PLOT)


def test_the_page_is_made_of_all_parts_that_left_figures(tmp_path: Path) -> None:
    for section in (section_of("later", 20, met=False), section_of("first", 10, met=True)):
        section.load = "0.5, 1.2"
        section.save(tmp_path / "performance")

    write_page(tmp_path / "performance.md", read_sections(tmp_path / "performance"), "2 cores.")

    page = (tmp_path / "performance.md").read_text()
    assert page.index("## Goals") < page.index("## First") < page.index("## Later")
    assert "| first | ≤ 10 ms | 9 ms | met |" in page
    assert "| later | ≤ 10 ms | 9 ms | **missed** |" in page
    assert "| load | ms |\n| --- | --: |\n| 500/s | 1,234 |\n| a \\| b | 2.50 |" in page
    assert "load of the machine 0.5, 1.2" in page
    assert (tmp_path / "latency.svg").read_text() == draw(PLOT)


def test_a_page_without_figures_has_no_goals() -> None:
    assert "## Goals" not in describe([], "2 cores.")


@pytest.mark.parametrize(("value", "words"), [(0, "0"), (7, "7"), (7.256, "7.26"), (72.56, "72.6"), (1e6, "1,000,000")])
def test_figures_have_as_many_digits_as_mean_something(value: float, words: str) -> None:
    assert as_text(value) == words


def test_a_table_stands_in_columns_on_a_terminal() -> None:
    assert as_columns(Table(("a", "longer"), [("wide cell", 1)])) == "a          longer\nwide cell  1     "


def test_the_quick_size_asks_for_the_rates_of_the_goals_too() -> None:
    assert {500, 1000} <= set(LONG.rates) & set(QUICK.rates)


def test_what_requirements_name_is_found_installed(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("django==5.2 \\\n    --hash=sha256:00\n    # via nobody==1\nnot-installed-here==1\n")

    found = installed_megabytes(requirements)

    assert list(found) == ["django"]
    assert found["django"] > 10
