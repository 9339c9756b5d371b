"""The sandbox's registry and gateway."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from beckn_adapter import signing
from beckn_adapter.sandbox.participant import Participant, post
from beckn_adapter.sandbox.registry import Registry
from tests.beckn_adapter.neighbours import Neighbours, neighbours


@pytest.fixture
def net() -> Iterator[Neighbours]:
    with neighbours() as everybody:
        yield everybody


def look_up(registry: Registry, **question: Any) -> list[dict[str, Any]]:
    found = post(f"{registry.url}/lookup", json.dumps(question).encode())
    assert found.status == 200
    return list(found.json)


@pytest.mark.parametrize("name", ["key_id", "unique_key_id", "ukId", "pub_key_id"])
def test_registry_finds_a_key_under_every_name_a_network_has_for_it(net: Neighbours, name: str) -> None:
    found = look_up(net.registry, subscriber_id="provider.localhost", **{name: "k1"})

    assert [record[alias] for record in found for alias in ("key_id", "unique_key_id", "ukId", "pub_key_id")] == [
        "k1"
    ] * 4
    assert found[0]["url"] == found[0]["subscriber_url"] == net.provider.url
    assert found[0]["status"] == "SUBSCRIBED"
    assert signing.read_public_key(found[0]["signing_public_key"]) == bytes(net.provider.me.signing_key.verify_key)


def test_registry_takes_what_is_not_asked_as_a_wildcard_and_the_rest_as_a_filter(net: Neighbours) -> None:
    assert len(look_up(net.registry)) == 3
    assert [record["type"] for record in look_up(net.registry, type="BAP")] == ["BAP"]
    assert look_up(net.registry, type="BPP", domain="mobility") == []
    assert look_up(net.registry, subscriber_id="provider.localhost", ukId="k2") == []


def test_registry_reads_a_record_without_a_city_as_serving_every_city(net: Neighbours) -> None:
    net.registry.subscribe({**net.provider.me.record(), "key_id": "paris", "city": "std:075"})

    in_paris = look_up(net.registry, type="BPP", city="std:075")
    in_san_francisco = look_up(net.registry, type="BPP", city="NANP:628")

    assert {record["key_id"] for record in in_paris} == {"k1", "paris"}
    assert {record["key_id"] for record in in_san_francisco} == {"k1"}


def test_registry_replaces_a_record_under_the_same_key_and_keeps_when_it_was_made(net: Neighbours) -> None:
    before = look_up(net.registry, subscriber_id="provider.localhost")[0]
    net.provider.me.subscribe(net.registry.url, status="UNSUBSCRIBED")

    after = look_up(net.registry, subscriber_id="provider.localhost")

    assert [record["status"] for record in after] == ["UNSUBSCRIBED"]
    assert after[0]["created"] == before["created"] <= after[0]["updated"]


def test_registry_refuses_a_record_nobody_could_use(net: Neighbours) -> None:
    answer = post(f"{net.registry.url}/subscribe", b'{"subscriber_id": "somebody"}')

    assert answer.status == 400
    assert "signing_public_key" in answer.json["error"]


def test_registry_answers_the_succinct_address_too_and_says_that_it_is_there(net: Neighbours) -> None:
    assert len(post(f"{net.registry.url}/subscribers/lookup", b"{}").json) == 3
    assert requests.get(net.registry.url, timeout=5).json()["status"] == "ok"


def test_gateway_hands_a_search_on_byte_for_byte_with_both_signatures(net: Neighbours) -> None:
    sent = net.buyer.search()
    assert sent.acknowledged
    assert [(b.subscriber_id, b.acknowledged) for b in net.gateway.wait_for(sent.message_id)] == [
        ("provider.localhost", True)
    ]

    heard = net.provider.heard[0]

    assert heard.path == "/search"
    assert heard.body == sent.body
    for header, signer in (
        ("Authorization", net.buyer.me),
        ("X-Gateway-Authorization", net.gateway.me),
        ("Proxy-Authorization", net.gateway.me),
    ):
        signature = signing.parse(heard.headers[header])
        assert signature.subscriber_id == signer.subscriber_id
        signing.verify(heard.body, signature, signer.signing_key.verify_key)


def test_gateway_asks_only_providers_of_the_domain_that_are_subscribed(net: Neighbours) -> None:
    for name, changes in {"elsewhere": {"domain": "mobility"}, "gone": {"status": "UNSUBSCRIBED"}}.items():
        Participant(f"{name}.localhost", f"{net.provider.url}/{name}", "BPP").subscribe(net.registry.url, **changes)

    sent = net.buyer.search()
    net.gateway.wait_for(sent.message_id)
    time.sleep(0.2)

    assert [request.path for request in net.provider.heard] == ["/search"]


def test_gateway_tells_when_a_provider_is_not_there(net: Neighbours) -> None:
    net.provider.stop()

    sent = net.buyer.search()

    assert sent.acknowledged
    assert [(b.status, b.acknowledged) for b in net.gateway.wait_for(sent.message_id)] == [(0, False)]


def test_gateway_refuses_a_search_that_was_changed_after_signing(net: Neighbours) -> None:
    good = net.buyer.search()
    header = net.buyer.me.sign(good.body)

    bad = net.buyer.send(
        "search",
        url=net.gateway.url,
        transaction_id="txn-2",
        body_bytes=good.body.replace(b"new", b"old"),
        sign=False,
        headers={"Authorization": header},
    )

    assert bad.status == 401
    assert bad.reply["message"]["ack"]["status"] == "NACK"


def test_gateway_refuses_a_buyer_app_that_speaks_for_another(net: Neighbours) -> None:
    sent = net.buyer.search(context_overrides={"bap_id": "somebody.else"})

    assert (sent.status, sent.reply["message"]["ack"]["status"]) == (401, "NACK")
    assert net.provider.heard == []
