"""How often anybody may knock: honest callers never notice, floods are told to wait and starve nobody."""

import json
import time
from typing import Any

import pytest

from beckn_adapter import limits
from beckn_adapter.limits import Buckets
from beckn_adapter.models import Message
from beckn_adapter.sandbox.participant import Participant
from beckn_adapter.sandbox.registry import Registry
from tests.beckn_adapter.conversation import request
from tests.beckn_adapter.door_client import DoorClient

pytestmark = pytest.mark.django_db
still = pytest.mark.usefixtures("buckets_stand_still")
SEARCH = {"intent": {"descriptor": {"name": "connection"}}}


@pytest.fixture
def bap(network: Registry) -> Participant:
    participant = Participant("buyer.test", "https://buyer.test/beckn", "BAP")
    participant.subscribe(network.url)
    return participant


@pytest.fixture
def buckets_stand_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Buckets hold what flows into them in an hour: on a busy machine, too, nothing to speak of flows back."""
    monkeypatch.setattr(limits, "BURST_SECONDS", 3600)


def hold(tokens: int) -> float:
    """The rate whose bucket, when they stand still, holds so many."""
    return tokens / 3600


def send(bap: Participant, address: str = "203.0.113.7", **changes: Any) -> Any:
    raw = json.dumps(request("search", SEARCH, bap_id=bap.subscriber_id, bap_uri=bap.url)).encode()
    header = changes.get("header") or bap.sign(raw)
    return DoorClient(REMOTE_ADDR=address).post(
        "/beckn/search", raw, content_type="application/json", headers={"authorization": header}
    )


def stranger(n: int) -> Participant:
    return Participant(f"stranger-{n}.test", "https://stranger.test", "BAP")


@still
def test_who_sends_too_much_is_answered_429_with_the_time_to_wait(bap: Participant, settings: Any) -> None:
    settings.BECKN_RATE_PER_SUBSCRIBER = hold(2)

    statuses = [send(bap).status_code for _ in range(2)]
    reply = send(bap)

    assert statuses == [200, 200]
    assert reply.status_code == 429
    assert 1700 <= int(reply.headers["Retry-After"]) <= 1800
    assert reply.json()["message"]["ack"]["status"] == "NACK"
    assert reply.json()["error"]["code"] == "30000"
    assert reply.json()["error"]["paths"] == "/"
    assert "buyer.test sends too many messages. Try again in" in reply.json()["error"]["message"]
    assert Message.objects.count() == 2


@still
def test_one_subscriber_that_sends_too_much_does_not_slow_another(
    bap: Participant, network: Registry, settings: Any
) -> None:
    settings.BECKN_RATE_PER_SUBSCRIBER = hold(2)
    other = Participant("other.test", "https://other.test", "BAP")
    other.subscribe(network.url)

    flood = [send(bap).status_code for _ in range(5)]

    assert 429 in flood
    assert send(other).status_code == 200


@still
def test_nobody_uses_up_the_rate_of_a_subscriber_whom_he_only_names(bap: Participant, settings: Any) -> None:
    settings.BECKN_RATE_PER_SUBSCRIBER = hold(2)
    forger = Participant("buyer.test", "https://buyer.test/beckn", "BAP")

    assert {send(forger).status_code for _ in range(10)} == {401}
    assert send(bap).status_code == 200


@still
def test_an_address_that_sends_too_much_waits_and_another_one_does_not(bap: Participant, settings: Any) -> None:
    settings.BECKN_RATE_PER_ADDRESS = hold(3)

    statuses = [send(bap, "203.0.113.7").status_code for _ in range(5)]

    assert statuses == [200, 200, 200, 429, 429]
    assert send(bap, "203.0.113.8").status_code == 200


@still
def test_one_ipv6_customer_is_one_address(bap: Participant, settings: Any) -> None:
    settings.BECKN_RATE_PER_ADDRESS = hold(2)

    statuses = [send(bap, f"2001:db8:1:2::{n}").status_code for n in range(1, 4)]

    assert statuses == [200, 200, 429]
    assert send(bap, "2001:db8:1:3::1").status_code == 200


@still
def test_a_flood_of_unknown_keys_asks_the_registry_no_more_than_its_share(
    bap: Participant, network: Registry, settings: Any
) -> None:
    settings.BECKN_LOOKUP_RATE = hold(10)  # of which one address has half
    send(bap)
    network.lookups.clear()

    statuses = [send(stranger(n), "198.51.100.1").status_code for n in range(20)]

    assert statuses == [401] * 5 + [429] * 15
    assert len(network.lookups) == 5
    assert send(bap).status_code == 200


@still
def test_many_addresses_together_can_not_ask_the_registry_without_end_either(
    bap: Participant, network: Registry, settings: Any
) -> None:
    settings.BECKN_LOOKUP_RATE = hold(10)
    send(bap)
    network.lookups.clear()

    statuses = [send(stranger(n), f"198.51.100.{n}").status_code for n in range(20)]

    assert statuses == [401] * 9 + [429] * 11  # the buyer app's own was the tenth
    assert len(network.lookups) == 9
    assert send(bap).status_code == 200


@still
def test_one_unknown_key_named_again_and_again_is_looked_up_once(network: Registry, settings: Any) -> None:
    settings.BECKN_LOOKUP_RATE = hold(10)
    nobody = stranger(1)
    network.lookups.clear()

    assert {send(nobody).status_code for _ in range(10)} == {401}
    assert len(network.lookups) == 1


@still
def test_a_forger_neither_shuts_the_owner_of_the_key_out_nor_drives_look_ups(
    bap: Participant, network: Registry, settings: Any
) -> None:
    settings.BECKN_FAILURES_PER_ADDRESS = hold(5)
    send(bap)
    network.lookups.clear()
    forger = Participant("buyer.test", "https://buyer.test/beckn", "BAP")

    forged = [send(forger).status_code for _ in range(50)]

    assert set(forged) == {401}
    assert len(network.lookups) <= 4
    assert send(bap).status_code == 200  # even from the forger's address


@still
def test_an_address_whose_strangers_only_fail_is_told_to_wait(bap: Participant, settings: Any) -> None:
    settings.BECKN_FAILURES_PER_ADDRESS = hold(5)
    send(bap)

    statuses = [send(bap, header="Signature nonsense").status_code for _ in range(5)]
    late = send(stranger(1))

    assert set(statuses) == {401}
    assert (late.status_code, "could not be authenticated" in late.json()["error"]["message"]) == (429, True)
    assert send(bap).status_code == 200
    assert send(stranger(1), "198.51.100.1").status_code == 401


def test_the_defaults_let_a_busy_buyer_app_through(bap: Participant) -> None:
    assert {send(bap).status_code for _ in range(100)} == {200}


def test_a_bucket_empties_at_once_and_fills_with_time() -> None:
    buckets = Buckets()

    taken = [buckets.take(("a",), 20, 3) for _ in range(4)]
    time.sleep(0.06)

    assert taken[:3] == [0, 0, 0]
    assert 0 < taken[3] <= 0.05
    assert buckets.take(("a",), 20, 3) == 0


def test_looking_takes_nothing() -> None:
    buckets = Buckets()

    looks = [buckets.take(("a",), 1, 1, peek=True) for _ in range(3)]

    assert looks == [0, 0, 0]
    assert buckets.take(("a",), 1, 1) == 0
    assert buckets.take(("a",), 1, 1, peek=True) > 0


def test_a_rate_of_nothing_is_no_limit() -> None:
    assert {Buckets().take(("a",), 0, 0) for _ in range(100)} == {0.0}


def test_buckets_are_bounded_and_forget_the_one_unused_for_longest() -> None:
    buckets = Buckets(most=3)
    for name in ("a", "b", "a", "c", "d"):
        buckets.take((name,), 0.001, 2)

    assert len(buckets) == 3
    assert buckets.take(("a",), 0.001, 2) > 0
    assert buckets.take(("b",), 0.001, 2, peek=True) == 0


def test_known_keys_are_bounded(monkeypatch: pytest.MonkeyPatch, bap: Participant, network: Registry) -> None:
    monkeypatch.setattr(limits, "MOST_KNOWN", 2)
    for n in range(4):
        guest = Participant(f"guest-{n}.test", f"https://guest-{n}.test", "BAP")
        guest.subscribe(network.url)
        assert send(guest).status_code == 200

    assert len(limits._known) == 2
