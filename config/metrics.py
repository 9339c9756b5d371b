"""`GET /metrics`: the house's figures in Prometheus' words, from whichever web process is asked.

Who may read it: with METRICS_TOKEN whoever shows it (`Authorization: Bearer …`); without one, private addresses alone,
and nobody whom a proxy brought that we do not know of.
"""

import ipaddress
import threading
import time
from collections.abc import Iterator

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from beckn_adapter import figures as adapter
from config.readiness import readiness
from connections import figures as orders
from connections.access.address import address_of, came_by_an_unknown_proxy, is_address

KEPT = 5.0  # seconds for which one reading serves everybody who asks
OURS = [
    ipaddress.ip_network(text)
    for text in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16"),
        *("::1/128", "fc00::/7", "fe80::/10"),
    )
]
_lock = threading.Lock()
_page, _read_at = b"", -KEPT


def metrics(request: HttpRequest) -> HttpResponse:
    """200 with the figures; 403 for who may not read them."""
    if not may_read(request):
        return HttpResponse("Not for this address.", status=403, content_type="text/plain")
    return HttpResponse(read_page(), content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


def may_read(request: HttpRequest) -> bool:
    """The rule at the top of this module."""
    if settings.METRICS_TOKEN:
        return constant_time_compare(request.headers.get("Authorization", ""), f"Bearer {settings.METRICS_TOKEN}")
    if came_by_an_unknown_proxy(request.headers):
        return False
    address = address_of(request)
    return is_address(address) and is_ours(address)


def is_ours(address: str) -> bool:
    """Loopback, link-local, or of a network that nobody routes. Not `is_private`: Python 3.11 has every IPv4 address
    that is written as IPv6 for private."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return any(ip in network for network in OURS if network.version == ip.version)


def read_page() -> bytes:
    """The figures as they were at most KEPT seconds ago: a storm of questions costs one reading."""
    global _page, _read_at
    with _lock:
        if time.monotonic() - _read_at >= KEPT:
            _page, _read_at = generate_latest(_registry), time.monotonic()
        return _page


def forget() -> None:
    """The next question is read anew."""
    global _read_at  # noqa: PLW0603
    _read_at = -KEPT


class House(Collector):
    """Everything that is told; without a database, only that it is away and what else is checked."""

    def collect(self) -> Iterator[Metric]:
        state = GaugeMetricFamily("servicedrop_check_ok", "What /readyz finds: 1 is well.", labels=["check"])
        findings = {finding.name: finding.good for finding in readiness.findings()}
        for name, good in findings.items():
            state.add_metric([name], good)
        yield state
        if not (findings["database"] and findings["migrations"]):
            return
        try:
            yield from [*adapter.families(), *self._orders(), *self._letters()]
        except DatabaseError:  # it went away just now
            return

    def _orders(self) -> Iterator[Metric]:
        under_way = GaugeMetricFamily("servicedrop_applications_open", "Orders under way.", labels=["stage"])
        late = GaugeMetricFamily(
            "servicedrop_applications_overdue", "Those past the utility's own promise.", labels=["stage"]
        )
        for stage, (number, overdue) in orders.orders_by_stage().items():
            under_way.add_metric([stage], number)
            late.add_metric([stage], overdue)
        yield from (under_way, late)

    def _letters(self) -> Iterator[Metric]:
        found = orders.letters()
        count = GaugeMetricFamily("servicedrop_letters", "Letters to applicants, not sent.", labels=["state"])
        for state in ("waiting", "dead"):
            count.add_metric([state], found[state])
        yield count
        means = "How long the first letter has been due that nobody took."
        yield GaugeMetricFamily("servicedrop_letters_late_seconds", means, value=found["late"])


_registry = CollectorRegistry(auto_describe=False)
_registry.register(House())
