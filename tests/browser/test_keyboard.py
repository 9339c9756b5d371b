"""The applicant's pages without a mouse and without eyes: the focus is in sight, errors have it or are said aloud."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from connections.form_link import form_token
from fieldwork.services import assign_visit
from tests.browser.conftest import PHONE
from tests.browser.technician import PASSWORD, log_in
from tests.browser.test_tracking import before_the_visit, power_on, utility
from tests.connections.intake import files
from tests.factories import SYSTEM, scheduled_application
from tests.fieldwork.premises import ravi

__all__ = ["files", "utility"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("files", "utility")]
IS_COVERED = """() => {
  const bar = document.querySelector('.action-bar'), focused = document.activeElement;
  if (focused === document.body || bar.contains(focused)) return false;
  const [over, part] = [bar, focused.closest('label') || focused].map((e) => e.getBoundingClientRect());
  return part.bottom > over.top + 0.5 && part.top < over.bottom - 0.5;
}"""


def time_page() -> str:
    return f"/track/{before_the_visit().tracking_id}/visit/"


def form_page() -> str:
    return f"/documents/{form_token(scheduled_application())}/"


def covered(page: Page, key: str, presses: int) -> int:
    """After how many of so many presses of a key the focus is under the bar at the foot of the screen."""
    count = 0
    for _ in range(presses):
        page.keyboard.press(key)
        page.wait_for_timeout(50)  # until it has scrolled
        count += page.evaluate(IS_COVERED)
    return count


@pytest.mark.parametrize(("width", "height"), [(360, 740), (640, 500)])
def test_the_time_that_is_chosen_by_key_is_never_under_the_bar(
    new_page: Callable[..., Page], width: int, height: int
) -> None:
    page = new_page(viewport={"width": width, "height": height})
    page.goto(time_page())
    page.locator("input[name=window]").first.focus()

    assert covered(page, "ArrowDown", 14) == 0


def test_no_part_of_the_document_form_is_reached_by_key_under_the_bar(new_page: Callable[..., Page]) -> None:
    page = new_page(viewport={"width": 640, "height": 500})
    page.goto(form_page())

    assert covered(page, "Tab", 12) == 0
    assert covered(page, "Shift+Tab", 12) == 0


def test_no_part_of_a_technicians_visit_is_reached_by_key_under_the_bar(new_page: Callable[..., Page]) -> None:
    worker = ravi()
    worker.user.set_password(PASSWORD)
    worker.user.save()
    visit = assign_visit(scheduled_application().visits.get(), technician=worker, actor=SYSTEM)
    page = new_page(viewport={"width": 360, "height": 740})
    log_in(page, worker)
    page.wait_for_url("**/field/")
    page.goto(f"/field/visits/{visit.pk}/")

    assert page.locator(".action-bar").count() == 1
    assert covered(page, "Tab", 12) == 0
    assert covered(page, "Shift+Tab", 12) == 0


def test_no_time_chosen_puts_the_focus_on_what_is_wrong(phone: Page) -> None:
    phone.goto(time_page())

    phone.get_by_role("button", name="Come at this time").click()

    expect(phone.get_by_role("alert")).to_be_focused()


def test_feedback_without_a_choice_puts_the_focus_on_what_is_wrong(phone: Page) -> None:
    phone.goto(f"/track/{power_on().tracking_id}/feedback/")

    phone.get_by_role("button", name="Send feedback").click()

    expect(phone.get_by_role("alert")).to_be_focused()
    group = phone.get_by_role("group", name="How did it go?")
    expect(group).to_have_accessible_description("Choose one of the five.")


def test_a_paper_that_the_form_does_not_take_is_said_aloud(phone: Page) -> None:
    phone.goto(form_page())
    expect(phone.get_by_role("alert")).to_have_text("")

    phone.get_by_role("button", name="Send ID proof").click()

    expect(phone.get_by_role("alert")).to_have_text("Choose a file, or take a photo, then send it.")


def test_without_script_a_paper_that_is_refused_puts_the_focus_on_what_is_wrong(
    new_page: Callable[..., Page],
) -> None:
    page = new_page(**PHONE, java_script_enabled=False)
    page.goto(form_page())

    page.get_by_role("button", name="Send ID proof").click()

    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.locator("#paper")).to_have_attribute("aria-invalid", "true")
