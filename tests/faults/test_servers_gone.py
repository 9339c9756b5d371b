"""Broker and database may go at any moment: what was acknowledged is answered, nothing else is acknowledged."""

import time
import uuid
from collections.abc import Callable, Iterator

import pytest
import requests

from beckn_adapter.sandbox import orders
from beckn_adapter.sandbox.buyer import Sent
from tests.faults.conftest import Frail

PATIENCE = 60
A_BROKERS_TIMEOUT = 0.5  # seconds: who waited for the broker waited at least that long (settings.py, CACHES)


@pytest.fixture(autouse=True)
def everything_is_up_afterwards(frail: Frail) -> Iterator[None]:
    yield
    for machine in (frail.database, frail.broker):
        machine.thaw() if machine.process.poll() is None else machine.start()
    frail.house.check()


def search(frail: Frail) -> Sent:
    transaction_id = str(uuid.uuid4())
    frail.buyer.talk_to(transaction_id, frail.house.me.subscriber_id, frail.house.me.url)
    return frail.buyer.search(transaction_id=transaction_id, url=frail.house.me.url)


def select(frail: Frail) -> Sent:
    transaction_id = str(uuid.uuid4())
    frail.buyer.talk_to(transaction_id, frail.house.me.subscriber_id, frail.house.me.url)
    chosen = orders.selection(orders.Need(), provider_id="sf_electric_authority", item_id="new-resi-connection")
    return frail.buyer.select(chosen, transaction_id=transaction_id)


def seconds_of(act: Callable[[], object]) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began


def all_are_answered(frail: Frail, sent: list[Sent]) -> bool:
    return all(
        frail.buyer.wait_for("on_search", one.transaction_id, one.message_id, timeout=PATIENCE).good for one in sent
    )


@pytest.mark.parametrize("fault", ["killed", "frozen"])
def test_without_its_broker_the_house_acknowledges_at_full_speed_and_answers_when_it_is_back(
    frail: Frail, fault: str
) -> None:
    search(frail)  # warm
    frail.broker.kill() if fault == "killed" else frail.broker.freeze()
    sent: list[Sent] = []

    times = sorted(seconds_of(lambda: sent.append(search(frail))) for _ in range(60))

    assert all(one.acknowledged for one in sent)
    assert times[len(times) // 2] < A_BROKERS_TIMEOUT / 5
    assert sum(times) < 60 * A_BROKERS_TIMEOUT / 5
    frail.broker.start() if fault == "killed" else frail.broker.thaw()
    assert all_are_answered(frail, sent)


def test_without_its_database_the_house_acknowledges_nothing_and_says_so_at_once(frail: Frail) -> None:
    frail.database.kill()

    searched: list[Sent] = []
    assert seconds_of(lambda: searched.append(search(frail))) < 4
    selected = select(frail)
    page = requests.get(f"{frail.house.url}/admin/login/", timeout=10)
    frail.database.start()
    began = time.monotonic()
    served = []
    while not served or not served[-1].acknowledged:
        served.append(search(frail))
        assert time.monotonic() - began < 10

    assert not searched[0].acknowledged
    assert searched[0].status <= 500  # more, and a gateway strikes us off
    assert not selected.acknowledged
    assert selected.status == 503
    assert (page.status_code, "Back in a moment" in page.text) in {(503, True), (200, False)}
    assert len(served) == 1
    assert all_are_answered(frail, served)
    assert frail.buyer.journal.entries(searched[0].transaction_id)[-1].sent  # no callback came


def test_a_page_of_staff_says_plainly_that_the_database_is_away(frail: Frail) -> None:
    frail.database.kill()

    page = requests.get(
        f"{frail.house.url}/admin/", cookies={"sessionid": "0123456789abcdefghijklmnopqrstuv"}, timeout=10
    )
    frail.database.start()
    again = requests.get(f"{frail.house.url}/admin/", allow_redirects=False, timeout=10)

    assert (page.status_code, page.headers["Retry-After"]) == (503, "2")
    assert "Back in a moment" in page.text
    assert again.status_code == 302


def test_a_database_that_stops_in_the_middle_of_the_work_loses_no_answer(frail: Frail) -> None:
    sent = []
    for n in range(60):
        if n == 30:
            frail.database.stop()
            frail.database.start()
        sent.append(search(frail))

    acknowledged = [one for one in sent if one.acknowledged]

    assert len(acknowledged) >= 55
    assert all_are_answered(frail, acknowledged)
