"""Letters go to a real mail server: refused, delayed or dropped they go later, and arrive once."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from connections import post
from connections.models import Letter
from connections.post import work_post
from tests.connections.desk import browser_of, page_of, step
from tests.connections.letterbox import deliver
from tests.connections.mail_server import MailServer, mail_server
from tests.factories import provider, scheduled_application, staff

pytestmark = pytest.mark.django_db
L = Letter.State
Served = Callable[..., MailServer]


@pytest.fixture
def served(settings: Any) -> Iterator[Served]:
    """`served("busy", "take")` is a mail server of these moods, and the post sends to it."""
    servers = []

    def start(*moods: str) -> MailServer:
        opened = mail_server(*moods)
        server = opened.__enter__()
        servers.append(opened)
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 0.5
        return server

    yield start
    for opened in servers:
        opened.__exit__(None, None, None)


def letter() -> Letter:
    return Letter.objects.get()


def test_a_letter_arrives_whole(served: Served) -> None:
    server = served("take")
    provider(name="Électricité de San Francisco", support_email="support@sfea.gov")
    order = scheduled_application()

    deliver()

    (arrived,) = server.taken
    text, html = (arrived.get_body([kind]) for kind in ("plain", "html"))
    assert arrived["Subject"] == f"We have received your order {order.number}"
    assert arrived["From"] == "Électricité de San Francisco <no-reply@localhost>"
    assert text is not None
    assert html is not None
    assert f"/track/{order.tracking_id}/" in text.get_content()
    assert f"/track/{order.tracking_id}/" in html.get_content()
    assert letter().state == L.SENT


@pytest.mark.parametrize("mood", ["busy", "drop", "wait"])
def test_a_server_that_does_not_take_it_gets_it_later_and_once(served: Served, mood: str) -> None:
    server = served(mood, "take")
    scheduled_application()

    deliver()
    waiting = letter()
    assert (waiting.state, waiting.attempts, server.taken) == (L.READY, 1, [])
    assert waiting.problem
    assert timedelta(seconds=40) < waiting.due_at - timezone.now() < timedelta(seconds=75)
    work_post()
    assert server.taken == []  # it is not due yet

    for _ in range(3):
        deliver()
    assert len(server.taken) == 1
    assert (letter().state, letter().attempts, letter().problem) == (L.SENT, 2, "")


def test_a_server_that_is_not_there_is_tried_again(settings: Any, served: Served) -> None:
    served("take")
    settings.EMAIL_PORT = 9  # nobody listens
    scheduled_application()

    deliver()

    assert "ConnectionRefusedError" in letter().problem
    assert letter().state == L.READY


def test_an_address_that_does_not_exist_is_given_up_at_once_and_staff_can_send_again(served: Served) -> None:
    server = served("unknown", "take")
    scheduled_application()
    deliver()
    assert letter().state == L.DEAD
    assert "nobody of that name" in letter().problem

    clerk = browser_of(staff("connections.view_letter", "connections.send_letter"))
    assert clerk.get(page_of(letter())).status_code == 200
    clerk.post(step(letter(), "send_again"))
    work_post()

    assert len(server.taken) == 1
    assert letter().state == L.SENT


def test_only_who_may_sends_again(served: Served) -> None:
    served("unknown")
    scheduled_application()
    deliver()

    browser_of(staff("connections.view_letter")).post(step(letter(), "send_again"))

    assert letter().state == L.DEAD


def test_in_the_end_nobody_hopes_any_more(served: Served) -> None:
    served("busy")
    scheduled_application()

    for _ in range(len(post.BACKOFF) + 3):
        deliver()

    assert (letter().state, letter().attempts) == (L.DEAD, len(post.BACKOFF) + 1)


def test_a_letter_that_a_worker_died_with_is_taken_up_when_its_lease_is_over(served: Served) -> None:
    server = served("take")
    scheduled_application()
    assert len(post._claim()) == 1

    work_post()
    assert server.taken == []
    deliver()

    assert len(server.taken) == 1


def test_letters_are_taken_a_handful_at_a_time(served: Served) -> None:
    server = served("take")
    for n in range(post.HANDFUL + 1):
        scheduled_application(source_reference=str(n))

    with CaptureQueriesContext(connection) as seen:
        deliver()

    assert len(server.taken) == post.HANDFUL + 1
    assert sum("SKIP LOCKED" in query["sql"] for query in seen) == 2


def test_one_more_letter_costs_six_statements_more(served: Served) -> None:
    served("take")
    costs = []
    for count in (1, 2, 3):
        for n in range(count):
            scheduled_application(source_reference=f"{count}-{n}")
        with CaptureQueriesContext(connection) as seen:
            deliver()
        costs.append(sum("SAVEPOINT" not in query["sql"] for query in seen))

    assert costs[2] - costs[1] <= 6  # the order, what waits of it, papers, holds; the words kept, and that it is sent


@pytest.mark.django_db(transaction=True)
def test_two_posts_at_once_send_each_letter_once(served: Served, at_once: Any) -> None:
    server = served("take")
    for n in range(6):
        scheduled_application(source_reference=str(n))

    at_once(4, work_post)
    work_post()

    assert len(server.taken) == 6
    assert {row.attempts for row in Letter.objects.all()} == {1}
