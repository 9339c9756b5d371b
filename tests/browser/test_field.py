"""A technician's phone in a real browser: an assessment and an installation from the first press to the last."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from connections.models import Application
from connections.vocabulary import ApplicationState as S
from fieldwork.models import Finding, Installation, Photo, Technician, Visit, VisitState
from fieldwork.services import assign_visit
from tests.browser.conftest import DESKTOP, PHONE, Look, nothing_sticks_out
from tests.browser.technician import AT_THE_PREMISES, CAMERA, log_in, private_files, take_photo, worker
from tests.factories import SYSTEM
from tests.fieldwork.premises import HERE, assessment, installation, meter, state_of

__all__ = ["private_files", "worker"]

pytestmark = pytest.mark.django_db(transaction=True)


def fits_a_thumb(page: Page) -> bool:
    """Nothing sticks out, and whatever is pressed by itself is 2.75 rem high or more (links in sentences are not)."""
    heights: list[float] = page.locator("button:visible, a[class*=button]:visible, label.choice:visible").evaluate_all(
        "parts => parts.map(part => part.getBoundingClientRect().height)"
    )
    return nothing_sticks_out(page) and min(heights) >= 44


def test_an_assessment_from_setting_out_to_the_findings(
    new_page: Callable[..., Page], worker: Technician, look: Look
) -> None:
    visit = assign_visit(assessment(), technician=worker, actor=SYSTEM)
    page = new_page(**PHONE, geolocation=AT_THE_PREMISES, permissions=["geolocation"])
    log_in(page, worker)
    look(page, "field-day")
    assert fits_a_thumb(page)

    page.get_by_role("button", name="Set out").click()
    expect(page.get_by_text("The applicant can see where you are until you arrive.")).to_be_visible()
    worker.refresh_from_db()
    assert worker.latitude == HERE["latitude"]

    page.get_by_role("button", name="I am here").click()
    look(page, "field-visit")
    assert fits_a_thumb(page)
    page.get_by_role("link", name="Write down the findings").click()
    take_photo(page)
    page.get_by_role("button", name="Send the findings").click()
    expect(page.get_by_role("alert")).to_contain_text("Say whether the connection can be made.")
    expect(page.locator(".photo-grid img")).to_have_count(1)
    look(page, "field-findings-wrong")

    page.get_by_text("Yes", exact=True).click()
    page.get_by_text("Single phase", exact=True).click()
    page.get_by_label("Load that the service can carry").fill("8")
    page.get_by_label("Length of the service drop").fill("12,5")
    assert fits_a_thumb(page)
    page.get_by_role("button", name="Send the findings").click()
    expect(page.get_by_text("The findings are with the office")).to_be_visible()
    look(page, "field-assessed")

    assert (state_of(visit), state_of(visit.application)) == (VisitState.COMPLETED, S.ASSESSMENT_COMPLETED)
    assert (Finding.objects.get().service_drop_m, Photo.objects.count()) == (Decimal("12.5"), 1)


def test_an_installation_from_setting_out_to_power_on(
    new_page: Callable[..., Page], worker: Technician, look: Look
) -> None:
    visit = assign_visit(installation(), technician=worker, actor=SYSTEM)
    known = meter()
    page = new_page(**PHONE, geolocation=AT_THE_PREMISES, permissions=["geolocation"])
    log_in(page, worker)

    page.get_by_role("button", name="Set out").click()
    page.get_by_role("button", name="I am here").click()
    page.get_by_role("link", name="Install the meter").click()
    expect(page.get_by_text("Your position is known")).to_be_visible()
    take_photo(page)
    page.get_by_label("Serial number of the meter").fill(known.serial)
    page.get_by_label("Number of the seal").fill("s-77")
    page.get_by_label("Reading", exact=True).fill("0.4")
    page.get_by_label("The same reading, once more").fill("0.5")
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("alert")).to_contain_text("The two readings differ.")
    expect(page.get_by_label("Serial number of the meter")).to_have_value(known.serial)
    look(page, "field-installation-wrong")

    page.get_by_label("The same reading, once more").fill("0.4")
    assert fits_a_thumb(page)
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("heading", name="Check, then turn the power on")).to_be_visible()
    look(page, "field-check")
    assert fits_a_thumb(page)
    assert state_of(visit.application) == S.APPROVED

    page.get_by_role("button", name="Turn the power on").click()
    expect(page.get_by_role("heading", name="The power is on")).to_be_visible()
    look(page, "field-power-on")

    order = Application.objects.get()
    assert (order.fulfillment_state, order.seal_number) == (S.CONNECTION_ESTABLISHED, "S-77")
    assert Installation.objects.get().distance_m == 0


def test_nobody_at_home_is_reported_without_any_script(
    new_page: Callable[..., Page], worker: Technician, look: Look
) -> None:
    visit = assign_visit(assessment(), technician=worker, actor=SYSTEM)
    page = new_page(**PHONE, java_script_enabled=False)
    log_in(page, worker)

    page.get_by_role("link", name="All about this visit").click()
    page.get_by_role("link", name="No access").click()
    look(page, "field-no-access")
    page.get_by_text("Nobody was there").click()
    page.locator("#photo").set_input_files(CAMERA)
    page.get_by_role("button", name="Report no access").click()

    expect(page.get_by_text("The office plans another visit.")).to_be_visible()
    assert (state_of(visit), Photo.objects.count()) == (VisitState.NO_ACCESS, 1)
    assert Visit.objects.filter(follows=visit).count() == 1


def test_a_photo_that_can_not_be_sent_goes_along_with_the_form(
    new_page: Callable[..., Page], worker: Technician
) -> None:
    visit = assign_visit(assessment(), technician=worker, actor=SYSTEM)
    page = new_page(**PHONE)
    log_in(page, worker)
    page.goto(f"/field/visits/{visit.pk}/no-access/")
    page.route("**/photos/", lambda route: route.fulfill(status=429, body=""))

    page.locator("#photo").set_input_files(CAMERA)
    expect(page.get_by_text("It goes along when you send this page.")).to_be_visible()
    page.get_by_text("Nobody was there").click()
    page.get_by_role("button", name="Report no access").click()
    expect(page.get_by_text("The office plans another visit.")).to_be_visible()

    assert Photo.objects.count() == 1


def test_what_is_no_photo_is_told_at_once(new_page: Callable[..., Page], worker: Technician) -> None:
    visit = assign_visit(assessment(), technician=worker, actor=SYSTEM)
    page = new_page(**PHONE)
    log_in(page, worker)
    page.goto(f"/field/visits/{visit.pk}/no-access/")

    page.locator("#photo").set_input_files({**CAMERA, "buffer": b""})

    expect(page.get_by_text("The submitted file is empty.")).to_be_visible()
    assert not Photo.objects.exists()


@pytest.mark.parametrize("screen", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_every_page_fits_its_screen(
    new_page: Callable[..., Page], worker: Technician, look: Look, screen: dict[str, Any]
) -> None:
    visit = assign_visit(installation(), technician=worker, actor=SYSTEM)
    page = new_page(**screen)
    page.goto("/field/login/")
    assert fits_a_thumb(page)
    log_in(page, worker)
    width = page.viewport_size["width"] if page.viewport_size else 0

    for name in ("", f"visits/{visit.pk}/", f"visits/{visit.pk}/no-access/"):
        page.goto(f"/field/{name}")
        look(page, f"field-{width}-{name.strip('/').replace('/', '-') or 'day'}")
        assert fits_a_thumb(page)
