"""What is wrong with the set-up is said at start, in words."""

import base64
from typing import Any

import pytest

from beckn_adapter.checks import check_identity, check_keys, check_registry

GOOD = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("BECKN_SUBSCRIBER_ID", "https://bpp.example.com", "beckn.E001"),
        ("BECKN_SUBSCRIBER_URI", "http://bpp.example.com/beckn", "beckn.W002"),
        ("BECKN_WIRE_PROFILE", "fancy", "beckn.E003"),
        ("BECKN_MODE", "adapter", "beckn.E004"),
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


def test_a_missing_registry_is_named(settings: Any) -> None:
    settings.BECKN_REGISTRY_URL = ""

    assert [problem.id for problem in check_registry()] == ["beckn.W007"]
