"""The second step of the log-in: who is asked, what opens it, what does not, and what if the phone is lost."""

import re
import time
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.checks import run_checks
from django.test import Client
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from connections.access.second_factor import is_asked, is_required
from tests.connections.desk import browser_of
from tests.factories import staff, technician

pytestmark = pytest.mark.django_db
PROVE, SET_UP = "/admin/second-step/", "/admin/second-step/set-up/"


@pytest.fixture
def demanded(settings: Any) -> None:
    settings.SECOND_FACTOR_GROUPS = ["*"]


def digits_of(app: TOTPDevice, later: int = 0) -> str:
    """What the phone shows, `later` half minutes from now."""
    clock = TOTP(app.bin_key, app.step, app.t0, app.digits)
    clock.time = time.time() + later * app.step
    return f"{clock.token():06d}"


def enrol(client: Client, user: User) -> list[str]:
    """Set up an app as the pages ask for it; returns the recovery codes."""
    client.get(SET_UP)
    app = TOTPDevice.objects.get(user=user, confirmed=False)
    page = client.post(SET_UP, {"code": digits_of(app)}).content.decode()
    return re.findall(r"<li>(\w{4}-\w{4}-\w{4})</li>", page)


def enrolled() -> tuple[User, TOTPDevice, list[str]]:
    """Somebody who set up an app some time ago."""
    user = staff()
    codes = enrol(browser_of(user), user)
    app = TOTPDevice.objects.get(user=user)
    TOTPDevice.objects.filter(pk=app.pk).update(last_t=-1)
    return user, app, codes


def is_in(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


def test_a_group_that_is_named_and_does_not_exist_is_told_of(settings: Any) -> None:
    Group.objects.create(name="Clerks")
    settings.SECOND_FACTOR_GROUPS = ["*", "Clerks", "cashiers"]

    told = [found.msg for found in run_checks(databases=["default"]) if found.id == "servicedrop.W003"]

    assert told == ["SECOND_FACTOR_GROUPS names 'cashiers', and there is no such group."]


# --- Who is asked ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("groups", "who", "asked"),
    [
        ([], "boss", False),
        (["*"], "boss", True),
        (["*"], "clerk", True),
        (["*"], "worker", False),
        (["money"], "boss", True),
        (["money"], "clerk", False),
        (["money"], "cashier", True),
        (["crew"], "worker", True),
        (["*", "crew"], "worker", True),
    ],
)
def test_the_setting_says_who_is_asked(settings: Any, groups: list[str], who: str, asked: bool) -> None:
    settings.SECOND_FACTOR_GROUPS = groups
    people = {
        "boss": User.objects.create_superuser("boss"),
        "clerk": User.objects.create_user("clerk", is_staff=True),
        "cashier": User.objects.create_user("cashier", is_staff=True),
        "worker": User.objects.create_user("worker"),
    }
    people["cashier"].groups.add(Group.objects.create(name="money"))
    people["worker"].groups.add(Group.objects.create(name="crew"))

    assert is_required(people[who]) is asked


def test_who_set_one_up_is_always_asked() -> None:
    user, _, _ = enrolled()

    assert not is_required(user)
    assert is_asked(user)
    assert not is_in(browser_of(user))


@pytest.mark.usefixtures("demanded")
def test_no_page_opens_before_the_second_step() -> None:
    client = browser_of(User.objects.create_superuser("anna"))

    for page in ("/admin/", "/admin/auth/user/", "/admin/password_change/", "/field/", "/"):
        answer = client.get(page)
        assert answer.status_code == 302, page
        assert answer["Location"].startswith(SET_UP), page


def test_a_technician_of_a_group_that_is_named_has_to_prove_it_too(settings: Any) -> None:
    settings.SECOND_FACTOR_GROUPS = ["crew"]
    user = User.objects.create_user("ravi")
    technician(user=user)
    client = browser_of(user)
    assert client.get("/field/").status_code == 200
    user.groups.add(Group.objects.create(name="crew"))

    assert client.get("/field/")["Location"] == f"{SET_UP}?next=%2Ffield%2F"
    enrol(client, user)
    assert client.get("/field/").status_code == 200


# --- Setting it up --------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("demanded")
def test_setting_up_shows_a_picture_and_the_same_secret_in_letters() -> None:
    user = staff()
    client = browser_of(user)

    page = client.get(SET_UP).content.decode()

    app = TOTPDevice.objects.get(user=user)
    secret = re.search(r"secret=(\w+)", app.config_url)
    shown = re.search(r'id="secret">([A-Z2-7 ]+)<', page)
    assert shown is not None
    assert secret is not None
    assert shown[1].replace(" ", "") == secret[1]
    assert 'src="data:image/svg+xml' in page
    assert client.get(SET_UP)["Cache-Control"].count("no-store") == 1


@pytest.mark.usefixtures("demanded")
def test_the_first_right_digits_let_in_and_give_ten_codes() -> None:
    user = staff()
    client = browser_of(user)
    before = client.cookies["sessionid"].value

    codes = enrol(client, user)

    assert len(set(codes)) == 10
    assert client.cookies["sessionid"].value != before
    assert is_in(client)


def test_wrong_digits_confirm_nothing() -> None:
    user = staff()
    client = browser_of(user)
    client.get(SET_UP)

    answer = client.post(SET_UP, {"code": "000000"})

    assert "That was not right" in answer.content.decode()
    assert not TOTPDevice.objects.filter(confirmed=True).exists()


