"""What is wrong with the set-up, said in words at start (`manage.py check`)."""

import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from beckn_adapter import beside, keys
from beckn_adapter.challenge import MODES
from beckn_adapter.dialects import DIALECTS
from beckn_adapter.keycheck import examine
from beckn_adapter.registry_client import Client
from beckn_adapter.signing import BadKey, read_public_key
from beckn_adapter.translate.taxonomy import PROFILES

SUBSCRIBER_ID = re.compile(r"[\w.-]+(:\d+)?(/[\w.~/-]*)?", re.ASCII)  # a path may follow, as some networks have it
KEY_ID = re.compile(r"[\w.:~-]{1,255}", re.ASCII)
KEY_ID_HINT = "It is letters, digits and any of . : ~ _ -, such as a UUID."
NEW_KEY = "manage.py beckn_keys new makes keys that are good."
CHECK_HINT = "manage.py beckn_keys check says all of it; docs/keys.md what to do."
PUBLIC_KEYS = {"BECKN_REGISTRY_SIGNING_PUBLIC_KEY": "ed25519", "BECKN_REGISTRY_ENCRYPTION_PUBLIC_KEY": "x25519"}


@register("beckn")
def check_identity(**_: Any) -> list[CheckMessage]:
    """Subscriber id, addresses and wire profile."""
    problems: list[CheckMessage] = []
    if not SUBSCRIBER_ID.fullmatch(settings.BECKN_SUBSCRIBER_ID):
        has = "has a scheme" if "://" in settings.BECKN_SUBSCRIBER_ID else "can not stand in a signature"
        problems.append(
            Error(
                f"BECKN_SUBSCRIBER_ID {has}.",
                hint="It is a name such as bpp.example.com, without https:// and path.",
                id="beckn.E001",
            )
        )
    uri = urlsplit(settings.BECKN_SUBSCRIBER_URI)
    if not settings.DEBUG and uri.scheme != "https" and uri.hostname not in ("localhost", "127.0.0.1"):
        problems.append(
            Warning("BECKN_SUBSCRIBER_URI has no https.", hint="Networks accept https addresses only.", id="beckn.W002")
        )
    if settings.BECKN_WIRE_PROFILE not in PROFILES:
        problems.append(
            Error(
                f"BECKN_WIRE_PROFILE is {settings.BECKN_WIRE_PROFILE!r}.",
                hint=f"It is one of {', '.join(PROFILES)}.",
                id="beckn.E003",
            )
        )
    return problems


@register("beckn")
def check_adapter(**_: Any) -> list[CheckMessage]:
    """Whether an adapter stands between us and the network, and then where it is."""
    if settings.BECKN_MODE not in beside.MODES:
        hint = f"It is one of {', '.join(beside.MODES)}."
        return [Error(f"BECKN_MODE is {settings.BECKN_MODE!r}.", hint=hint, id="beckn.E004")]
    if not beside.is_used():
        return []
    problems: list[CheckMessage] = []
    if urlsplit(settings.BECKN_ADAPTER_URL).scheme not in ("http", "https"):
        hint = "Callbacks go there, such as http://10.0.0.2:6002 (docs/adapter.md)."
        problems.append(Error("BECKN_MODE is adapter without BECKN_ADAPTER_URL.", hint=hint, id="beckn.E013"))
    try:
        beside.networks()
    except ValueError as problem:
        hint = "They are addresses or networks, comma separated, such as 10.0.0.2 or 10.1.0.0/16."
        problems.append(Error(f"BECKN_ADAPTER_ADDRESSES: {problem}.", hint=hint, id="beckn.E014"))
    return problems


@register("beckn")
def check_choices(**_: Any) -> list[CheckMessage]:
    """The registry's dialect, the challenge's mode, and what the mode `sign` must not go without."""
    problems: list[CheckMessage] = []
    for name, allowed, number in (
        ("BECKN_REGISTRY_DIALECT", DIALECTS, "beckn.E008"),
        ("BECKN_CHALLENGE_MODE", MODES, "beckn.E009"),
    ):
        if getattr(settings, name) not in allowed:
            words = f"{name} is {getattr(settings, name)!r}."
            problems.append(Error(words, hint=f"It is one of {', '.join(allowed)}.", id=number))
    if settings.BECKN_CHALLENGE_MODE == "sign" and not settings.BECKN_REGISTRY_SIGNING_PUBLIC_KEY:
        hint = "Whoever could have any text signed could sign messages as this provider, so nobody is answered."
        problems.append(
            Error("BECKN_CHALLENGE_MODE is sign without BECKN_REGISTRY_SIGNING_PUBLIC_KEY.", hint=hint, id="beckn.E010")
        )
    return problems


@register("beckn")
def check_keys(**_: Any) -> list[CheckMessage]:
    """The form of our keys and of the registry's, that there is one at all, and that their ids can be written."""
    if not settings.BECKN_SIGNING_KEY and beside.is_used():
        return []
    if not settings.BECKN_SIGNING_KEY:
        return [
            Warning(
                "BECKN_SIGNING_KEY is not set.",
                hint="Messages are received, but no callback can be signed and sent.",
                id="beckn.W005",
            )
        ]
    try:
        ours = keys.ours()
        for name, curve in PUBLIC_KEYS.items():
            _read_public(name, curve)
    except BadKey as problem:
        return [Error(f"A key can not be used: {problem}.", hint=NEW_KEY, id="beckn.E006")]
    ids = [pairs.key_id for pairs in ours]
    problems: list[CheckMessage] = [
        Error(f"The key id {key_id!r} can not stand in a signature.", hint=KEY_ID_HINT, id="beckn.E011")
        for key_id in ids
        if not KEY_ID.fullmatch(key_id)
    ]
    if len(set(ids)) < len(ids):
        words = "BECKN_SECOND_KEY_ID is the same as BECKN_KEY_ID."
        problems.append(Error(words, hint="A registry tells keys apart by their ids.", id="beckn.E012"))
    return problems


def _read_public(name: str, curve: str) -> None:
    text = getattr(settings, name)
    if not text:
        return
    try:
        read_public_key(text, curve)
    except BadKey as problem:
        raise BadKey(f"{name}: {problem}") from None


@register("beckn")
def check_registry(**_: Any) -> list[CheckMessage]:
    if settings.BECKN_REGISTRY_URL or beside.is_used():
        return []
    hint = "Without a registry nobody can be recognised, so every message is answered 401."
    return [Warning("BECKN_REGISTRY_URL is not set.", hint=hint, id="beckn.W007")]


@register("network", deploy=True)
def check_agreement(**_: Any) -> list[CheckMessage]:
    """With `check --deploy` alone, for it asks the registry: keys, record and clocks agree. Two seconds at most."""
    if not settings.BECKN_SIGNING_KEY or not settings.BECKN_REGISTRY_URL:
        return []  # said already
    kinds = {"E": Error, "W": Warning}
    return [
        kinds[finding.id[0]](finding.words, hint=CHECK_HINT, id=f"beckn.{finding.id}")
        for finding in examine(Client())
        if not finding.good
    ]
