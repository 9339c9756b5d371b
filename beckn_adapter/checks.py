"""What is wrong with the set-up, said in words at start (`manage.py check`)."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from beckn_adapter.signing import BadKey, read_private_key
from beckn_adapter.translate.taxonomy import PROFILES


@register("beckn")
def check_identity(**_: Any) -> list[CheckMessage]:
    """Subscriber id, addresses and wire profile."""
    problems: list[CheckMessage] = []
    if "://" in settings.BECKN_SUBSCRIBER_ID:
        problems.append(
            Error(
                "BECKN_SUBSCRIBER_ID has a scheme.",
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
    if settings.BECKN_MODE != "direct":
        problems.append(
            Error(
                f"BECKN_MODE is {settings.BECKN_MODE!r}.",
                hint="Only direct is spoken so far: this platform signs and sends itself.",
                id="beckn.E004",
            )
        )
    return problems


@register("beckn")
def check_keys(**_: Any) -> list[CheckMessage]:
    """The signing key's form, and that there is one at all."""
    if not settings.BECKN_SIGNING_KEY:
        return [
            Warning(
                "BECKN_SIGNING_KEY is not set.",
                hint="Messages are received, but no callback can be signed and sent.",
                id="beckn.W005",
            )
        ]
    try:
        read_private_key(settings.BECKN_SIGNING_KEY)
    except BadKey as problem:
        return [Error(f"BECKN_SIGNING_KEY can not be used: {problem}.", id="beckn.E006")]
    return []


@register("beckn")
def check_registry(**_: Any) -> list[CheckMessage]:
    if settings.BECKN_REGISTRY_URL:
        return []
    hint = "Without a registry nobody can be recognised, so every message is answered 401."
    return [Warning("BECKN_REGISTRY_URL is not set.", hint=hint, id="beckn.W007")]
