"""Logging in: how often one may try, what strangers learn, how passwords are kept, and how long a session lasts."""

import re
import time
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.conf import settings as configured
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client

from connections.access.address import address_of
from connections.access.sessions import BEGAN, SEEN, SessionStore
from tests.connections.desk import boss, browser_of, clerk
from tests.factories import staff

pytestmark = pytest.mark.django_db
PASSWORD = "a long walk home"
DOORS = ["/admin/login/", "/field/login/"]
ELSEWHERE = "198.51.100.7"


@pytest.fixture
def anna() -> User:
    return User.objects.create_superuser("anna", password=PASSWORD)


def try_password(door: str, name: str = "anna", password: str = "", address: str = "203.0.113.9") -> Any:
    return Client().post(door, {"username": name, "password": password or "wrong"}, REMOTE_ADDR=address)


def is_in(answer: Any) -> bool:
    return answer.status_code == 302 and "sessionid" in answer.cookies


# --- How often ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("door", DOORS)
def test_five_wrong_passwords_close_the_door_to_the_right_one_too(anna: User, door: str) -> None:
    answers = [try_password(door) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]
    closed = try_password(door, password=PASSWORD)
    assert closed.status_code == 429
    assert closed["Retry-After"] == str(15 * 60)
    page = closed.content.decode()
    assert "Wait 15 minutes" in page
    assert "whoever keeps the accounts in your office" in page
    assert "anna" not in page


def test_one_door_closed_is_every_door_closed(anna: User) -> None:
    for _ in range(5):
        try_password(DOORS[0])

    assert try_password(DOORS[1], password=PASSWORD).status_code == 429


def test_a_stranger_does_not_lock_anna_out_of_her_own_office(anna: User) -> None:
    for _ in range(5):
        try_password(DOORS[0])

    assert is_in(try_password(DOORS[0], password=PASSWORD, address=ELSEWHERE))


def test_many_addresses_together_do_not_get_more_than_ten_times_as_many(anna: User, settings: Any) -> None:
    settings.AXES_FAILURE_LIMIT = 1
    for number in range(10):
        try_password(DOORS[0], address=f"2001:db8::{number:x}")

    assert try_password(DOORS[0], password=PASSWORD, address=ELSEWHERE).status_code == 429


def test_one_address_does_not_try_one_password_on_everybody(anna: User, settings: Any) -> None:
    settings.AXES_FAILURE_LIMIT = 1
    for number in range(10):
        try_password(DOORS[0], name=f"somebody-{number}")

    assert try_password(DOORS[0], password=PASSWORD).status_code == 429


def test_the_right_password_forgets_the_wrong_ones(anna: User) -> None:
    for _ in range(4):
        try_password(DOORS[0])
    assert is_in(try_password(DOORS[0], password=PASSWORD))

    assert [try_password(DOORS[0]).status_code for _ in range(4)] == [200] * 4


def test_an_administrator_opens_the_log_in_again(anna: User) -> None:
    for _ in range(5):
        try_password(DOORS[0])
    known = [str(pk) for pk in AccessAttempt.objects.values_list("pk", flat=True)]
    form = {"action": "let_try_again", "_selected_action": known, "index": 0}

    boss_of_accounts = browser_of(User.objects.create_superuser("berta"))
    assert boss_of_accounts.post("/admin/axes/accessattempt/", form).status_code == 302

    assert is_in(try_password(DOORS[0], password=PASSWORD))


def test_a_clerk_opens_nothing_again(anna: User) -> None:
    for _ in range(5):
        try_password(DOORS[0])

    client = clerk("axes.view_accessattempt")
    known = [str(pk) for pk in AccessAttempt.objects.values_list("pk", flat=True)]
    client.post("/admin/axes/accessattempt/", {"action": "let_try_again", "_selected_action": known, "index": 0})

    assert AccessAttempt.objects.count() == 1


