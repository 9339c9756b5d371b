"""One client for every registry: its records are read in each dialect, and remembered."""

import base64
from typing import Any

import pytest
from nacl.signing import SigningKey

from beckn_adapter.registry import Registry, RegistryDown
from beckn_adapter.sandbox.participant import Participant
from beckn_adapter.sandbox.registry import Registry as RegistryServer
from beckn_adapter.subscriber import read_record

KEY = SigningKey(b"\7" * 32).verify_key
RAW = base64.b64encode(bytes(KEY)).decode()
SPKI = base64.b64encode(bytes.fromhex("302a300506032b6570032100") + bytes(KEY)).decode()
PEM = f"-----BEGIN PUBLIC KEY-----\n{SPKI}\n-----END PUBLIC KEY-----\n"

DIALECTS = {
    "core 1.x": {"key_id": "k1", "url": "https://a.test/b/", "type": "BAP", "signing_public_key": RAW},
    "succinct": {"pub_key_id": "k1", "subscriber_url": "https://a.test/b", "type": "BAP", "signing_public_key": SPKI},
    "protocol-server": {"ukId": "k1", "subscriber_url": "https://a.test/b", "type": "bap", "signing_public_key": PEM},
    "ondc": {"unique_key_id": "k1", "subscriber_url": "https://a.test/b", "type": "BAP", "signing_public_key": RAW},
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_record_is_read_in_every_dialect(dialect: str) -> None:
    record = {"subscriber_id": "a.test", "status": "SUBSCRIBED", "domain": "service", **DIALECTS[dialect]}

    subscriber = read_record(record)

    assert subscriber is not None
    assert (subscriber.key_id, subscriber.url, subscriber.type) == ("k1", "https://a.test/b", "BAP")
    assert subscriber.key == KEY


@pytest.mark.parametrize("record", [None, "text", {}, {"signing_public_key": "?"}, {"signing_public_key": "c2hvcnQ="}])
def test_a_record_without_a_usable_key_is_passed_over(record: Any) -> None:
    assert read_record(record) is None


@pytest.fixture
def someone(network: RegistryServer) -> Participant:
    participant = Participant("someone.test", "https://someone.test", "BAP")
    participant.subscribe(network.url)
    network.lookups.clear()
    return participant


def test_a_key_is_asked_for_under_every_name_that_registries_have_for_it(
    someone: Participant, network: RegistryServer
) -> None:
    Registry().find("someone.test", "k1")

    assert network.lookups == [
        {"subscriber_id": "someone.test", "key_id": "k1", "unique_key_id": "k1", "ukId": "k1", "pub_key_id": "k1"}
    ]


def test_a_key_is_remembered(someone: Participant, network: RegistryServer) -> None:
    registry = Registry()

    for _ in range(10):
        registry.find("someone.test", "k1")

    assert len(network.lookups) == 1


def test_a_stranger_is_remembered_too_for_a_while(network: RegistryServer) -> None:
    network.lookups.clear()
    registry = Registry()

    for _ in range(10):
        assert registry.find("nobody.test", "k1") == []

    assert len(network.lookups) == 1


def test_a_key_that_is_gone_for_longer_than_the_limit_is_not_used_on(someone: Participant, settings: Any) -> None:
    registry = Registry()
    registry.find("someone.test", "k1")
    settings.BECKN_KEY_CACHE_SECONDS = settings.BECKN_KEY_STALE_SECONDS = 0
    settings.BECKN_REGISTRY_URL = "http://127.0.0.1:1"

    with pytest.raises(RegistryDown, match="does not answer"):
        registry.find("someone.test", "k1")


def test_without_a_registry_nobody_can_be_recognised(settings: Any) -> None:
    settings.BECKN_REGISTRY_URL = ""

    with pytest.raises(RegistryDown):
        Registry().find("someone.test", "k1")
