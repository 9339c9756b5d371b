"""Whose address a request comes from: what a proxy of ours says is believed, what anybody can write is not."""

from typing import Any

import pytest
from django.test import RequestFactory

from beckn_adapter.caller import Caller, caller_of


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        pytest.param(0, "", "10.1.2.3", id="no proxy"),
        pytest.param(0, "198.51.100.9", "10.1.2.3", id="a header that nobody asked for"),
        pytest.param(1, "198.51.100.9", "198.51.100.9", id="through our proxy"),
        pytest.param(1, "1.2.3.4, 198.51.100.9", "198.51.100.9", id="a lie further left"),
        pytest.param(2, "198.51.100.9, 192.0.2.1", "198.51.100.9", id="through two proxies of ours"),
        pytest.param(2, "198.51.100.9", "10.1.2.3", id="fewer than we have"),
        pytest.param(1, "", "10.1.2.3", id="the proxy itself"),
        pytest.param(1, "198.51.100.9, <script>", "10.1.2.3", id="nonsense"),
        pytest.param(1, "2001:db8::5", "2001:db8::5", id="IPv6"),
    ],
)
def test_the_address_is_the_one_that_our_proxies_heard(
    proxies: int, forwarded: str, address: str, settings: Any
) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().post("/beckn/search", REMOTE_ADDR="10.1.2.3", HTTP_X_FORWARDED_FOR=forwarded)

    assert caller_of(request.META, "search").address == address


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
