"""Each lie of the table (probes.py) gets the answer that it must get. None leaves a row or uses up its message_id.

Told through the door here; lies that a server sees before the door are told over raw sockets, in
test_probes_transport.py.
"""

import json
from typing import Any

import pytest

from beckn_adapter.models import Callback, Message
from beckn_adapter.sandbox.participant import Participant
from beckn_adapter.sandbox.registry import Registry
from tests.beckn_adapter import lies
from tests.beckn_adapter.conversation import refused
from tests.beckn_adapter.door_client import DoorClient
from tests.beckn_adapter.lies import Lie, World
from tests.beckn_adapter.probes import GENUINE, PROBES

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(network: Registry, settings: Any) -> World:
    settings.BECKN_ALLOW_PRIVATE_CALLBACKS = False
    bap = Participant("buyer.test", "https://buyer.test/beckn", "BAP")
    gateway = Participant("gateway.test", "https://gateway.test", "BG")
    for member in (bap, gateway):
        member.subscribe(network.url)
    return World(network.url, bap, gateway)


def tell(told: lies.Told) -> Any:
    headers = {"Authorization": told.header, **told.headers}
    where = f"/beckn/{told.action if told.path is None else told.path}"
    return DoorClient().generic(told.method, where, told.raw, content_type="application/json", headers=headers)


@pytest.mark.parametrize(
    ("lie", "status", "code", "path", "words"), [row[1:] for row in PROBES], ids=[row[0] for row in PROBES]
)
def test_a_lie_gets_its_answer_and_nothing_else(
    lie: Lie, status: int, code: str, path: str, words: str, world: World
) -> None:
    told = lie(world)

    reply = tell(told)

    assert_refused(reply, status, code, path, words)
    assert not Message.objects.exists()
    assert not Callback.objects.exists()
    assert sum(refused().values()) == 1


def assert_refused(reply: Any, status: int, code: str, path: str, words: str) -> None:
    answer = reply.json()
    error = answer["error"]
    assert answer["message"] == {"ack": {"status": "NACK"}}
    assert (reply.status_code, error["code"]) == (status, code), error
    assert error["paths"].startswith(path)
    assert any(word in error["message"] for word in words.split("|")), error
    if status == 401:
        name = "Proxy-Authenticate" if "gateway: " in error["message"] else "WWW-Authenticate"
        assert reply.headers[name] == 'Signature realm="bpp.test",headers="(created) (expires) digest"'


def test_the_table_is_long_enough() -> None:
    assert len({row[0] for row in PROBES}) == len(PROBES) >= 120


@pytest.mark.parametrize("lie", [row[1] for row in GENUINE], ids=[row[0] for row in GENUINE])
def test_what_is_genuine_passes(lie: Lie, world: World) -> None:
    told = lie(world)

    reply = tell(told)

    assert (reply.status_code, reply.json()) == (200, {"message": {"ack": {"status": "ACK"}}})
    assert bytes(Message.objects.get().body) == told.raw
    assert refused() == {}


def test_a_refused_message_may_be_sent_again_once_it_is_right(world: World) -> None:
    body = lies.ask(world)
    tell(lies.Told(body, world.bap.sign(body + b" ")))
    tell(lies.Told(body, world.bap.sign(body), headers={"Proxy-Authorization": "Basic YTpi"}))

    reply = tell(lies.told(world, body))

    assert reply.status_code == 200
    assert Message.objects.count() == 1


def test_a_network_that_insists_takes_a_search_through_a_gateway_only(world: World, settings: Any) -> None:
    settings.BECKN_REQUIRE_GATEWAY = True

    direct = tell(lies.posted()(world))
    forwarded = tell(lies.gateway(lambda w, b: w.gateway.sign(b))(world))
    later = tell(lies.message("status", lies.STATUS)(world))

    assert_refused(direct, 401, "30000", "/", "gateway: a search must come through a gateway")
    assert (forwarded.status_code, later.status_code) == (200, 200)


def test_a_reply_never_repeats_a_header_that_it_was_sent(world: World) -> None:
    reply = tell(lies.swap("buyer.test|", "<script>|")(world))

    assert "script" not in json.dumps(dict(reply.headers)) + reply.content.decode()
