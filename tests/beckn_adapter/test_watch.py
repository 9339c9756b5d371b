"""One worker process watches, and nobody is woken meanwhile; the others help while it can not do it alone."""

from typing import Any

import pytest
from celery import current_app

from beckn_adapter import nudge, tasks, watch
from beckn_adapter.models import Message
from beckn_adapter.watch import LATE, Watch
from tests.beckn_adapter.conversation import receive, request


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the tasks that were sent."""
    names: list[str] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, **_: names.append(name))
    return names


def watching() -> Watch:
    one = Watch()
    one.begin()
    return one


def test_only_one_watches() -> None:
    first, second = watching(), watching()

    assert (first.is_mine, second.is_mine) == (True, False)


def test_nobody_is_woken_while_somebody_watches(woken: list[str]) -> None:
    watching().keep(0)

    nudge.send_nudge()

    assert woken == []


def test_when_the_watch_has_ended_the_next_message_wakes_somebody(woken: list[str]) -> None:
    first = watching()
    first.keep(0)
    first.end()

    nudge.send_nudge()

    assert len(woken) == 1
    assert watching().is_mine


def test_a_turn_that_took_too_long_calls_for_help_but_not_again_and_again(woken: list[str]) -> None:
    first = watching()

    for _ in range(3):
        first.keep(LATE * 2)

    assert len(woken) == 1


def test_a_helper_neither_calls_for_help_nor_ends_the_watch(woken: list[str]) -> None:
    first, helper = watching(), watching()
    first.keep(0)

    helper.keep(LATE * 2)
    helper.end()
    nudge.send_nudge()

    assert woken == []


def test_who_watched_and_died_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LASTS", 0.01)
    watching()

    assert any(watching().is_mine for _ in range(1000))


def test_without_a_cache_each_watches_for_itself(settings: Any) -> None:
    away = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1"}
    settings.CACHES = {"default": away}

    assert watching().is_mine


@pytest.mark.django_db
@pytest.mark.usefixtures("guide")
def test_a_helper_works_what_is_there_and_goes() -> None:
    watching()
    receive(request("search", {"intent": {}}))

    tasks.work()

    assert Message.objects.get().state == "HANDLED"
