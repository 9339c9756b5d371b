"""Clocks are wrong: a buyer app's by a minute or an hour, ours by a day. Neither loses, doubles or hurries anything."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from beckn_adapter import outbox, tasks
from beckn_adapter.models import Callback, Message
from beckn_adapter.sandbox.participant import Participant
from beckn_adapter.sandbox.registry import Registry
from beckn_adapter.sender import Postman
from beckn_adapter.waiting import set_right
from tests.beckn_adapter.conversation import receive, request
from tests.beckn_adapter.rude import Rude, says
from tests.beckn_adapter.test_door import post
from tests.beckn_adapter.test_replies import ACK, again, owe

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]
SetOurClock = Callable[[timedelta], None]


@pytest.fixture
def set_our_clock(monkeypatch: pytest.MonkeyPatch) -> SetOurClock:
    """From now on Django's clock is off by so much."""

    def shift(by: timedelta) -> None:
        monkeypatch.setattr(timezone, "now", lambda: datetime.now(UTC) + by)

    return shift


def send_with_a_clock_off_by(seconds: int, network: Registry) -> tuple[int, Any]:
    """A search whose timestamp and signature are made by a buyer app's wrong clock."""
    bap = Participant("wrong.test", "https://wrong.test/beckn", "BAP")
    bap.subscribe(network.url)
    theirs = datetime.now(UTC) + timedelta(seconds=seconds)
    body = request(
        "search", {"intent": {}}, bap_id="wrong.test", bap_uri="https://wrong.test/beckn", timestamp=theirs.isoformat()
    )
    raw = json.dumps(body).encode()
    status, reply, _ = post(raw, bap.sign(raw, created=int(theirs.timestamp())))
    return status, reply


@pytest.mark.parametrize("seconds", [-60, 60])
def test_the_clock_of_a_buyer_app_may_be_wrong_by_a_minute(seconds: int, network: Registry) -> None:
    assert send_with_a_clock_off_by(seconds, network)[0] == 200


@pytest.mark.parametrize(("seconds", "what"), [(-3600, "has expired: at "), (3600, "created in the future: at ")])
def test_one_that_is_wrong_by_an_hour_is_told_what_both_clocks_say(seconds: int, what: str, network: Registry) -> None:
    status, reply = send_with_a_clock_off_by(seconds, network)

    assert status == 401
    assert what in reply["error"]["message"]
    assert f"our clock says {datetime.now(UTC):%Y-%m-%dT%H}" in reply["error"]["message"]


def test_a_timestamp_that_is_wrong_by_an_hour_is_told_so_too(network: Registry) -> None:
    bap = Participant("wrong.test", "https://wrong.test/beckn", "BAP")
    bap.subscribe(network.url)
    theirs = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    body = request("search", {"intent": {}}, bap_id="wrong.test", bap_uri="https://wrong.test/beckn", timestamp=theirs)
    raw = json.dumps(body).encode()

    status, reply, _ = post(raw, bap.sign(raw))

    assert status == settings.BECKN_NACK_STATUS
    assert f"it says {theirs[:19]}" in reply["error"]["message"]
    assert "our clock says" in reply["error"]["message"]


@pytest.mark.usefixtures("network")
def test_our_clock_a_day_ahead_ends_no_callback_and_sends_none_again(set_our_clock: SetOurClock) -> None:
    with Rude(says("503 Busy")) as host, Rude(says("200 OK", ACK)) as other:
        waiting = [owe(host.host) for _ in range(3)]
        told = [owe(other.host) for _ in range(3)]
        tasks.work()
        set_our_clock(timedelta(days=1))

        tasks.work()

        assert len(other.heard) == 3
    assert {again(callback).state for callback in told} == {"DELIVERED"}
    assert {again(callback).state for callback in waiting} == {"DUE"}


@pytest.mark.usefixtures("network")
def test_our_clock_set_back_by_a_day_holds_up_nothing(set_our_clock: SetOurClock) -> None:
    with Rude(says("200 OK", ACK)) as host:
        callback = owe(host.host)
        message = receive(request("search", {"intent": {}}))
        set_our_clock(timedelta(days=-1))

        tasks.work()

    assert again(callback).state == "DELIVERED"
    assert Message.objects.get(pk=message.pk).state == "HANDLED"


def takes_its_time(line: Any) -> None:
    time.sleep(0.5)
    says("200 OK", ACK)(line)


@pytest.mark.usefixtures("network")
@pytest.mark.parametrize("by", [timedelta(minutes=1), timedelta(days=-1)])
def test_what_is_in_hand_when_our_clock_is_set_is_not_taken_in_hand_again(
    by: timedelta, set_our_clock: SetOurClock
) -> None:
    with Rude(takes_its_time) as host:
        callback, postman = owe(host.host), Postman()
        tasks.send_some(postman)
        set_our_clock(by)
        set_right()

        tasks.send_some(postman)

        assert tasks.bring_home(postman) == 1
        assert len(host.heard) == 1
    assert again(callback).state == "DELIVERED"


@pytest.mark.usefixtures("network")
def test_a_lease_holds_though_our_clock_is_a_second_off(set_our_clock: SetOurClock) -> None:
    owe("127.0.0.1:1")
    assert len(outbox.claim()) == 1

    for seconds in (-5, 5):
        set_our_clock(timedelta(seconds=seconds))
        assert outbox.claim() == []
    assert Callback.objects.get().state == "DUE"
