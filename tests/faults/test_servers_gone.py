"""Without its database the house acknowledges nothing, says so at once, and needs no help when it is back."""

import time
import uuid
from collections.abc import Iterator

import pytest
import requests

from beckn_adapter.sandbox import orders
from beckn_adapter.sandbox.buyer import Sent
from tests.faults.ground import Ground

PATIENCE = 60
PROMPT = 10.0  # seconds, on a busy machine; it is done in far less than one


@pytest.fixture(autouse=True)
def everything_is_up_afterwards(ground: Ground) -> Iterator[None]:
    yield
    ground.restore()


def talk_to_the_house(ground: Ground) -> str:
    transaction_id = str(uuid.uuid4())
    ground.buyers[0].talk_to(transaction_id, ground.house.me.subscriber_id, ground.house.me.url)
    return transaction_id


def search(ground: Ground) -> Sent:
    return ground.buyers[0].search(transaction_id=talk_to_the_house(ground), url=ground.house.me.url)


def select(ground: Ground) -> Sent:
    chosen = orders.selection(orders.Need(), provider_id="sf_electric_authority", item_id="new-resi-connection")
    return ground.buyers[0].select(chosen, transaction_id=talk_to_the_house(ground))


def test_without_its_database_the_house_acknowledges_nothing_and_says_so_at_once(ground: Ground) -> None:
    ground.database.kill()

    began = time.monotonic()
    searched = search(ground)
    assert time.monotonic() - began < PROMPT
    selected = select(ground)
    page = requests.get(f"{ground.house.url}/admin/login/", timeout=10)
    ground.database.start()
    served = search(ground)

    assert not searched.acknowledged
    assert searched.status <= 500  # more, and a gateway strikes us off
    assert not selected.acknowledged
    assert selected.status == 503
    assert (page.status_code, "Back in a moment" in page.text) in {(503, True), (200, False)}
    assert served.acknowledged
    assert ground.buyers[0].wait_for("on_search", served.transaction_id, timeout=PATIENCE).good
    assert ground.buyers[0].journal.entries(searched.transaction_id)[-1].sent  # no callback came


def test_a_page_of_staff_says_plainly_that_the_database_is_away(ground: Ground) -> None:
    ground.database.kill()

    page = requests.get(
        f"{ground.house.url}/admin/", cookies={"sessionid": "0123456789abcdefghijklmnopqrstuv"}, timeout=10
    )
    ground.database.start()
    again = requests.get(f"{ground.house.url}/admin/", allow_redirects=False, timeout=10)

    assert (page.status_code, page.headers["Retry-After"]) == (503, "2")
    assert "Back in a moment" in page.text
    assert again.status_code == 302
