"""Who gets in: every refusal is a NACK with code, path and sentence, and uses up nothing."""

import json
import time
from typing import Any

import pytest

from beckn_adapter import registry as registry_module
from beckn_adapter.models import Message
from beckn_adapter.sandbox.participant import Participant
from beckn_adapter.sandbox.registry import Registry
from tests.beckn_adapter.conversation import request
from tests.beckn_adapter.door_client import DoorClient

pytestmark = pytest.mark.django_db

ACK = {"message": {"ack": {"status": "ACK"}}}
SEARCH = {"intent": {"descriptor": {"name": "connection"}}}


@pytest.fixture
def bap(network: Registry) -> Participant:
    participant = Participant("buyer.test", "https://buyer.test/beckn", "BAP")
    participant.subscribe(network.url)
    return participant


def post(body: dict[str, Any] | bytes, header: str, action: str = "search", **headers: str) -> tuple[int, Any, Any]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    reply = DoorClient().post(
        f"/beckn/{action}", raw, content_type="application/json", headers={"authorization": header, **headers}
    )
    return reply.status_code, reply.json(), reply.headers


def signed(bap: Participant, body: dict[str, Any] | bytes, action: str = "search", **how: Any) -> tuple[int, Any, Any]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return post(raw, bap.sign(raw, **how), action)


def test_a_genuine_message_is_stored_and_acknowledged(bap: Participant) -> None:
    body = request("search", SEARCH)

    status, reply, _ = signed(bap, body)

    assert (status, reply) == (200, ACK)
    assert json.loads(bytes(Message.objects.get().body)) == body


def test_the_same_message_again_is_acknowledged_and_stored_once(bap: Participant) -> None:
    body = request("search", SEARCH)

    replies = [signed(bap, body)[:2] for _ in range(3)]

    assert replies == [(200, ACK)] * 3
    assert Message.objects.count() == 1


def test_the_same_id_with_another_content_is_refused(bap: Participant) -> None:
    body = request("search", SEARCH)
    signed(bap, body)

    status, reply, _ = signed(bap, {**body, "message": {"intent": {}}})

    assert status == 400
    assert reply["message"]["ack"]["status"] == "NACK"
    assert reply["error"] == {
        "code": "30000",
        "message": "This message_id was used before with another content.",
        "paths": "/context/message_id",
    }


def test_one_message_id_may_serve_two_actions_as_the_guide_does(bap: Participant) -> None:
    first = request("search", SEARCH)
    second = request("select", {"order": {"provider": {"id": "x"}, "items": [{"id": "y"}]}})
    second["context"].update(
        message_id=first["context"]["message_id"], transaction_id=first["context"]["transaction_id"]
    )

    assert signed(bap, first)[0] == 200
    assert signed(bap, second, "select")[0] == 200


def header_without_signature(bap: Participant, raw: bytes) -> str:
    return ""


def header_of_another_body(bap: Participant, raw: bytes) -> str:
    return bap.sign(raw + b" ")


def header_from_yesterday(bap: Participant, raw: bytes) -> str:
    return bap.sign(raw, created=int(time.time()) - 86400)


def header_from_tomorrow(bap: Participant, raw: bytes) -> str:
    return bap.sign(raw, created=int(time.time()) + 86400)


def header_of_another_algorithm(bap: Participant, raw: bytes) -> str:
    return bap.sign(raw).replace("ed25519", "rsa-sha256")


def header_of_a_stranger(bap: Participant, raw: bytes) -> str:
    return Participant("stranger.test", "https://stranger.test", "BAP").sign(raw)


def header_of_basic_auth(bap: Participant, raw: bytes) -> str:
    return "Basic YTpi"


def header_of_two_algorithms(bap: Participant, raw: bytes) -> str:
    return bap.sign(raw).replace('algorithm="ed25519"', 'algorithm="rsa-sha256"')


LIES = [
    (header_of_two_algorithms, "the algorithm is not the same in keyId"),
    (header_without_signature, "the Authorization header is missing"),
    (header_of_another_body, "the signature does not fit the body and the key"),
    (header_from_yesterday, "the signature has expired"),
    (header_from_tomorrow, "the signature is created in the future"),
    (header_of_another_algorithm, "the algorithm is not ed25519"),
    (header_of_a_stranger, "no valid BAP key is registered under this keyId"),
    (header_of_basic_auth, "the header does not begin with the scheme Signature"),
]


