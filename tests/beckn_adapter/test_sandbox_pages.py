"""The buyer app's web pages, against a provider platform that only listens."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from beckn_adapter.sandbox.buyer import BuyerApp
from tests.beckn_adapter.neighbours import Neighbours, neighbours


@pytest.fixture
def net() -> Iterator[Neighbours]:
    with neighbours() as everybody:
        yield everybody


def page(buyer: BuyerApp, path: str = "/") -> requests.Response:
    return requests.get(f"{buyer.url}{path}", timeout=5)


def press(buyer: BuyerApp, path: str, **form: str) -> requests.Response:
    return requests.post(f"{buyer.url}{path}", data=form, timeout=10)


def test_front_page_says_that_nothing_was_said_yet(net: Neighbours) -> None:
    shown = page(net.buyer)

    assert shown.status_code == 200
    assert "None yet. A search starts one" in shown.text
    assert page(net.buyer, "/sandbox.css").headers["Content-Type"].startswith("text/css")


def test_a_search_from_the_page_leads_to_its_conversation(net: Neighbours) -> None:
    shown = press(net.buyer, "/search", load_kw="7")

    assert [step.status_code for step in shown.history] == [303]
    assert "/t/" in shown.url
    assert "accepted (ACK)" in shown.text
    assert net.buyer.needs[shown.url.rsplit("/", 1)[1]].load_kw == "7"


def test_what_was_typed_wrong_is_said_and_kept_and_nothing_is_sent(net: Neighbours) -> None:
    shown = press(net.buyer, "/search", load_kw="a lot", name="Maria <b>", gps="here")

    assert shown.status_code == 422
    assert "Enter the load in kW as a number" in shown.text
    assert 'value="a lot"' in shown.text
    assert "Maria &lt;b&gt;" in shown.text
    assert net.provider.heard == []


def test_the_story_can_be_clicked_from_offer_to_order(net: Neighbours) -> None:
    buyer = net.buyer
    talk = press(buyer, "/search").url.removeprefix(buyer.url)
    transaction_id = talk.rsplit("/", 1)[1]

    def provider_says(action: str, message: Any) -> None:
        asked = next(e for e in reversed(buyer.journal.entries(transaction_id)) if e.sent)
        net.context = asked.message["context"]
        assert net.call_back(action, message=message).acknowledged

    item = {"id": "new-resi-connection", "descriptor": {"name": "Residential Electricity Connection"}}
    provider_says("on_search", {"catalog": {"providers": [{"id": "sfea", "items": [item]}]}})
    assert "Residential Electricity Connection" in page(buyer, talk).text
    press(buyer, f"{talk}/select", bpp_id="provider.localhost", provider_id="sfea", item_id="new-resi-connection")
    provider_says("on_select", {"order": {"quote": {"price": {"value": "200", "currency": "USD"}}}})
    press(buyer, f"{talk}/init", name="Maria")
    provider_says("on_init", {"order": {"payments": [{"type": "ON-FULFILLMENT"}]}})
    press(buyer, f"{talk}/confirm")
    provider_says("on_confirm", {"order": {"id": "conn-order-001"}})

    confirmed = net.provider.heard[-1].json()["message"]["order"]
    assert [request.path for request in net.provider.heard] == ["/search", "/select", "/init", "/confirm"]
    assert confirmed["payments"] == [{"type": "ON-FULFILLMENT"}]
    assert confirmed["billing"]["name"] == "Maria"
    assert "Order conn-order-001" in page(buyer, talk).text


def test_the_same_request_can_be_sent_again_from_the_page(net: Neighbours) -> None:
    talk = press(net.buyer, "/search").url
    number = net.buyer.journal.entries(talk.rsplit("/", 1)[1])[0].number

    press(net.buyer, f"/again/{number}")
    time.sleep(0.1)

    first, second = (request.body for request in net.provider.heard)
    assert first == second


def test_failing_is_switched_on_and_announced_on_the_page(net: Neighbours) -> None:
    shown = press(net.buyer, "/answers", kind="nack")

    assert "Callbacks are answered with a NACK." in shown.text
    assert net.call_back("on_search").status == 400


def test_a_form_from_another_site_is_refused(net: Neighbours) -> None:
    answer = requests.post(
        f"{net.buyer.url}/answers", {"kind": "error"}, headers={"Origin": "https://evil.example"}, timeout=5
    )

    assert answer.status_code == 403
    assert net.buyer.behaviour.kind == "ack"


def test_a_conversation_that_was_forgotten_is_said_to_be(net: Neighbours) -> None:
    shown = page(net.buyer, "/t/nothing-like-it")

    assert shown.status_code == 404
    assert "forgets everything when it is stopped" in shown.text