def test_what_was_typed_is_neither_kept_nor_logged(anna: User, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(5):
        try_password(DOORS[0], name="hunter2-in-the-wrong-field", password="my secret")

    kept = AccessAttempt.objects.get()
    assert "my secret" not in f"{kept.post_data}{kept.get_data}{caplog.text}"
    assert "hunter2" not in caplog.text


@pytest.mark.parametrize(
    ("proxies", "told", "address"),
    [
        (0, "6.6.6.6", "127.0.0.1"),
        (1, "6.6.6.6", "6.6.6.6"),
        (1, "1.1.1.1, 6.6.6.6", "6.6.6.6"),
        (2, "1.1.1.1, 6.6.6.6, 10.0.0.1", "6.6.6.6"),
        (2, "6.6.6.6", "127.0.0.1"),
        (1, "", "127.0.0.1"),
    ],
)
def test_a_client_can_not_make_up_its_address(rf: Any, settings: Any, proxies: int, told: str, address: str) -> None:
    settings.TRUSTED_PROXIES = proxies

    assert address_of(rf.get("/", headers={"X-Forwarded-For": told})) == address


# --- What a stranger learns -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("door", DOORS)
def test_nobody_learns_which_names_exist(anna: User, door: str) -> None:
    User.objects.create_user("gone", password=PASSWORD, is_active=False, is_staff=True)

    pages = [
        try_password(door, name=name, password=password).content.decode().replace(name, "NAME")
        for name, password in [("anna", "wrong"), ("nobody", "wrong"), ("gone", PASSWORD)]
    ]

    made_anew = r'csrfmiddlewaretoken" value="[^"]+"|"inlineStyleNonce": "[^"]+"'
    assert len({re.sub(made_anew, "", page) for page in pages}) == 1


def test_a_name_that_does_not_exist_takes_as_long_as_one_that_does(anna: User) -> None:
    def seconds(name: str, number: int) -> float:
        start = time.perf_counter()
        try_password("/admin/login/", name=name, address=f"2001:db8::{number:x}")
        return time.perf_counter() - start

    known = min(seconds("anna", number) for number in range(4))  # the least: what else the machine does only adds
    unknown = min(seconds("nobody", number) for number in range(4))

    assert 0.5 < unknown / known < 2


# --- Passwords ------------------------------------------------------------------------------------------------------


def test_passwords_are_kept_by_argon2_and_old_ones_are_kept_anew_at_the_next_log_in(anna: User) -> None:
    assert anna.password.startswith("argon2$argon2id$")
    User.objects.filter(pk=anna.pk).update(password=make_password(PASSWORD, hasher="pbkdf2_sha256"))

    assert is_in(try_password(DOORS[0], password=PASSWORD))

    assert User.objects.get(pk=anna.pk).password.startswith("argon2$argon2id$")


@pytest.mark.parametrize("bad", ["short", "password123", "anna-the-boss"])
def test_a_weak_password_is_not_taken(bad: str) -> None:
    form = {"username": "anna-the-boss", "password1": bad, "password2": bad, "usable_password": "true"}

    answer = boss().post("/admin/auth/user/add/", form)

    assert answer.status_code == 200
    assert not User.objects.filter(username="anna-the-boss").exists()


# --- Sessions -------------------------------------------------------------------------------------------------------


def age(client: Client, **seconds: int) -> None:
    session = client.session
    for stamp, ago in seconds.items():
        session[stamp] = int(time.time()) - ago
    session.save()


@pytest.mark.parametrize(
    ("is_staff", "stamp", "limit"),
    [(True, SEEN, 3600), (True, BEGAN, 12 * 3600), (False, SEEN, 168 * 3600), (False, BEGAN, 30 * 86400)],
)
def test_a_session_ends_after_its_time(is_staff: bool, stamp: str, limit: int) -> None:
    client = browser_of(User.objects.create_user("anna", is_staff=is_staff))
    page = "/admin/" if is_staff else "/field/"
    inside = 200 if is_staff else 403  # to a person who is no technician
    assert client.get(page).status_code == inside

    age(client, **{stamp: limit - 60})
    assert client.get(page).status_code == inside
    age(client, **{stamp: limit + 60})
    assert client.get(page).status_code == 302


def test_staff_who_were_logged_out_read_why() -> None:
    client = boss()
    age(client, seen=4000)

    assert "your time was over" in client.get("/admin/", follow=True).content.decode()


def test_a_log_in_gets_a_session_of_its_own(anna: User) -> None:
    client = Client()
    session = SessionStore()
    session["planted"] = "by somebody else"
    session.save()
    client.cookies["sessionid"] = session.session_key or ""

    client.post("/admin/login/", {"username": "anna", "password": PASSWORD})

    assert client.cookies["sessionid"].value != session.session_key
    assert not SessionStore().exists(session.session_key or "")


def test_a_copy_of_the_database_opens_no_session() -> None:
    client = boss()
    assert client.get("/admin/").status_code == 200

    (kept,) = Session.objects.values_list("session_key", flat=True)
    assert kept != client.cookies["sessionid"].value
    thief = Client()
    thief.cookies["sessionid"] = kept
    assert thief.get("/admin/").status_code == 302


def test_who_logs_out_leaves_no_session_behind() -> None:
    client = boss()

    client.post("/admin/logout/")

    assert not Session.objects.exists()


def test_cookies_are_for_the_server_and_for_this_site_alone(anna: User) -> None:
    answer = try_password(DOORS[0], password=PASSWORD)

    for name in ("sessionid", "csrftoken"):
        cookie = answer.cookies[name]
        assert cookie["httponly"], name
        assert cookie["samesite"] == "Lax", name
    assert not configured.SESSION_COOKIE_SECURE  # the tests' own address is http


def test_staff_can_not_reach_what_axes_and_otp_would_show_of_their_own() -> None:
    client = boss()

    for table in ("otp_totp/totpdevice", "otp_static/staticdevice", "axes/accesslog", "axes/accessfailurelog"):
        assert client.get(f"/admin/{table}/").status_code == 404
    assert browser_of(staff()).get("/admin/axes/accessattempt/").status_code == 403
