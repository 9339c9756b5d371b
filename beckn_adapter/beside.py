"""Behind a protocol-server or ONIX (BECKN_MODE=adapter): it signs, verifies and looks up, we speak with it alone.

Its webhook brings messages that nobody signed, so nothing but the address says that they come from it: whoever else
sends one is refused. Callbacks go unsigned to its client side, `{BECKN_ADAPTER_URL}/on_<action>`, the whole message
each; it forwards them to the context's bap_uri (PROTOCOL: section 4, "Provider integration steps"). docs/adapter.md.
"""

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from beckn_adapter.caller import Caller
from connections.access.address import came_by_an_unknown_proxy, is_address

MODES = ("direct", "adapter")


def is_used() -> bool:
    """Whether an adapter stands between us and the network."""
    return bool(settings.BECKN_MODE == "adapter")


def is_it(caller: Caller, headers: Any) -> bool:
    """Whether the adapter itself is calling: from one of BECKN_ADAPTER_ADDRESSES, and not through a proxy that we do
    not know of, behind which everybody would have its address."""
    if came_by_an_unknown_proxy(headers) or not is_address(caller.address):
        return False
    ip = ipaddress.ip_address(caller.address)
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return any(ip in network for network in networks() if network.version == ip.version)


def networks() -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """Addresses or networks. Raises `ValueError` for what is neither; `manage.py check` says so."""
    return [ipaddress.ip_network(text.strip()) for text in settings.BECKN_ADAPTER_ADDRESSES]


def callback_base(bap_uri: str) -> str:
    """Where callbacks go: to the buyer app, or to the adapter that forwards them."""
    return settings.BECKN_ADAPTER_URL if is_used() else bap_uri.rstrip("/")


def takes(url: str) -> bool:
    """Whether this address is the adapter's own: it may be private, and what goes there is not signed by us."""
    return is_used() and urlsplit(url)[:2] == urlsplit(settings.BECKN_ADAPTER_URL)[:2]


def lives_at(host: str) -> bool:
    return is_used() and host == urlsplit(settings.BECKN_ADAPTER_URL).hostname
