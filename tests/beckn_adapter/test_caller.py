"""Whose address a request comes from: what a proxy of ours says is believed, what anybody can write is not."""

from typing import Any

import pytest
from django.test import RequestFactory

from beckn_adapter.caller import Caller, client_address

PROXIES = ["10.0.0.0/8", "192.0.2.1"]


@pytest.mark.parametrize(
    ("proxies", "remote", "forwarded", "address"),
    [
        pytest.param([], "203.0.113.7", "", "203.0.113.7", id="no proxy"),
        pytest.param([], "203.0.113.7", "198.51.100.9", "203.0.113.7", id="a header that nobody asked for"),
        pytest.param(PROXIES, "203.0.113.7", "198.51.100.9", "203.0.113.7", id="a stranger who plays proxy"),
        pytest.param(PROXIES, "10.1.2.3", "198.51.100.9", "198.51.100.9", id="through our proxy"),
        pytest.param(PROXIES, "10.1.2.3", "1.2.3.4, 198.51.100.9", "198.51.100.9", id="a lie further left"),
        pytest.param(PROXIES, "10.1.2.3", "198.51.100.9, 192.0.2.1", "198.51.100.9", id="through two proxies of ours"),
        pytest.param(PROXIES, "10.1.2.3", "", "10.1.2.3", id="the proxy itself"),
        pytest.param(PROXIES, "10.1.2.3", "10.9.9.9", "10.9.9.9", id="from inside"),
        pytest.param(PROXIES, "10.1.2.3", "198.51.100.9, <script>", "10.1.2.3", id="nonsense"),
        pytest.param(PROXIES, "10.1.2.3", "2001:db8::5", "2001:db8::5", id="IPv6"),
        pytest.param(PROXIES, "", "198.51.100.9", "", id="a socket without an address"),
    ],
)
def test_the_address_is_the_last_that_no_proxy_of_ours_is(
    proxies: list[str], remote: str, forwarded: str, address: str, settings: Any
) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().post("/beckn/search", REMOTE_ADDR=remote, HTTP_X_FORWARDED_FOR=forwarded)

    assert client_address(request) == address


@pytest.mark.parametrize(
    ("address", "neighbourhood", "masked"),
    [
        ("203.0.113.7", "203.0.113.7/32", "203.0.113.0/24"),
        ("::ffff:203.0.113.7", "203.0.113.7/32", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("", "", ""),
    ],
)
def test_an_address_is_kept_without_its_end(address: str, neighbourhood: str, masked: str) -> None:
    caller = Caller(address, "search")

    assert (caller.neighbourhood, caller.masked) == (neighbourhood, masked)
