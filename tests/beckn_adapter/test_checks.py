"""What is wrong with the set-up is said at start, in words."""

import base64
from typing import Any

import pytest

from beckn_adapter import keys
from beckn_adapter.checks import check_choices, check_identity, check_keys, check_registry

GOOD = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("BECKN_SUBSCRIBER_ID", "https://bpp.example.com", "beckn.E001"),
        ("BECKN_SUBSCRIBER_ID", "bpp example", "beckn.E001"),
        ("BECKN_SUBSCRIBER_ID", 'bpp"|k2', "beckn.E001"),
        ("BECKN_SUBSCRIBER_URI", "http://bpp.example.com/beckn", "beckn.W002"),
        ("BECKN_WIRE_PROFILE", "fancy", "beckn.E003"),
    ],
)
def test_a_wrong_identity_is_named(name: str, value: str, found: str, settings: Any) -> None:
    setattr(settings, name, value)

    assert [problem.id for problem in check_identity()] == [found]


@pytest.mark.parametrize(
    ("key", "found"), [("", ["beckn.W005"]), ("not base64!", ["beckn.E006"]), ("c2hvcnQ=", ["beckn.E006"]), (GOOD, [])]
)
def test_a_wrong_signing_key_is_named(key: str, found: list[str], settings: Any) -> None:
    settings.BECKN_SIGNING_KEY = key

    assert [problem.id for problem in check_keys()] == found


def test_a_key_never_stands_in_the_message_about_it(settings: Any) -> None:
    settings.BECKN_SIGNING_KEY = "c2VjcmV0LXNlY3JldA=="

    assert "c2VjcmV0" not in str(check_keys())


@pytest.mark.parametrize(
    ("name", "value", "number", "words"),
    [
        ("BECKN_ENCRYPTION_KEY", "c2hvcnQ=", "beckn.E006", "BECKN_ENCRYPTION_KEY: a private x25519 key is 32"),
        ("BECKN_ENCRYPTION_KEY", GOOD.rstrip("="), "beckn.E006", "BECKN_ENCRYPTION_KEY: the key is not base64"),
        ("BECKN_SECOND_SIGNING_KEY", GOOD, "beckn.E006", "go together"),
        ("BECKN_SECOND_KEY_ID", "k2", "beckn.E006", "go together"),
        ("BECKN_REGISTRY_SIGNING_PUBLIC_KEY", "short", "beckn.E006", "BECKN_REGISTRY_SIGNING_PUBLIC_KEY: the key is"),
        (
            "BECKN_REGISTRY_ENCRYPTION_PUBLIC_KEY",
            "AAAA",
            "beckn.E006",
            "BECKN_REGISTRY_ENCRYPTION_PUBLIC_KEY: a public",
        ),
        ("BECKN_KEY_ID", "k|1", "beckn.E011", "can not stand in a signature"),
        ("BECKN_KEY_ID", 'k"1', "beckn.E011", "can not stand in a signature"),
    ],
)
def test_what_is_wrong_with_a_key_is_named(name: str, value: str, number: str, words: str, settings: Any) -> None:
    settings.BECKN_SIGNING_KEY = GOOD
    setattr(settings, name, value)

    problems = check_keys()

    assert [problem.id for problem in problems] == [number]
    assert words in problems[0].msg


def test_two_keys_need_two_ids(settings: Any) -> None:
    for name, value in {**keys.make("k1").as_settings(), **keys.make("k1", "BECKN_SECOND").as_settings()}.items():
        setattr(settings, name, value)

    assert [problem.id for problem in check_keys()] == ["beckn.E012"]


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("BECKN_REGISTRY_DIALECT", "esperanto", "beckn.E008"),
        ("BECKN_CHALLENGE_MODE", "guess", "beckn.E009"),
        ("BECKN_CHALLENGE_MODE", "sign", "beckn.E010"),
    ],
)
def test_a_choice_that_is_none_is_named(name: str, value: str, found: str, settings: Any) -> None:
    setattr(settings, name, value)

    assert [problem.id for problem in check_choices()] == [found]


def test_a_missing_registry_is_named(settings: Any) -> None:
    settings.BECKN_REGISTRY_URL = ""

    assert [problem.id for problem in check_registry()] == ["beckn.W007"]