def test_a_secret_seen_by_a_thief_of_the_password_is_not_the_one_that_counts() -> None:
    user = staff()
    thief, owner = browser_of(user), browser_of(user)
    thief.get(SET_UP)
    seen = TOTPDevice.objects.get(user=user)
    enrol(owner, user)

    assert TOTPDevice.objects.get(user=user).key != seen.key
    thief.post(SET_UP, {"code": digits_of(seen)})
    assert not is_in(thief)


def test_a_new_app_is_set_up_only_by_who_has_proved_the_old_one() -> None:
    user, _, _ = enrolled()

    assert browser_of(user).get(SET_UP)["Location"] == PROVE
    assert browser_of(user).post("/admin/second-step/codes/").status_code == 403


# --- Proving it -----------------------------------------------------------------------------------------------------


def test_the_right_digits_lead_on_to_the_page_that_was_asked_for() -> None:
    user, app, _ = enrolled()
    client = browser_of(user)
    asked = client.get("/admin/password_change/")
    assert asked["Location"] == f"{PROVE}?next=%2Fadmin%2Fpassword_change%2F"

    answer = client.post(PROVE, {"code": digits_of(app), "next": "/admin/password_change/"})

    assert answer["Location"] == "/admin/password_change/"
    assert client.get("/admin/password_change/").status_code == 200


@pytest.mark.parametrize("elsewhere", ["https://evil.example.com/", "//evil.example.com", "javascript:alert(1)"])
def test_nobody_is_sent_to_another_site(elsewhere: str) -> None:
    user, app, _ = enrolled()

    answer = browser_of(user).post(PROVE, {"code": digits_of(app), "next": elsewhere})

    assert answer["Location"] == "/admin/"


def test_the_same_digits_open_once() -> None:
    user, app, _ = enrolled()
    digits = digits_of(app)
    browser_of(user).post(PROVE, {"code": digits})
    second = browser_of(user)

    second.post(PROVE, {"code": digits})

    assert not is_in(second)


@pytest.mark.parametrize("late", [-10, -2, 2, 10])
def test_digits_of_another_time_open_nothing(late: int) -> None:
    user, app, _ = enrolled()
    client = browser_of(user)

    client.post(PROVE, {"code": digits_of(app, later=late)})

    assert not is_in(client)


def test_after_a_wrong_try_the_right_digits_have_to_wait() -> None:
    user, app, _ = enrolled()
    client = browser_of(user)
    TOTPDevice.objects.filter(pk=app.pk).update(throttling_failure_count=5)
    client.post(PROVE, {"code": "000000"})

    answer = client.post(PROVE, {"code": digits_of(app)})

    assert re.search(r"Wait \d+ seconds", answer.content.decode())
    assert not is_in(client)


def test_the_digits_of_somebody_else_open_nothing() -> None:
    user, _, _ = enrolled()
    _, other, codes = enrolled()
    client = browser_of(user)

    client.post(PROVE, {"code": digits_of(other)})
    TOTPDevice.objects.filter(user=user).update(throttling_failure_count=0)
    client.post(PROVE, {"code": codes[0]})

    assert not is_in(client)


# --- Without the phone ----------------------------------------------------------------------------------------------


def test_a_recovery_code_opens_once_however_it_is_typed() -> None:
    user, _, codes = enrolled()
    first, second = browser_of(user), browser_of(user)

    first.post(PROVE, {"code": codes[3].upper().replace("-", " ")})
    second.post(PROVE, {"code": codes[3]})

    assert (is_in(first), is_in(second)) == (True, False)
    assert StaticToken.objects.filter(device__user=user).count() == 9


def test_recovery_codes_are_kept_as_hashes_alone() -> None:
    _, _, codes = enrolled()
    bare = {code.replace("-", "") for code in codes}

    kept = set(StaticToken.objects.values_list("token", flat=True))

    assert len(kept) == 10
    assert not any(token in code or code in token for token in kept for code in bare)


def test_recovery_codes_outlive_a_change_of_the_secret(settings: Any) -> None:
    user, _, codes = enrolled()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-secret" * 5
    client = browser_of(user)

    client.post(PROVE, {"code": codes[0]})

    assert is_in(client)


def test_new_recovery_codes_take_the_place_of_the_old() -> None:
    user = staff()
    client = browser_of(user)
    old = enrol(client, user)

    new = re.findall(r"<li>(\w{4}-\w{4}-\w{4})</li>", client.post("/admin/second-step/codes/").content.decode())

    assert len(new) == 10
    assert not set(new) & set(old)
    assert StaticToken.objects.filter(device__user=user).count() == 10


def forget(by: Client, user: User) -> None:
    form = {"action": "forget_second_factor", "_selected_action": [user.pk], "index": 0}
    by.post("/admin/auth/user/", form)


def test_an_administrator_helps_somebody_who_lost_phone_and_paper() -> None:
    user, _, _ = enrolled()

    forget(browser_of(User.objects.create_superuser("berta")), user)

    assert not TOTPDevice.objects.filter(user=user).exists()
    assert is_in(browser_of(user))


def test_nobody_but_a_superuser_takes_a_superusers_second_factor_away() -> None:
    boss = User.objects.create_superuser("boss")
    enrol(browser_of(boss), boss)

    forget(browser_of(staff("auth.view_user", "auth.change_user")), boss)

    assert TOTPDevice.objects.filter(user=boss).exists()


def test_a_lost_app_ends_the_sessions_that_it_opened(settings: Any) -> None:
    settings.SECOND_FACTOR_GROUPS = ["*"]
    user = staff()
    client = browser_of(user)
    enrol(client, user)
    assert is_in(client)

    forget(_proved_boss(), user)

    assert client.get("/admin/")["Location"].startswith(SET_UP)


def _proved_boss() -> Client:
    berta = User.objects.create_superuser("berta")
    client = browser_of(berta)
    enrol(client, berta)
    return client
