"""A registry that fails, in every way: known senders are served on, strangers are told soon, nobody asks in vain."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from beckn_adapter import registry as registry_module
from beckn_adapter.limits import TooMany
from beckn_adapter.registry import Registry, RegistryDown
from beckn_adapter.registry_client import PATIENCE
from beckn_adapter.sandbox.participant import Participant, iso
from beckn_adapter.sandbox.registry import Registry as RegistryServer
from beckn_adapter.sandbox.server import LocalServer, Reply, Request, json_reply
from tests.conftest import AtOnce

HANGING = 30.0  # seconds without an answer: far more than a look-up's patience, and than a busy machine adds to it


class Broken(LocalServer):
    """A registry whose answer is what it is told to be; it counts the questions."""

    def __init__(self, reply: Reply, seconds: float = 0.0) -> None:
        super().__init__()
        self.reply, self.seconds, self.asked = reply, seconds, 0

    def answer(self, request: Request) -> Reply:
        self.asked += 1
        self.stopping.wait(self.seconds)
        return self.reply


@contextmanager
def dripping() -> Iterator[str]:
    """A server that sends a byte of its answer every tenth of a second, for ever."""
    stopping = threading.Event()
    door = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        line, _ = door.accept()
        with line:
            line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while not stopping.wait(0.1):
                try:
                    line.sendall(b" ")
                except OSError:
                    return

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{door.getsockname()[1]}"
    stopping.set()
    door.close()


BROKEN = {
    "500": Reply(500, b"[]"),
    "garbage": Reply(200, b"<html>"),
    "an object": json_reply({"error": "down for maintenance"}),
    "a redirect": Reply(302, b"", headers={"Location": "http://127.0.0.1:1/"}),
    "hangs up": Reply(hang_up=True),
    "deep nesting": Reply(200, b"[" * 100_000),
    "endless": Reply(200, b"[" + b" " * 1_500_000 + b"]"),
}


@pytest.fixture
def someone(network: RegistryServer) -> Participant:
    participant = Participant("someone.test", "https://someone.test", "BAP")
    participant.subscribe(network.url)
    network.lookups.clear()
    return participant


@pytest.fixture
def knowing(someone: Participant) -> Registry:
    """A registry client that knows someone, but not freshly."""
    registry = Registry()
    registry.find("someone.test", "k1")
    registry._entries["someone.test", "k1"].fetched_at -= 301
    return registry


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_registry_is_told_from_one_that_knows_nobody(how: str, knowing: Registry, settings: Any) -> None:
    with Broken(BROKEN[how]) as broken:
        settings.BECKN_REGISTRY_URL = broken.url

        assert [one.subscriber_id for one in knowing.find("someone.test", "k1")] == ["someone.test"]
        with pytest.raises(RegistryDown, match="does not answer"):
            knowing.find("stranger.test", "k1")

    assert "does not answer since" in knowing.trouble()


@pytest.mark.parametrize("host", ["http://127.0.0.1:1", "http://no-such-host.invalid"])
def test_a_registry_that_is_not_there_is_told_from_one_that_knows_nobody(
    host: str, knowing: Registry, settings: Any
) -> None:
    settings.BECKN_REGISTRY_URL = host

    assert knowing.find("someone.test", "k1")
    with pytest.raises(RegistryDown):
        knowing.find("stranger.test", "k1")


def test_a_registry_that_hangs_holds_nobody_longer_than_two_seconds(knowing: Registry, settings: Any) -> None:
    with Broken(json_reply([]), seconds=HANGING) as hanging:
        settings.BECKN_REGISTRY_URL = hanging.url
        started = time.monotonic()

        with pytest.raises(RegistryDown, match="no answer within 2 s"):
            knowing.find("stranger.test", "k1")

        assert time.monotonic() - started < HANGING / 3


def test_a_registry_that_drips_bytes_holds_nobody_longer_either(knowing: Registry, settings: Any) -> None:
    with dripping() as url:
        settings.BECKN_REGISTRY_URL = url
        started = time.monotonic()

        with pytest.raises(RegistryDown, match="no answer within 2 s"):
            knowing.find("stranger.test", "k1")

        assert time.monotonic() - started < HANGING / 3


def test_a_registry_that_is_down_is_left_alone_for_a_while(knowing: Registry, settings: Any) -> None:
    with Broken(Reply(503)) as broken:
        settings.BECKN_REGISTRY_URL = broken.url
        for _ in range(50):
            knowing.find("someone.test", "k1")

        assert broken.asked == 1


def test_an_outage_is_over_when_the_registry_answers_again(
    knowing: Registry, network: RegistryServer, settings: Any
) -> None:
    settings.BECKN_REGISTRY_URL = "http://127.0.0.1:1"
    knowing.find("someone.test", "k1")
    settings.BECKN_REGISTRY_URL = network.url
    knowing._ask_again_at = time.monotonic()

    assert knowing.find("someone.test", "k1")
    assert knowing.trouble() == ""


def test_a_key_that_was_changed_during_the_outage_is_learnt_after_it(
    knowing: Registry, network: RegistryServer
) -> None:
    renewed = Participant("someone.test", "https://someone.test", "BAP")
    renewed.subscribe(network.url)

    assert [one.key for one in knowing.find("someone.test", "k1")] == [renewed.signing_key.verify_key]


def test_a_thousand_messages_at_once_ask_once(someone: Participant, network: RegistryServer, at_once: AtOnce) -> None:
    registry = Registry()

    found = at_once(20, lambda: [len(registry.find("someone.test", "k1")) for _ in range(50)])

    assert found == [[1] * 50] * 20
    assert len(network.lookups) == 1


def test_a_slow_look_up_holds_nobody_whose_key_is_known(knowing: Registry, settings: Any) -> None:
    with Broken(json_reply([]), seconds=HANGING) as slow:
        settings.BECKN_REGISTRY_URL = slow.url
        asking = threading.Thread(target=knowing.find, args=("someone.test", "k1"))
        asking.start()
        time.sleep(0.1)
        started = time.monotonic()

        assert knowing.find("someone.test", "k1")
        assert time.monotonic() - started < PATIENCE / 2
        asking.join()


def test_a_forger_who_floods_while_the_registry_is_slow_holds_few_threads(
    someone: Participant, settings: Any, at_once: AtOnce
) -> None:
    registry = Registry()
    registry.find("someone.test", "k1")
    registry._entries["someone.test", "k1"].fetched_at -= 6
    with Broken(json_reply([]), seconds=HANGING) as slow:
        settings.BECKN_REGISTRY_URL = slow.url

        def refresh() -> float:
            started = time.monotonic()
            registry.refresh("someone.test", "k1")
            return time.monotonic() - started

        waited = at_once(20, refresh)

        assert slow.asked == 1
        assert len([seconds for seconds in waited if seconds > PATIENCE / 2]) <= 4


def test_ten_thousand_made_up_keys_neither_fill_the_memory_nor_flood_the_registry(
    someone: Participant, network: RegistryServer
) -> None:
    registry = Registry()
    registry.find("someone.test", "k1")
    network.lookups.clear()
    started, refused = time.monotonic(), 0

    for number in range(10_000):
        try:
            registry.find("someone.test", f"made-up-{number}")
        except TooMany:
            refused += 1

    seconds = time.monotonic() - started
    assert len(network.lookups) <= 100 + 10 * seconds + 1  # one address has half of BECKN_LOOKUP_RATE
    assert refused == 10_000 - len(network.lookups)
    assert len(registry._unknown) <= 2_000
    assert registry.find("someone.test", "k1")
    assert registry.trouble() == ""


def test_a_name_that_no_registry_could_have_is_not_asked_for(network: RegistryServer) -> None:
    network.lookups.clear()

    assert Registry().find("a" * 300, "k1") == Registry().find("x\r\ny", "k1") == Registry().find("a.test", "{}") == []
    assert network.lookups == []


def test_a_key_is_not_believed_beyond_its_own_end(someone: Participant, network: RegistryServer) -> None:
    registry = Registry()
    end = datetime.now(UTC) + timedelta(seconds=1.5)
    someone.subscribe(network.url, valid_until=iso(end))
    registry.find("someone.test", "k1")
    registry.find("someone.test", "k1")
    assert len(network.lookups) == 1

    time.sleep(max(0.0, (end - datetime.now(UTC)).total_seconds()) + 0.05)
    registry.find("someone.test", "k1")

    assert len(network.lookups) == 2


def test_an_outage_is_said_by_the_health_page(network: RegistryServer, settings: Any, db: None) -> None:
    assert Client().get("/healthz").json() == {"status": "ok"}
    settings.BECKN_REGISTRY_URL = "http://127.0.0.1:1"
    with pytest.raises(RegistryDown):
        registry_module.registry.find("stranger.test", "k1")

    reply = Client().get("/healthz")

    assert reply.status_code == 200
    assert "does not answer since" in reply.json()["registry"]
