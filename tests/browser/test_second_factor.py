"""A clerk sets up the second step and uses it, on a phone and at a desk."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice
from playwright.sync_api import Page, expect

from tests.browser.conftest import SCREENS, Look, nothing_sticks_out

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "a long walk home"


def digits() -> str:
    app = TOTPDevice.objects.get()
    clock = TOTP(app.bin_key, app.step, app.t0, app.digits)
    clock.time = time.time()
    return f"{clock.token():06d}"


def log_in(page: Page) -> None:
    page.goto("/admin/")
    page.get_by_label("Username").fill("anna")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


@pytest.mark.parametrize("screen", ["phone", "desktop"])
def test_a_clerk_sets_up_the_second_step_and_uses_it(
    new_page: Callable[..., Page], settings: Any, look: Look, screen: str
) -> None:
    settings.SECOND_FACTOR_GROUPS = ["*"]
    User.objects.create_superuser("anna", password=PASSWORD)
    page = new_page(**SCREENS[screen])
    log_in(page)
    expect(page.get_by_role("img", name="The code that the app scans")).to_be_visible()
    look(page, f"second-set-up-{screen}")
    assert nothing_sticks_out(page)
    page.get_by_label("Six digits").fill(digits())
    page.get_by_role("button", name="This is my app").click()
    codes = page.locator("#codes li")
    expect(codes).to_have_count(10)
    look(page, f"second-codes-{screen}")
    assert nothing_sticks_out(page)
    code = codes.first.inner_text()
    page.get_by_role("link", name="I have kept them").click()
    expect(page).to_have_url(re.compile("/admin/$"))

    again = new_page(**SCREENS[screen])
    log_in(again)
    again.get_by_label("Six digits").fill("12345")
    again.get_by_role("button", name="Go on").click()
    expect(again.get_by_text("That was not right")).to_be_visible()
    look(again, f"second-prove-{screen}")
    assert nothing_sticks_out(again)
    TOTPDevice.objects.update(throttling_failure_count=0)
    again.get_by_label("Six digits").fill(code)
    again.get_by_role("button", name="Go on").click()
    expect(again).to_have_url(re.compile("/admin/$"))


def test_whoever_is_locked_out_reads_what_to_do(phone: Page, settings: Any, look: Look) -> None:
    settings.AXES_FAILURE_LIMIT = 1
    phone.goto("/field/login/")
    phone.get_by_label("Name").fill("david")
    phone.get_by_label("Password").fill("wrong")
    phone.get_by_role("button", name="Log in").click()

    expect(phone.get_by_role("heading", name="Wait 15 minutes")).to_be_visible()
    look(phone, "locked-out")
    assert nothing_sticks_out(phone)
