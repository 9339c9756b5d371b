"""An ACK is a promise: whatever dies, every acknowledged message is answered, and one confirm is one order."""

import shutil
import signal
import time
import uuid

import pytest
import redis

from beckn_adapter.sandbox import orders
from beckn_adapter.sandbox.buyer import Sent
from beckn_adapter.sandbox.journal import Entry
from tests.town import Town

NEED = orders.Need()
PATIENCE = 60


def talk_to_the_house(town: Town) -> str:
    transaction_id = str(uuid.uuid4())
    town.buyer.talk_to(transaction_id, town.house.me.subscriber_id, town.house.me.url)
    return transaction_id


def offer(town: Town, transaction_id: str) -> orders.Json:
    """init, answered: the order of a confirm that agrees."""
    selected = orders.selection(NEED, provider_id="sf_electric_authority", item_id="new-resi-connection")
    applied = orders.application(NEED, selected)
    sent = town.buyer.init(applied, transaction_id=transaction_id)
    terms = town.buyer.wait_for("on_init", transaction_id, sent.message_id).order
    return orders.agreement(applied, terms)


def test_a_worker_killed_again_and_again_loses_no_answer(town: Town) -> None:
    sent = []
    for n in range(60):
        transaction_id = talk_to_the_house(town)
        sent.append(town.buyer.search(transaction_id=transaction_id, url=town.house.me.url))
        if n % 20 == 10:
            town.house.kill("worker")
            town.house.restart("worker")

    assert all(message.acknowledged for message in sent)
    for message in sent:
        assert town.buyer.wait_for("on_search", message.transaction_id, timeout=PATIENCE).good


def test_what_was_acknowledged_without_a_worker_is_answered_when_one_comes(town: Town) -> None:
    transaction_id = talk_to_the_house(town)
    agreed = offer(town, transaction_id)
    town.house.kill("worker")
    replies = [town.buyer.confirm(agreed, transaction_id=transaction_id) for _ in range(5)]
    assert all(reply.acknowledged for reply in replies)

    town.house.restart("worker")

    numbers = {
        town.buyer.wait_for("on_confirm", transaction_id, reply.message_id, timeout=PATIENCE).order["id"]
        for reply in replies
    }
    assert len(numbers) == 1


def test_a_broker_that_forgets_everything_costs_no_answer(town: Town) -> None:
    town.house.kill("worker")
    sent = [town.buyer.search(transaction_id=talk_to_the_house(town), url=town.house.me.url) for _ in range(20)]

    empty_the_broker(town)
    town.house.restart("worker")

    for message in sent:
        assert town.buyer.wait_for("on_search", message.transaction_id, timeout=PATIENCE).good


def test_a_worker_that_is_asked_to_stop_finishes_what_it_has_in_hand(town: Town) -> None:
    town.buyer.behave("slow", seconds=1, times=4)
    sent = [town.buyer.search(transaction_id=talk_to_the_house(town), url=town.house.me.url) for _ in range(4)]
    for message in sent:
        town.buyer.wait_for("on_search", message.transaction_id, timeout=PATIENCE)  # it has begun to come

    worker = town.house.processes["worker"].process
    assert worker is not None
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=40) == 0
    town.house.restart("worker")
    time.sleep(1)

    for message in sent:
        assert len(callbacks(town, message)) == 1  # its delivery was written down, so it did not come again


def test_a_rolling_restart_of_both_under_load_loses_and_doubles_nothing(town: Town) -> None:
    acknowledged = []
    for n in range(40):
        if n in (10, 25):
            town.house.restart("web" if n == 10 else "worker")
        message = town.buyer.search(transaction_id=talk_to_the_house(town), url=town.house.me.url)
        acknowledged += [message] if message.acknowledged else []

    assert len(acknowledged) == 40
    for message in acknowledged:
        assert town.buyer.wait_for("on_search", message.transaction_id, timeout=PATIENCE).good
        assert len(callbacks(town, message)) == 1


def callbacks(town: Town, message: Sent) -> list[Entry]:
    return [entry for entry in town.buyer.journal.entries(message.transaction_id) if not entry.sent]


def empty_the_broker(town: Town) -> None:
    """Messages, nudge marks, everything."""
    if town.backend == "postgres":
        for name in ("CELERY_BROKER_URL", "CACHE_URL"):
            with redis.Redis.from_url(town.house.env[name]) as client:
                client.flushdb()
        return
    for folder in ("broker/messages", "cache"):
        shutil.rmtree(town.house.var_dir / folder, ignore_errors=True)
        (town.house.var_dir / folder).mkdir(parents=True)


def test_a_web_server_killed_under_load_answers_what_it_acknowledged(town: Town) -> None:
    acknowledged = []
    for n in range(30):
        transaction_id = talk_to_the_house(town)
        if n == 15:
            town.house.kill("web")
            town.house.restart("web")
        try:
            sent = town.buyer.search(transaction_id=transaction_id, url=town.house.me.url)
        except OSError:  # nobody answered, so nothing was promised
            continue
        acknowledged += [sent] if sent.acknowledged else []

    assert len(acknowledged) >= 25
    for message in acknowledged:
        assert town.buyer.wait_for("on_search", message.transaction_id, timeout=PATIENCE).good


def test_a_buyer_app_that_was_down_gets_its_answers_in_order_when_it_is_back(town: Town) -> None:
    transaction_id = talk_to_the_house(town)
    town.buyer.behave("error", status=503)
    search = town.buyer.search(transaction_id=transaction_id, url=town.house.me.url)
    selected = orders.selection(NEED, provider_id="sf_electric_authority", item_id="new-resi-connection")
    select = town.buyer.select(selected, transaction_id=transaction_id)
    town.buyer.wait_for("on_search", transaction_id, search.message_id, timeout=PATIENCE)
    time.sleep(1)

    town.buyer.behave("ack")

    town.buyer.wait_for("on_select", transaction_id, select.message_id, timeout=PATIENCE)
    received = [entry.action for entry in town.buyer.journal.entries(transaction_id) if not entry.sent]
    assert received[-1] == "on_select"
    assert set(received[:-1]) == {"on_search"}
    assert len(received) >= 3


@pytest.fixture(autouse=True)
def a_town_in_good_health(town: Town) -> None:
    town.buyer.behave("ack")
    town.house.check()
