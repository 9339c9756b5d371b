"""The house seen from outside, over HTTP: is it ready, what does it count, and what does it say of one message?"""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from beckn_adapter import tally
from beckn_adapter.sandbox.buyer import Sent
from config import metrics, readiness
from tests.faults.ground import Ground

PATIENCE = 30.0
PROBE = 10.0  # seconds that whoever probes waits: what is frozen stays so for longer


@pytest.fixture(autouse=True)
def everything_is_up_afterwards(ground: Ground) -> Iterator[None]:
    yield
    ground.restore()


def search(ground: Ground) -> Sent:
    transaction_id = str(uuid.uuid4())
    ground.buyers[0].talk_to(transaction_id, ground.house.me.subscriber_id, ground.house.me.url)
    return ground.buyers[0].search(transaction_id=transaction_id, url=ground.house.me.url)


def eventually(holds: Callable[[], Any]) -> Any:
    """What it gives once that is something; the caches of both pages are a few seconds old at most."""
    deadline = time.monotonic() + PATIENCE
    while not (found := holds()):
        assert time.monotonic() < deadline, f"not within {PATIENCE:g} s"
        time.sleep(0.3)
    return found


def ready(ground: Ground) -> tuple[int, dict[str, Any]]:
    answer = requests.get(f"{ground.house.url}/readyz", timeout=PROBE)
    return answer.status_code, answer.json()


def figures(ground: Ground) -> dict[str, float]:
    """Every sample by name and labels: `messages_received_total buyer.test new search`."""
    answer = requests.get(f"{ground.house.url}/metrics", timeout=10)
    assert answer.status_code == 200, answer.text
    return {
        " ".join([sample.name.removeprefix("servicedrop_"), *(v for _, v in sorted(sample.labels.items()))]): value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        for value in [sample.value]
    }


def failing(said: dict[str, Any]) -> set[str]:
    return {name for name, check in said["checks"].items() if check["state"] != "ok"}


def test_a_house_that_stands_is_ready(ground: Ground) -> None:
    status, said = eventually(lambda: (found := ready(ground))[1]["status"] == "ready" and found)

    assert status == 200
    assert set(said["checks"]) == {"database", "migrations", "keys", "clock", "broker", "registry", "boxes"}
    assert failing(said) == set()


SAID = {"killed": "does not answer", "frozen": "no answer within 2 s"}


@pytest.mark.parametrize("fault", SAID)
def test_without_its_database_it_is_not_ready_says_so_in_time_and_is_again_by_itself(
    ground: Ground, fault: str
) -> None:
    ground.database.kill() if fault == "killed" else ground.database.freeze()
    time.sleep(readiness.KEPT)

    status, said = ready(ground)
    counted = figures(ground)

    assert (status, said["status"]) == (503, "unavailable")
    assert {"database"} <= failing(said) <= {"database", "clock", "boxes", "migrations"}
    assert said["checks"]["database"]["says"].startswith(SAID[fault])
    assert counted["check_ok database"] == 0
    assert secrets_in(json.dumps(said), ground) == []
    ground.database.start() if fault == "killed" else ground.database.thaw()
    assert eventually(lambda: ready(ground)[0] == 200)


def test_without_its_broker_it_is_degraded_and_still_takes_messages(ground: Ground) -> None:
    ground.broker.kill()
    time.sleep(readiness.KEPT)

    status, said = ready(ground)

    assert (status, said["status"]) == (200, "degraded")
    assert failing(said) == {"broker"}
    assert search(ground).acknowledged
    assert secrets_in(json.dumps(said), ground) == []


def test_without_its_keys_it_is_not_ready(ground: Ground) -> None:
    web = ground.house.processes["web"]
    key = web.env["BECKN_SIGNING_KEY"]
    try:
        web.env = {**web.env, "BECKN_SIGNING_KEY": ""}
        ground.house.restart("web")
        status, said = ready(ground)
    finally:
        web.env = {**web.env, "BECKN_SIGNING_KEY": key}
        ground.house.restart("web")

    assert (status, said["status"]) == (503, "unavailable")
    assert failing(said) == {"keys"}
    assert said["checks"]["keys"]["says"] == "BECKN_SIGNING_KEY is not set"
    assert ready(ground)[0] == 200


