"""The sandbox's buyer app: what it sends, what it believes, and how it fails on purpose."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from beckn_adapter.sandbox import orders
from beckn_adapter.sandbox.participant import Participant, iso, post
from tests.beckn_adapter.neighbours import Neighbours, neighbours
from tests.core_schema import violations


@pytest.fixture
def net() -> Iterator[Neighbours]:
    with neighbours() as everybody:
        yield everybody


def test_requests_of_the_buyer_app_satisfy_the_core(net: Neighbours) -> None:
    need = orders.Need()
    selected = orders.selection(need, provider_id="sf_electric_authority", item_id="new-resi-connection")
    applied = orders.application(need, selected)
    payments = [{"type": "ON-FULFILLMENT", "status": "NOT-PAID", "params": {"amount": "150", "currency": "USD"}}]
    agreed = orders.agreement(applied, {"payments": payments})
    net.buyer.talk_to("9a5f8a3a-8a54-4f0c-9a41-4cf5b7d7c1d0", "provider.localhost", net.provider.url)

    for action, message in (
        ("search", {"intent": orders.intent(need)}),
        ("select", {"order": selected}),
        ("init", {"order": applied}),
        ("confirm", {"order": agreed}),
    ):
        context = net.buyer.context(action, "9a5f8a3a-8a54-4f0c-9a41-4cf5b7d7c1d0")
        assert violations({"context": context, "message": message}, uuid_ids=True) == []
        assert (context["ttl"], context.get("bpp_id")) == ("PT10M", "provider.localhost")


def test_buyer_app_talks_to_the_provider_that_answered_its_search(net: Neighbours) -> None:
    net.call_back("on_search")

    sent = net.buyer.select({"items": []}, transaction_id="txn-1")

    heard = net.provider.heard[-1]
    assert (heard.path, heard.body) == ("/select", sent.body)
    assert json.loads(sent.body)["context"]["bpp_id"] == "provider.localhost"


def test_buyer_app_can_leave_out_and_change_whatever_a_test_wants(net: Neighbours) -> None:
    net.buyer.send(
        "select",
        {"order": {}},
        transaction_id="txn-3",
        message_id="msg-3",
        url=net.provider.url,
        context_overrides={"ttl": None, "version": "9.9"},
        sign=False,
    )

    heard = net.provider.heard[-1]
    context = heard.json()["context"]
    assert "Authorization" not in heard.headers
    assert "ttl" not in context
    assert (context["version"], context["message_id"]) == ("9.9", "msg-3")


def test_buyer_app_remembers_a_request_that_nobody_answered(net: Neighbours) -> None:
    net.provider.stop()

    with pytest.raises(requests.ConnectionError):
        net.buyer.send("init", {}, transaction_id="txn-4", url=net.provider.url)

    assert [(e.sent, e.status, e.good) for e in net.buyer.journal.entries("txn-4")] == [(True, 0, False)]


def test_buyer_app_believes_a_callback_that_its_provider_signed(net: Neighbours) -> None:
    answer = net.call_back("on_select", message={"order": {"quote": {"price": {"value": "200", "currency": "USD"}}}})

    entry = net.buyer.wait_for("on_select", "txn-1", "msg-1")
    assert answer.acknowledged
    assert (entry.good, entry.words) == (True, "quotes 200 USD")
    assert entry.message["message"]["order"]["quote"]["price"]["value"] == "200"
    assert json.loads(entry.body) == entry.message


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"signer": Participant("provider.localhost", "", "BPP")}, "does not fit"),
        ({"signer": Participant("nobody.localhost", "", "BPP")}, "no valid BPP key"),
        ({"bpp_id": "another.localhost"}, "bpp_id"),
        ({"bap_id": "another.localhost"}, "bap_id"),
    ],
)
def test_buyer_app_refuses_a_callback_that_is_not_what_it_says(net: Neighbours, changes: Any, reason: str) -> None:
    answer = net.call_back("on_select", **changes)

    entry = net.buyer.wait_for("on_select", "txn-1")
    assert (answer.status, answer.acknowledged) == (401, False)
    assert reason in entry.reason


def test_buyer_app_refuses_a_callback_signed_by_a_buyer_app(net: Neighbours) -> None:
    answer = net.call_back("on_select", signer=net.buyer.me)

    assert answer.status == 401


def test_buyer_app_refuses_keys_that_are_no_longer_valid(net: Neighbours) -> None:
    net.call_back("on_search")
    yesterday = iso(datetime.now(UTC) - timedelta(days=1))
    fresh = Participant("provider.localhost", net.provider.url, "BPP", key_id="k2")
    fresh.subscribe(net.registry.url, valid_until=yesterday)

    assert net.call_back("on_search").acknowledged
    assert net.call_back("on_search", signer=fresh).status == 401


def test_buyer_app_asks_the_registry_again_when_a_key_was_changed(net: Neighbours) -> None:
    assert net.call_back("on_search").acknowledged
    net.provider.me = Participant("provider.localhost", net.provider.url, "BPP")
    net.provider.me.subscribe(net.registry.url)

    assert net.call_back("on_search").acknowledged


def test_buyer_app_takes_meta_callbacks_which_have_no_on(net: Neighbours) -> None:
    assert net.call_back("cancellation_reasons").acknowledged
    assert post(f"{net.buyer.uri}/search", b"{}").status == 404


def test_waiting_in_vain_says_what_came_instead(net: Neighbours) -> None:
    net.call_back("on_search")

    with pytest.raises(TimeoutError, match="received in this transaction: on_search"):
        net.buyer.wait_for("on_confirm", "txn-1", timeout=0.1)


def test_waiting_for_the_second_callback_does_not_take_the_first(net: Neighbours) -> None:
    net.call_back("on_status", message_id="a")
    net.call_back("on_status", message_id="b")

    assert net.buyer.wait_for("on_status", "txn-1", count=2).message_id == "b"


def test_a_body_that_is_no_json_is_kept_as_it_came(net: Neighbours) -> None:
    body = b"\xff not json"
    header = net.provider.me.sign(body)

    answer = post(f"{net.buyer.uri}/on_search", body, {"Authorization": header})

    assert answer.status == 401
    assert net.buyer.wait_for("on_search", "").body == body


@pytest.mark.parametrize(("kind", "status"), [("ack", 200), ("nack", 400), ("error", 500)])
def test_buyer_app_answers_as_the_developer_set_it(net: Neighbours, kind: str, status: int) -> None:
    net.buyer.behave(kind)

    assert net.call_back("on_search").status == status


def test_buyer_app_fails_as_often_as_it_was_told_and_then_recovers(net: Neighbours) -> None:
    net.buyer.behave("error", status=429, headers={"Retry-After": "2"}, times=2)

    assert [net.call_back("on_search").status for _ in range(3)] == [429, 429, 200]
    assert len(net.buyer.journal.received("on_search", "txn-1")) == 3


def test_buyer_app_can_be_slow(net: Neighbours) -> None:
    net.buyer.behave("slow", seconds=0.4)
    start = time.monotonic()

    answer = net.call_back("on_search")

    assert answer.acknowledged
    assert time.monotonic() - start >= 0.4


def test_buyer_app_can_hang_up(net: Neighbours) -> None:
    net.buyer.behave("closed")

    with pytest.raises(requests.ConnectionError):
        net.call_back("on_search")
    assert net.buyer.wait_for("on_search", "txn-1").status == 0


def test_buyer_app_that_was_stopped_answers_nobody_until_it_is_started_again(net: Neighbours) -> None:
    assert net.call_back("on_search").acknowledged  # leaves a kept-alive connection behind
    net.buyer.stop()
    with pytest.raises(requests.ConnectionError):
        net.call_back("on_search")

    net.buyer.start()

    assert net.call_back("on_search").acknowledged


def test_more_than_a_megabyte_is_not_even_read(net: Neighbours) -> None:
    answer = requests.post(f"{net.buyer.uri}/on_search", data=b"x" * 1_000_001, timeout=5)

    assert answer.status_code == 413
