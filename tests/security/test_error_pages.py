"""What is shown and written down when something goes wrong: plain words, and nothing about anybody."""

import errno
import json
import logging
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import path

from config.logs import JsonLine
from config.urls import handler500
from config.urls import urlpatterns as of_the_house
from connections.form_link import form_token
from connections.privacy.logs import Discreet
from tests.factories import scheduled_application

__all__ = ["handler500"]  # Django looks for it beside the addresses
pytestmark = pytest.mark.django_db
INSIDE = re.compile(r"Traceback|Exception|Error\b|settings\.py|DEBUG|/site-packages/|Django|Jonathan")


def breaks(request: Any) -> None:
    raise ValueError("Jonathan Park, +14155553333")


def has_no_room(request: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device: /srv/Jonathan")


urlpatterns = [path("track/breaks/", breaks), path("track/full/", has_no_room), *of_the_house]


def shown(answer: Any) -> str:
    return re.sub(r"<[^>]+>|\s+", " ", answer.content.decode())


@pytest.mark.urls(__name__)
def test_a_mistake_of_ours_is_said_in_plain_words() -> None:
    answer = Client(raise_request_exception=False).get("/track/breaks/")

    assert answer.status_code == 500
    assert "Something went wrong here, not with you" in shown(answer)
    assert not INSIDE.search(answer.content.decode())


@pytest.mark.urls(__name__)
def test_a_full_disk_is_said_in_plain_words() -> None:
    answer = Client(raise_request_exception=False).get("/track/full/")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert "no room for files just now. Nothing that you sent was kept" in shown(answer)
    assert "servicedrop.css" in answer.content.decode()
    assert "style=" not in answer.content.decode()  # which the pages' policy would not take
    assert not INSIDE.search(answer.content.decode())


def test_what_is_not_there_is_said_in_plain_words() -> None:
    answer = Client().get("/nowhere/<script>/")

    assert answer.status_code == 404
    assert "There is nothing at this address" in shown(answer)
    assert "nowhere" not in answer.content.decode()
    assert not INSIDE.search(answer.content.decode())


def test_an_address_that_is_not_ours_is_refused_in_plain_words() -> None:
    answer = Client().get("/", headers={"Host": "evil.example.com"})

    assert answer.status_code == 400
    assert "Your browser sent something that we can not read" in shown(answer)
    assert "evil" not in answer.content.decode()


def test_a_form_of_another_site_is_refused_in_plain_words() -> None:
    answer = Client(enforce_csrf_checks=True).post("/field/login/", {"username": "x", "password": "y"})

    assert answer.status_code == 403
    assert "This page was open too long" in shown(answer)
    assert not INSIDE.search(answer.content.decode())


@pytest.mark.urls(__name__)
def test_no_log_holds_a_key_to_a_page(caplog: pytest.LogCaptureFixture) -> None:
    order = scheduled_application()
    token = form_token(order)
    record = logging.LogRecord("django.request", logging.ERROR, "", 0, "Internal Server Error: %s", (), None)
    record.args = (f"/track/{order.tracking_id}/feedback/?x=1 and /documents/{token}/check/",)

    assert Discreet().filter(record)
    line = json.loads(JsonLine().format(record))

    assert line["message"] == "Internal Server Error: /track/…/feedback/?x=1 and /documents/…/check/"


def test_a_dead_end_leads_those_who_are_logged_in_back_to_their_work() -> None:
    desk, field, anybody = Client(), Client(), Client()
    desk.force_login(User.objects.create_superuser("anna"))
    field.force_login(User.objects.create_user("ravi"))

    told = [browser.get("/nowhere/").content.decode() for browser in (desk, field, anybody)]

    assert "To the desk" in told[0]
    assert "To my day" in told[1]
    assert "To " not in shown(anybody.get("/nowhere/"))
    assert "this account has no place at the desk" in field.get("/admin/login/").content.decode()