def test_a_storm_of_probes_is_answered_by_one_look(ground: Ground) -> None:
    def probe() -> dict[str, Any]:
        return ready(ground)[1]

    probe()
    began = time.monotonic()
    answers = [json.dumps(probe()) for _ in range(100)]
    took = time.monotonic() - began

    assert len(set(answers)) <= took / readiness.KEPT + 2


def secrets_in(text: str, ground: Ground) -> list[str]:
    house = ground.house
    values = [house.env["DATABASE_URL"], house.env["CELERY_BROKER_URL"], house.env["BECKN_SIGNING_KEY"], "127.0.0.1"]
    return [value for value in values if value in text]


def test_the_figures_move_in_web_and_worker_as_messages_come_are_refused_and_are_answered(ground: Ground) -> None:
    buyer = ground.buyers[0].me.subscriber_id
    names = {
        "received": f"messages_received_total search {buyer} new",
        "acks": "ack_seconds_count search",
        "handled": f"messages_handled_total search {buyer} answered",
        "delivered": f"callback_attempts_total on_search {buyer} delivered",
        "answers": "answer_seconds_count search",
        "refused": "messages_refused_total search stranger header",
    }
    ground.wait_until_settled(PATIENCE)
    before = figures(ground)
    sent = [search(ground) for _ in range(5)]
    for one in sent:
        assert ground.buyers[0].wait_for("on_search", one.transaction_id, timeout=PATIENCE)
    for _ in range(3):
        assert requests.post(f"{ground.house.url}/beckn/search", data=b"{}", timeout=10).status_code == 401

    def moved() -> dict[str, float]:
        now = figures(ground)
        return {short: now.get(name, 0) - before.get(name, 0) for short, name in names.items()}

    wanted = {"received": 5, "acks": 5, "handled": 5, "delivered": 5, "answers": 5, "refused": 3}
    # At least: what the tests before it left to be counted may arrive in between.
    eventually(lambda: all(count >= wanted[short] for short, count in moved().items()))
    now = figures(ground)
    assert now["inbox_messages"] == 0
    assert now["check_ok boxes"] == 1
    assert now["answer_seconds_bucket search +Inf"] == now["answer_seconds_count search"]


def counted(ground: Ground) -> int:
    """How many searches of the buyer app stand in the table."""
    series = json.dumps(["messages_received", "search", ground.buyers[0].me.subscriber_id, "new"])
    with psycopg.connect(ground.database.url.replace("postgres://", "postgresql://")) as line:
        row = line.execute("SELECT number FROM beckn_adapter_tally WHERE series = %s", [series]).fetchone()
    return row[0] if row else 0


def test_what_was_counted_outlives_a_restart_of_the_web_server(ground: Ground) -> None:
    search(ground)
    time.sleep(tally.EVERY + 1)
    before = counted(ground)
    search(ground)

    ground.house.restart("web")

    assert counted(ground) == before + 1


def test_a_storm_of_scrapes_is_answered_by_one_reading(ground: Ground) -> None:
    began = time.monotonic()
    pages = set()
    for _ in range(20):
        search(ground)
        pages.add(requests.get(f"{ground.house.url}/metrics", timeout=10).text)
    took = time.monotonic() - began

    assert len(pages) <= took / metrics.KEPT + 2


def test_one_message_can_be_followed_through_the_logs_of_web_and_worker(ground: Ground) -> None:
    sent = search(ground)
    assert ground.buyers[0].wait_for("on_search", sent.transaction_id, timeout=PATIENCE)

    def lines(process: str) -> list[dict[str, Any]]:
        text = (ground.house.var_dir / f"{process}.log").read_text()
        found = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        return [line for line in found if line.get("transaction_id") == sent.transaction_id]

    web = eventually(lambda: lines("web"))
    worker = eventually(lambda: len(lines("worker")) == 2 and lines("worker"))

    assert [line["message"] for line in web] == ["acknowledged search: stored"]
    assert worker[0]["message"].startswith("handled search: answered, ")
    assert worker[1]["message"].startswith("delivered on_search, attempt 1, ")
    assert {line["task"] for line in worker} == {"beckn_adapter.tasks.work"}
    assert {line["message_id"] for line in [*web, *worker]} == {sent.message_id}
    assert {line["bap_id"] for line in [*web, *worker]} == {ground.buyers[0].me.subscriber_id}
    assert all(line["task_id"] for line in worker)