@pytest.mark.parametrize(("lie", "reason"), LIES, ids=[row[0].__name__ for row in LIES])
def test_who_is_not_who_it_says_is_answered_401_and_uses_up_no_message_id(
    lie: Any, reason: str, bap: Participant
) -> None:
    body = request("search", SEARCH)
    raw = json.dumps(body).encode()

    status, reply, headers = post(raw, lie(bap, raw))

    assert status == 401
    assert reply["error"]["message"].startswith(f"Not authenticated: {reason}")
    assert headers["WWW-Authenticate"] == 'Signature realm="bpp.test",headers="(created) (expires) digest"'
    assert signed(bap, body)[0] == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "BPP"},
        {"status": "UNSUBSCRIBED"},
        {"valid_until": "2020-01-01T00:00:00Z"},
        {"valid_from": "2099-01-01T00:00:00Z"},
        {"domain": "retail"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_key_that_may_not_sign_here_is_refused(changes: dict[str, str], network: Registry) -> None:
    bap = Participant("unfit.test", "https://unfit.test", "BAP", domain=changes.get("domain", "service"))
    bap.subscribe(network.url, **changes)
    body = request("search", SEARCH, bap_id="unfit.test", bap_uri="https://unfit.test")

    assert signed(bap, body)[0] == 401


def test_nobody_signs_for_another_bap(bap: Participant) -> None:
    status, reply, _ = signed(bap, request("search", SEARCH, bap_id="victim.test"))

    assert (status, reply["error"]["message"]) == (401, "Not authenticated: the signer is not context.bap_id.")


REFUSED_CONTEXTS = [
    ({"action": "select"}, "30000", "/context/action"),
    ({"version": "9.9.9"}, "30000", "/context/version"),
    ({"domain": "retail"}, "40001", "/context/domain"),
    ({"bap_uri": "https://victim.test/beckn"}, "30000", "/context/bap_uri"),
    ({"bap_uri": None}, "30000", "/context"),
    ({"bpp_id": "other-bpp.test"}, "30000", "/context/bpp_id"),
    ({"timestamp": "2020-01-01T00:00:00Z"}, "30000", "/context/timestamp"),
    ({"timestamp": "2099-01-01T00:00:00Z"}, "30000", "/context/timestamp"),
    ({"timestamp": "yesterday"}, "30000", "/context/timestamp"),
    ({"ttl": "soon"}, "30000", "/context/ttl"),
    ({"transaction_id": None}, "30000", "/context"),
    ({"message_id": ""}, "30000", "/context/message_id"),
]


@pytest.mark.parametrize(
    ("changes", "code", "path"), REFUSED_CONTEXTS, ids=[json.dumps(row[0]) for row in REFUSED_CONTEXTS]
)
def test_a_context_that_does_not_hold_is_refused_with_its_path(
    changes: dict[str, Any], code: str, path: str, bap: Participant
) -> None:
    status, reply, _ = signed(bap, request("search", SEARCH) | {"context": context_with(changes)})

    assert status == 400
    assert (reply["error"]["code"], reply["error"]["paths"]) == (code, path)
    assert not Message.objects.exists()


def context_with(changes: dict[str, Any]) -> dict[str, Any]:
    context = {**request("search", SEARCH)["context"], **changes}
    return {name: value for name, value in context.items() if value is not None}


BODIES = [
    (b"", "/"),
    (b"[]", "/"),
    (b"{", "/"),
    (b'{"context": NaN}', "/"),
    (b'{"context": 1e999}', "/"),
    (b'{"a": "\\u0000"}', "/"),
    (b'{"a": "\\ud800"}', "/"),
    ("{'context'}".encode("utf-16"), "/"),
    (b'{"a":' * 3000 + b"1" + b"}" * 3000, "/"),
    (b'{"a":' * 60 + b"1" + b"}" * 60, "/"),
    (b"9" * 5000, "/"),
    (b"{}", "/"),
    (b'{"context": {}}', "/context"),
]


@pytest.mark.parametrize(("raw", "path"), BODIES, ids=[repr(row[0][:20]) for row in BODIES])
def test_a_body_that_can_not_be_read_is_refused(raw: bytes, path: str, bap: Participant) -> None:
    status, reply, _ = signed(bap, raw)

    assert (status, reply["error"]["code"], reply["error"]["paths"]) == (400, "30000", path)


def test_a_message_of_another_shape_is_refused_with_its_path(bap: Participant) -> None:
    order = {"provider": {"id": 5}, "items": [{"id": "y"}]}

    _, reply, _ = signed(bap, request("select", {"order": order}), "select")

    assert reply["error"]["paths"] == "/message/order/provider/id"
    assert reply["error"]["message"] == "/message/order/provider/id: must be string"


def test_another_category_is_refused_at_once(bap: Participant) -> None:
    message = {"intent": {"category": {"descriptor": {"code": "pizza"}}}}

    status, reply, _ = signed(bap, request("search", message))

    assert (status, reply["error"]["code"]) == (400, "30005")


def test_an_oversized_message_is_refused(bap: Participant, settings: Any) -> None:
    settings.BECKN_MAX_BYTES = 1000

    status, reply, _ = signed(bap, request("search", {"intent": {"descriptor": {"name": "x" * 1000}}}))

    assert (status, reply["error"]["message"]) == (400, "A message may have 1000 bytes at most.")


def test_an_action_that_is_not_offered_is_refused(bap: Participant) -> None:
    status, reply, _ = signed(bap, request("search", SEARCH), "teleport")

    assert (status, reply["error"]["code"]) == (400, "40001")


def test_a_get_is_refused_in_words() -> None:
    reply = DoorClient().get("/beckn/search")

    assert reply.status_code == 400
    assert reply.json()["error"]["message"] == "Beckn messages are sent with POST."


def test_networks_that_want_200_for_a_nack_get_it(bap: Participant, settings: Any) -> None:
    settings.BECKN_NACK_STATUS = 200

    status, reply, _ = signed(bap, request("search", SEARCH, version="9"))

    assert (status, reply["message"]["ack"]["status"]) == (200, "NACK")


def test_strict_ids_refuse_what_is_no_uuid(bap: Participant, settings: Any) -> None:
    settings.BECKN_STRICT_IDS = True

    _, reply, _ = signed(bap, request("search", SEARCH, transaction_id="connection-txn-8001"))

    assert reply["error"]["paths"] == "/context/transaction_id"


def test_a_gateway_is_verified_where_it_signs(bap: Participant, network: Registry) -> None:
    gateway = Participant("gateway.test", "https://gateway.test", "BG")
    gateway.subscribe(network.url)
    raw = json.dumps(request("search", SEARCH)).encode()

    status, _, _ = post(raw, bap.sign(raw), **{"x-gateway-authorization": gateway.sign(raw)})

    assert status == 200
    assert Message.objects.get().via == "gateway.test"


def test_a_gateway_that_lies_is_answered_401_with_its_own_challenge(bap: Participant, network: Registry) -> None:
    raw = json.dumps(request("search", SEARCH)).encode()

    status, _, headers = post(raw, bap.sign(raw), **{"proxy-authorization": bap.sign(raw)})

    assert status == 401
    assert "Proxy-Authenticate" in headers


def test_a_new_key_under_a_known_id_is_found_by_one_refresh(bap: Participant, network: Registry) -> None:
    signed(bap, request("search", SEARCH))
    entry = registry_module.registry._entries["buyer.test", "k1"]
    entry.fetched_at -= 5  # the refresh may not be younger than a second
    renewed = Participant("buyer.test", "https://buyer.test/beckn", "BAP")
    renewed.subscribe(network.url)

    assert signed(renewed, request("search", SEARCH))[0] == 200


def test_a_known_key_asks_the_registry_once(bap: Participant, network: Registry) -> None:
    network.lookups.clear()

    for _ in range(5):
        signed(bap, request("search", SEARCH))

    assert len(network.lookups) == 1


def test_known_senders_are_served_while_the_registry_is_down_and_strangers_told(
    bap: Participant, settings: Any
) -> None:
    signed(bap, request("search", SEARCH))
    registry_module.registry._entries["buyer.test", "k1"].fetched_at -= settings.BECKN_KEY_CACHE_SECONDS
    settings.BECKN_REGISTRY_URL = "http://127.0.0.1:1"

    assert signed(bap, request("search", SEARCH))[0] == 200
    stranger = Participant("stranger.test", "https://stranger.test", "BAP")
    status, reply, _ = signed(stranger, request("search", SEARCH))
    assert (status, "registry does not answer" in reply["error"]["message"]) == (401, True)


def test_storing_a_message_takes_one_statement(bap: Participant, django_assert_num_queries: Any) -> None:
    signed(bap, request("search", SEARCH))

    with django_assert_num_queries(1):
        signed(bap, request("search", SEARCH))
