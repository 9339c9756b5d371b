"""From where a request comes, told past the proxies that the operator vouches for."""

import ipaddress
from collections.abc import Container, Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest

PROXIED = ("X-Forwarded-For", "Forwarded", "X-Real-IP")


def address_of(request: HttpRequest) -> str:
    """The client's IP address."""
    return address_in(request.META)


def address_in(environ: Mapping[str, Any]) -> str:
    """The same of a WSGI environment.

    Each of `TRUSTED_PROXIES` proxies appends whom it heard to X-Forwarded-For, so the one that many places from the end
    is the client; whatever stands before it the client may have made up.
    """
    direct = str(environ.get("REMOTE_ADDR", ""))
    if not settings.TRUSTED_PROXIES:
        return direct
    told = [part.strip() for part in environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    named = told[-settings.TRUSTED_PROXIES] if len(told) >= settings.TRUSTED_PROXIES else direct
    return named if is_address(named) else direct


def came_by_an_unknown_proxy(headers: Container[str]) -> bool:
    """Whether a proxy brought it that we do not know of: the address is the proxy's then, and proves nothing."""
    return not settings.TRUSTED_PROXIES and any(name in headers for name in PROXIED)


def is_address(text: str) -> bool:
    """True for an IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
