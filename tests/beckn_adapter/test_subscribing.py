"""Keys come into the registry and leave it, over real HTTP: subscription, challenge, look-up."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from beckn_adapter import keys, registry_client
from beckn_adapter.dialects import DIALECTS
from beckn_adapter.sandbox.participant import Participant, iso, post
from beckn_adapter.sandbox.registry import Registry
from beckn_adapter.sandbox.server import LocalServer, Reply, Request, json_reply
from beckn_adapter.subscriber import read_record
from tests.beckn_adapter.platform import door, hold, take_part


@pytest.fixture(scope="module")
def our_door() -> Iterator[str]:
    with door() as url:
        yield url


@pytest.fixture
def registry(our_door: str, settings: Any) -> Iterator[Registry]:
    """A registry of its own, which knows nobody; we have the keys k1."""
    with Registry() as server:
        take_part(settings, server, our_door)
        hold(settings, keys.make("k1"))
        yield server


def subscribe(*arguments: str) -> str:
    out = StringIO()
    call_command("beckn_subscribe", *arguments, stdout=out)
    return out.getvalue()


def record(registry: Registry, key_id: str = "k1") -> dict[str, Any]:
    found = registry.lookup({"subscriber_id": "newcomer.test", "key_id": key_id})
    assert len(found) == 1
    return found[0]


def end_of(registry: Registry, key_id: str) -> datetime:
    found = read_record(record(registry, key_id))
    assert found
    assert found.valid_until
    return found.valid_until


def is_taken_in(registry: Registry, key_id: str = "k1") -> bool:
    return bool(record(registry, key_id)["status"] == "SUBSCRIBED")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_newcomer_is_taken_in_after_its_answer(dialect: str, registry: Registry, settings: Any) -> None:
    settings.BECKN_REGISTRY_DIALECT = dialect

    said = subscribe()

    assert said == "k1 in service: sent, and the registry says SUBSCRIBED.\n"
    assert registry.onboarding.challenges == [("k1", "")]
    assert record(registry)["signing_public_key"] == keys.first().signing_public
    assert record(registry)["url"] == settings.BECKN_SUBSCRIBER_URI


def test_again_nothing_is_sent(registry: Registry) -> None:
    subscribe()

    said = subscribe()

    assert "is SUBSCRIBED until" in said
    assert "nothing sent" in said
    assert len(registry.onboarding.challenges) == 1


def test_a_key_whose_time_is_over_is_to_be_rotated(registry: Registry) -> None:
    subscribe()
    registry.subscribe(record(registry) | {"valid_until": iso(datetime.now(UTC) - timedelta(days=1))})
    out = StringIO()

    with pytest.raises(CommandError):
        call_command("beckn_subscribe", stdout=out)

    assert "was SUBSCRIBED until" in out.getvalue()
    assert "Rotate: docs/keys.md" in out.getvalue()


@pytest.mark.parametrize("days", ["99999999999", "0", "-1", "many"])
def test_a_number_of_days_that_no_key_holds_is_refused_in_words(days: str) -> None:
    with pytest.raises(CommandError, match="is not a number of days from 1 to 36500"):
        subscribe(f"--valid-days={days}")


def test_each_domain_has_a_record_of_its_own(registry: Registry, settings: Any) -> None:
    settings.BECKN_DOMAINS = ["service", "deg:service"]

    subscribe()

    found = registry.lookup({"subscriber_id": "newcomer.test"})
    assert {(one["domain"], one["status"]) for one in found} == {
        ("service", "SUBSCRIBED"),
        ("deg:service", "SUBSCRIBED"),
    }


def test_a_network_that_wants_its_challenge_signed_takes_us_in(registry: Registry, settings: Any) -> None:
    settings.BECKN_CHALLENGE_MODE = registry.onboarding.mode = "sign"

    subscribe()

    assert is_taken_in(registry)


@pytest.mark.parametrize("dialect", ["core", "succinct"])
def test_an_api_key_opens_the_door_where_onboarding_wants_one(dialect: str, registry: Registry, settings: Any) -> None:
    settings.BECKN_REGISTRY_DIALECT = dialect
    settings.BECKN_REGISTRY_API_KEY = registry.onboarding.api_key = "let-me-in"

    subscribe()

    assert is_taken_in(registry)


def test_a_registry_that_gets_no_answer_does_not_take_us_in(registry: Registry, settings: Any) -> None:
    settings.BECKN_REGISTRY_SIGNING_PUBLIC_KEY = keys.make("another registry's").signing_public

    with pytest.raises(CommandError, match="Not every key"):
        subscribe("--wait", "0.5")

    assert record(registry)["status"] == "UNDER_SUBSCRIPTION"
    assert "401" in registry.onboarding.challenges[0][1]


def test_after_a_failure_it_is_sent_again(registry: Registry, settings: Any) -> None:
    good = settings.BECKN_REGISTRY_ENCRYPTION_PUBLIC_KEY
    settings.BECKN_REGISTRY_ENCRYPTION_PUBLIC_KEY = ""
    with pytest.raises(CommandError):
        subscribe("--wait", "0.5")
    settings.BECKN_REGISTRY_ENCRYPTION_PUBLIC_KEY = good

    subscribe()

    assert is_taken_in(registry)


def test_another_key_under_the_same_id_is_not_sent(registry: Registry, settings: Any) -> None:
    subscribe()
    hold(settings, keys.make("k1"))

    out = StringIO()
    with pytest.raises(CommandError):
        call_command("beckn_subscribe", stdout=out)

    assert "keys never change" in out.getvalue()


def test_a_refusal_is_told_with_the_registrys_words(registry: Registry, settings: Any) -> None:
    class Strict(LocalServer):
        def answer(self, request: Request) -> Reply:
            if request.path == "/lookup":
                return json_reply([])
            return json_reply({"message": {"ack": {"status": "NACK"}}, "error": {"message": "not on the list"}})

    with Strict() as strict:
        settings.BECKN_REGISTRY_URL = strict.url
        out = StringIO()
        with pytest.raises(CommandError):
            call_command("beckn_subscribe", stdout=out)

    assert "not on the list" in out.getvalue()


def test_without_a_registry_it_says_so(settings: Any, registry: Registry) -> None:
    settings.BECKN_REGISTRY_URL = ""

    with pytest.raises(CommandError, match="BECKN_REGISTRY_URL is not set"):
        subscribe()


def test_without_an_encryption_key_it_says_so_before_it_sends(settings: Any, registry: Registry) -> None:
    settings.BECKN_ENCRYPTION_KEY = ""

    with pytest.raises(CommandError, match="BECKN_ENCRYPTION_KEY is not set"):
        subscribe()
    assert registry.lookup({"subscriber_id": "newcomer.test"}) == []


# --- Rotation -------------------------------------------------------------------------------------------------------


@pytest.fixture
def rotating(registry: Registry, settings: Any) -> Registry:
    """k2 signs, k1 is the second; both are in the registry."""
    subscribe()
    k1 = keys.first()
    hold(settings, keys.make("k2"), "BECKN_SECOND")
    subscribe()
    k2 = keys.second()
    assert k2
    hold(settings, k2)
    hold(settings, k1, "BECKN_SECOND")
    return registry


def test_the_second_key_is_vouched_for_by_the_first(rotating: Registry) -> None:
    assert [key_id for key_id, _ in rotating.onboarding.challenges] == ["k1", "k2"]
    assert is_taken_in(rotating, "k1")
    assert is_taken_in(rotating, "k2")


def test_a_retired_key_ends_when_its_last_signature_has(rotating: Registry, settings: Any) -> None:
    before = datetime.now(UTC)

    said = subscribe("--retire", "k1")

    assert "when the last signature that it made has expired" in said
    last_word = timedelta(seconds=settings.BECKN_SIGNATURE_TTL + settings.BECKN_CLOCK_SKEW)
    assert last_word - timedelta(seconds=1) <= end_of(rotating, "k1") - before <= last_word + timedelta(seconds=5)
    assert is_taken_in(rotating, "k1")


def test_a_key_is_retired_once(rotating: Registry) -> None:
    subscribe("--retire", "k1")
    end = end_of(rotating, "k1")

    said = subscribe("--retire", "k1")

    assert "nothing sent" in said
    assert end_of(rotating, "k1") == end


def test_a_key_that_is_ending_is_not_published_anew(rotating: Registry) -> None:
    subscribe("--retire", "k1")
    end = end_of(rotating, "k1")

    subscribe()

    assert end_of(rotating, "k1") == end


def test_the_key_that_signs_is_not_retired(rotating: Registry) -> None:
    with pytest.raises(CommandError):
        subscribe("--retire", "k2")

    assert end_of(rotating, "k2") > datetime.now(UTC) + timedelta(days=300)


def test_no_key_is_retired_while_the_one_that_signs_is_unknown(registry: Registry, settings: Any) -> None:
    subscribe()
    hold(settings, keys.make("k2"))

    with pytest.raises(CommandError):
        subscribe("--retire", "k1")

    assert end_of(registry, "k1") > datetime.now(UTC) + timedelta(days=300)


def test_a_key_that_never_was_is_not_retired_in_silence(rotating: Registry) -> None:
    with pytest.raises(CommandError):
        subscribe("--retire", "k7")


# --- The registry itself --------------------------------------------------------------------------------------------


def send(registry: Registry, signer: Participant, body: dict[str, Any]) -> int:
    raw = json.dumps(body).encode()
    return post(f"{registry.url}/subscribe", raw, {"Authorization": signer.sign(raw)}).status


def test_the_registry_takes_nobody_in_on_somebody_elses_word(registry: Registry) -> None:
    mallory = Participant("newcomer.test", "http://mallory.test", "BPP", key_id="m1")
    subscribe()

    assert send(registry, mallory, {**mallory.record(), "nonce": "1"}) == 401
    assert registry.lookup({"key_id": "m1"}) == []


def test_the_registry_lets_no_verified_key_change(registry: Registry) -> None:
    subscribe()
    us = keys.first()
    me = Participant("newcomer.test", "http://us.test", "BPP", signing_key=us.signing)
    other = Participant("newcomer.test", "http://us.test", "BPP").record()

    assert send(registry, me, {**other, "nonce": "1"}) == 409


def test_the_registry_lets_no_key_end_itself(registry: Registry) -> None:
    subscribe()
    me = Participant("newcomer.test", "http://us.test", "BPP", signing_key=keys.first().signing)
    ended = {**record(registry), "valid_until": iso(datetime.now(UTC)), "nonce": "1"}

    assert send(registry, me, ended) == 409


def test_a_look_up_is_signed_where_the_registry_protects_it(registry: Registry, settings: Any) -> None:
    seen = []

    class Protected(LocalServer):
        def answer(self, request: Request) -> Reply:
            seen.append(request.headers.get("Authorization", ""))
            return json_reply([])

    with Protected() as protected:
        settings.BECKN_REGISTRY_URL = protected.url
        for settings.BECKN_REGISTRY_DIALECT in DIALECTS:
            registry_client.Client().find("someone.test", "k1")

    assert [header.startswith('Signature keyId="newcomer.test|k1|ed25519"') for header in seen] == [
        dialect.signs_lookups for dialect in DIALECTS.values()
    ]
