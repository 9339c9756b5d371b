"""Marks in the cache: one process leaves them, the others see them, and without a cache everybody goes on alone."""

from typing import Any

import pytest
from django.core.cache import cache

from connections import marks

AWAY = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1"}


@pytest.fixture(autouse=True)
def nothing_stands() -> None:
    cache.clear()


def test_of_two_that_leave_a_mark_it_is_the_first_ones() -> None:
    assert (marks.leave("here", 60), marks.leave("here", 60)) == (True, False)


def test_a_mark_stands_until_it_is_wiped() -> None:
    marks.renew("here", 60)
    marks.renew("there", 60)

    marks.wipe("here")

    assert (marks.stands("here"), marks.stands("there")) == (False, True)


def test_a_mark_goes_by_itself() -> None:
    marks.renew("here", -1)

    assert not marks.stands("here")


def test_without_a_cache_everybody_goes_on_alone(settings: Any) -> None:
    settings.CACHES = {"default": AWAY}

    marks.renew("here", 60)
    marks.wipe("here")

    assert (marks.leave("here", 60), marks.stands("here")) == (True, False)
