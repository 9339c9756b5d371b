"""A message is worked when its ACK has left, and one row says so for all messages of a web process."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from beckn_adapter import departures, drain, waiting
from beckn_adapter.departures import UNRELEASED, Door
from beckn_adapter.models import Departure
from tests.beckn_adapter.conversation import receive, request

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]


def stored() -> Any:
    return receive(request("search", {"intent": {}}), acknowledged=False)


def workable() -> list[int]:
    return [row.pk for row in drain.take(timezone.now(), 10)]


def test_who_left_last_says_it_for_all_before() -> None:
    first, second = stored(), stored()
    departures.door.left([second.pk])
    assert workable() == []
    assert not waiting.look().messages

    departures.door.left([first.pk])

    assert workable() == [first.pk, second.pk]
    assert waiting.look().messages
    assert Departure.objects.filter(door=departures.door.number).count() == 1


def test_what_is_stored_later_waits_for_its_own_ack() -> None:
    first = stored()
    departures.door.left([first.pk])
    stored()

    assert workable() == [first.pk]


def test_one_door_says_nothing_of_another() -> None:
    first = stored()
    departures.open_another()
    second = stored()

    departures.door.left([second.pk])

    assert first.pk < second.pk
    assert workable() == [second.pk]


def test_an_ack_that_never_leaves_holds_up_the_others_no_longer_than_its_own_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stored()
    second = stored()
    later = departures.time.monotonic() + UNRELEASED.total_seconds() + 1
    monkeypatch.setattr(departures.time, "monotonic", lambda: later)

    departures.door.left([second.pk])

    assert second.pk in workable()


def test_the_row_of_a_process_that_is_long_gone_is_thrown_away() -> None:
    Departure.objects.create(door=7, upto=1, told_at=timezone.now() - timedelta(days=2))
    Departure.objects.create(door=8, upto=1, told_at=timezone.now() - timedelta(hours=2))

    door = Door()
    door.left([])

    kept = Departure.objects.filter(door__in=[7, 8, door.number])
    assert set(kept.values_list("door", flat=True)) == {8, door.number}
