"""Of the long tasks one runs at a time, so that they never fill all worker processes."""

from typing import Any

import pytest
from celery.exceptions import Retry
from django.core.cache import cache

from connections import figures, tasks
from connections.chores import MARK
from connections.post import AWAY, work_post
from tests.factories import scheduled_application

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nobody_works() -> None:
    cache.clear()


def test_who_finds_another_under_way_comes_again_later() -> None:
    cache.add(MARK, "sweep_messages", timeout=60)

    with pytest.raises(Retry):
        tasks.count_orders()

    assert figures.orders_by_stage() == {}


def test_when_it_has_ended_the_next_one_begins() -> None:
    tasks.count_orders()

    assert tasks.work_post() == 0


def test_one_that_fails_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "NOTING_SECONDS", "no number")

    with pytest.raises(TypeError):
        tasks.count_orders()

    assert cache.get(MARK) is None


def test_without_a_cache_each_does_its_work(settings: Any) -> None:
    away = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1"}
    settings.CACHES = {"default": away}

    assert tasks.clear_sent_forms() == 0
    assert tasks.count_orders()["SCHEDULED"] == (0, 0)


def test_a_mail_server_that_is_silent_is_left_alone_and_the_other_letters_stay_due(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # nobody listens
    for n in range(3):
        scheduled_application(source_reference=str(n))

    assert (work_post(), work_post()) == (1, 0)
    cache.delete(AWAY)
    assert work_post() == 1
