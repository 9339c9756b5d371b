"""Who knocks: the address behind the proxies that we trust, and the name and key that the signature claims."""

import ipaddress
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


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


def caller_of(request: HttpRequest, action: str) -> Caller:
    return Caller(client_address(request), action)


def client_address(request: HttpRequest) -> str:
    """REMOTE_ADDR; behind TRUSTED_PROXIES the last of X-Forwarded-For that none of them is. What stands further left
    anybody can have written."""
    address: str = request.META.get("REMOTE_ADDR") or ""
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if settings.TRUSTED_PROXIES else []
    while hops and _is_trusted(address):
        hop = hops.pop().strip()
        if not _is_address(hop):
            break
        address = hop
    return address


def _is_trusted(address: str) -> bool:
    if not _is_address(address):
        return False
    ip = ipaddress.ip_address(address)
    return any(ip in network for network in _networks(tuple(settings.TRUSTED_PROXIES)))


@lru_cache(maxsize=2)
def _networks(texts: tuple[str, ...]) -> list[Network]:
    return [ipaddress.ip_network(text) for text in texts]


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=4096)
def _network_of(address: str, bits4: int, bits6: int) -> str:
    if not _is_address(address):
        return ""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    bits = bits4 if ip.version == 4 else bits6
    return str(ipaddress.ip_network(f"{ip}/{bits}", strict=False))
