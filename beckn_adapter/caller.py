"""Who knocks: the address behind the proxies that we trust, and the name and key that the signature claims."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from connections.access.address import address_in, is_address


@dataclass
class Caller:
    """What is known of a caller so far. `proven` says that the signature was verified: until then it only claims."""

    address: str
    action: str
    subscriber_id: str = ""
    key_id: str = ""
    proven: bool = False

    @property
    def neighbourhood(self) -> str:
        """What one party has for itself: an IPv4 address, or the /64 that every IPv6 customer gets whole."""
        return _network_of(self.address, 32, 64)

    @property
    def masked(self) -> str:
        """The address as it may be kept: its /24, or its /48 for IPv6."""
        return _network_of(self.address, 24, 48)


def caller_of(environ: Mapping[str, Any], action: str) -> Caller:
    """`environ` is a WSGI environment, or the META of Django's request, which is one."""
    return Caller(address_in(environ), action)


@lru_cache(maxsize=4096)
def _network_of(address: str, bits4: int, bits6: int) -> str:
    if not is_address(address):
        return ""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    bits = bits4 if ip.version == 4 else bits6
    return str(ipaddress.ip_network(f"{ip}/{bits}", strict=False))
