"""Behind an adapter: it alone is listened to, unsigned, and answered. Directly, none of it works."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command

from beckn_adapter import checks, drain, tasks
from beckn_adapter.models import Callback, Message, Refusal
from beckn_adapter.sandbox.server import LocalServer, Reply, Request, json_reply
from tests.beckn_adapter.conversation import new_id, request
from tests.beckn_adapter.door_client import DoorClient

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]
HERE, ELSEWHERE = "127.0.0.1", "203.0.113.7"


class Adapter(LocalServer):
    """The provider's side of a protocol-server: takes whole callbacks at `/on_<action>` and forwards them."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Request] = []

    def answer(self, request: Request) -> Reply:
        self.heard.append(request)
        return json_reply({"message": {"ack": {"status": "ACK"}}})


@pytest.fixture
def adapter(settings: Any) -> Iterator[Adapter]:
    """No key and no registry: both are the adapter's. Private addresses are closed to callbacks, but for its own."""
    settings.BECKN_MODE = "adapter"
    settings.BECKN_SIGNING_KEY = settings.BECKN_REGISTRY_URL = ""
    settings.BECKN_ALLOW_PRIVATE_CALLBACKS = False
    with Adapter() as server:
        settings.BECKN_ADAPTER_URL = server.url
        yield server


def post(address: str = HERE, headers: dict[str, str] | None = None, **context: Any) -> Any:
    raw = json.dumps(request("search", {"intent": {}}, **context)).encode()
    return DoorClient(REMOTE_ADDR=address).post("/beckn/search", raw, content_type="application/json", headers=headers)


def answer_all() -> None:
    for row in Message.objects.filter(state="RECEIVED"):
        drain.work(row)
    Callback.objects.update(due_at=Message.objects.get().received_at)  # without the head start of the ACK
    tasks.work()


def test_what_the_adapter_brings_is_answered_to_the_adapter_unsigned(adapter: Adapter) -> None:
    reply = post(bap_uri="https://buyer.test/beckn")
    answer_all()

    (heard,) = adapter.heard
    told = heard.json()
    assert (reply.status_code, reply.json()) == (200, {"message": {"ack": {"status": "ACK"}}})
    assert heard.path == "/on_search"
    assert "Authorization" not in heard.headers
    assert (told["context"]["bap_uri"], told["context"]["action"]) == ("https://buyer.test/beckn", "on_search")
    assert told["message"]["catalog"]["providers"]
    assert Callback.objects.get().state == Callback.State.DELIVERED


def test_an_adapter_on_a_network_of_its_own_is_known_by_it(adapter: Adapter, settings: Any) -> None:
    settings.BECKN_ADAPTER_ADDRESSES = ["10.1.0.0/16"]

    assert [post(address).status_code for address in ("10.1.2.3", "::ffff:10.1.2.4", HERE)] == [200, 200, 401]


def test_nobody_else_is_listened_to(adapter: Adapter) -> None:
    reply = post(ELSEWHERE)

    assert reply.status_code == 401
    assert "only the adapter of this platform" in reply.json()["error"]["message"]
    assert not Message.objects.exists()
    assert Refusal.objects.get().reason == "adapter"


@pytest.mark.parametrize("name", ["x-forwarded-for", "forwarded", "x-real-ip"])
def test_nobody_is_taken_for_the_adapter_because_a_proxy_stands_beside_us(name: str, adapter: Adapter) -> None:
    assert post(headers={name: HERE}).status_code == 401


def test_a_proxy_that_is_known_tells_who_is_behind_it(adapter: Adapter, settings: Any) -> None:
    settings.TRUSTED_PROXIES = 1

    assert post(headers={"x-forwarded-for": f"{HERE}, {ELSEWHERE}"}).status_code == 401
    assert post(headers={"x-forwarded-for": f"{ELSEWHERE}, {HERE}"}).status_code == 200


def test_a_message_is_still_checked_and_taken_once(adapter: Adapter) -> None:
    once = {"transaction_id": new_id(), "message_id": new_id()}
    assert [post(**once).status_code for _ in range(2)] == [200, 400]  # its timestamp differs: another content

    wrong = post(version="9.9.9")

    assert wrong.json()["error"]["message"] == "Only Beckn version 1.1.0 is spoken here."
    assert Message.objects.count() == 1


def test_directly_an_unsigned_message_is_refused_even_from_beside_us(settings: Any) -> None:
    settings.BECKN_ADAPTER_URL = "http://127.0.0.1:1"

    reply = post()

    assert (reply.status_code, Message.objects.count()) == (401, 0)
    assert "the Authorization header is missing" in reply.json()["error"]["message"]


def test_what_was_owed_before_the_switch_is_not_sent_unsigned(adapter: Adapter, settings: Any) -> None:
    settings.BECKN_ALLOW_PRIVATE_CALLBACKS = True
    with Adapter() as buyer_app:
        post()
        answer_all()
        Callback.objects.update(state="DUE", url=f"{buyer_app.url}/on_search")

        tasks.work()

        assert buyer_app.heard == []
        assert "our keys can not be used" in Callback.objects.get().outcome


def test_a_mode_that_is_none_is_said_and_nobody_is_believed(settings: Any) -> None:
    settings.BECKN_MODE = "adaptor"

    assert [problem.id for problem in checks.check_adapter()] == ["beckn.E004"]
    assert post().status_code == 401


def test_the_set_up_is_checked_in_words(settings: Any) -> None:
    settings.BECKN_MODE = "adapter"
    settings.BECKN_SIGNING_KEY = settings.BECKN_REGISTRY_URL = settings.BECKN_ADAPTER_URL = ""
    settings.BECKN_ADAPTER_ADDRESSES = ["localhost"]
    wrong = [problem.id for problem in checks.check_adapter()]

    settings.BECKN_ADAPTER_URL, settings.BECKN_ADAPTER_ADDRESSES = "http://10.0.0.2:6002", ["10.0.0.2"]
    call_command("check", "--fail-level", "ERROR")

    assert wrong == ["beckn.E013", "beckn.E014"]
    assert [*checks.check_adapter(), *checks.check_keys(), *checks.check_registry()] == []
