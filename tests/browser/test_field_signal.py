"""A technician's phone where the signal comes and goes: nothing typed is lost, nothing is done twice."""

from collections.abc import Callable

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from fieldwork.models import Photo, Technician, Visit, VisitState
from fieldwork.services import assign_visit, call_off_visits
from tests.browser.conftest import PHONE, Look, large_picture, nothing_sticks_out
from tests.browser.technician import CAMERA, log_in, private_files, take_photo, worker
from tests.factories import SYSTEM
from tests.fieldwork.premises import assessment, on_site, picture, ravi, state_of

__all__ = ["private_files", "worker"]
pytestmark = pytest.mark.django_db(transaction=True)
FINDINGS_ARRIVE = "**/findings/"
PHOTO_ARRIVES = "**/photos/"


@pytest.fixture
def visit(worker: Technician) -> Visit:
    return on_site(assessment(), worker)


@pytest.fixture
def page(new_page: Callable[..., Page], worker: Technician) -> Page:
    page = new_page(**PHONE)
    log_in(page, worker)
    return page


def write_down(page: Page, visit: Visit) -> None:
    page.goto(f"/field/visits/{visit.pk}/findings/")
    page.get_by_text("Yes", exact=True).click()
    page.get_by_text("Single phase", exact=True).click()
    page.get_by_label("Load that the service can carry").fill("8")
    page.get_by_label("Length of the service drop").fill("12,5")
    page.get_by_label("Notes for the office").fill("Mind the dog")


def send(page: Page) -> None:
    page.get_by_role("button", name="Send the findings").click()


def choose_photo(page: Page, colour: str = "green") -> None:
    page.locator("#photo").set_input_files({**CAMERA, "buffer": picture(colour)})


def stands_as_it_was_typed(page: Page) -> None:
    expect(page.get_by_label("Yes", exact=True)).to_be_checked()
    expect(page.get_by_label("Length of the service drop")).to_have_value("12,5")
    expect(page.get_by_label("Notes for the office")).to_have_value("Mind the dog")


def test_without_a_signal_what_was_typed_stays_and_is_sent_with_the_next_press(
    page: Page, visit: Visit, look: Look
) -> None:
    write_down(page, visit)
    take_photo(page)
    page.context.set_offline(True)

    send(page)
    expect(page.get_by_role("alert")).to_have_text(
        "No connection. What you typed stays here. Press again when you have signal."
    )
    look(page, "field-no-connection")
    assert nothing_sticks_out(page)
    stands_as_it_was_typed(page)

    page.context.set_offline(False)
    expect(page.get_by_role("alert")).to_have_count(0)
    send(page)
    expect(page.get_by_text("The findings are with the office")).to_be_visible()


def test_a_step_without_a_signal_waits_for_one(page: Page, worker: Technician) -> None:
    visit = assign_visit(assessment(), technician=worker, actor=SYSTEM)
    page.goto("/field/")
    page.context.set_offline(True)

    page.get_by_role("button", name="Set out").click()

    expect(page.get_by_role("alert")).to_have_text("No connection. Press again when you have signal.")
    assert state_of(visit) == VisitState.ASSIGNED


def test_what_a_broken_line_swallowed_stands_on_the_sheet_again(page: Page, visit: Visit, look: Look) -> None:
    write_down(page, visit)
    page.route(FINDINGS_ARRIVE, lambda route: route.abort("connectionfailed"))
    send(page)  # the browser shows a page of its own now
    expect(page).to_have_url("chrome-error://chromewebdata/")
    page.unroute(FINDINGS_ARRIVE)

    page.goto(f"/field/visits/{visit.pk}/")
    page.get_by_role("link", name="Write down the findings").click()

    expect(page.get_by_role("status").first).to_contain_text("What you typed here before stands here again.")
    look(page, "field-draft")
    stands_as_it_was_typed(page)


def test_a_draft_keeps_the_id_of_its_act(page: Page, visit: Visit) -> None:
    write_down(page, visit)
    name = page.locator("[name=client_id]").input_value()

    page.reload()

    expect(page.locator("[name=client_id]")).to_have_value(name)


def test_a_draft_is_forgotten_when_the_visit_is_over_and_at_the_log_out(page: Page, visit: Visit) -> None:
    write_down(page, visit)
    take_photo(page)
    kept = "Object.keys(sessionStorage).filter(key => key.startsWith('draft:')).length"
    assert page.evaluate(kept) == 1

    send(page)
    expect(page.get_by_text("The findings are with the office")).to_be_visible()
    assert page.evaluate(kept) == 0

    page.evaluate("sessionStorage.setItem('draft:/field/visits/0/findings/', '{}')")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    assert page.evaluate(kept) == 0


def test_two_photos_with_a_lost_answer_between_them_are_two(page: Page, visit: Visit) -> None:
    page.goto(f"/field/visits/{visit.pk}/findings/")

    def answer_is_lost(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route(PHOTO_ARRIVES, answer_is_lost, times=1)
    choose_photo(page, "red")
    expect(page.get_by_text("No connection. The photo goes along when you send this page.")).to_be_visible()
    choose_photo(page, "blue")
    expect(page.get_by_text("The photo is kept.")).to_be_visible()

    assert Photo.objects.count() == 2


def test_while_a_photo_is_on_its_way_no_other_is_taken(page: Page, visit: Visit) -> None:
    page.goto(f"/field/visits/{visit.pk}/findings/")
    page.route(PHOTO_ARRIVES, lambda route: None)

    choose_photo(page)

    expect(page.locator("#photo")).to_be_disabled()


def test_a_photo_that_got_stuck_goes_along_with_the_second_press(page: Page, visit: Visit, look: Look) -> None:
    write_down(page, visit)
    page.route(PHOTO_ARRIVES, lambda route: None)
    choose_photo(page)

    send(page)
    expect(page.get_by_text("The photo is still on its way.")).to_be_visible()
    look(page, "field-photo-stuck")
    send(page)

    expect(page.get_by_text("The findings are with the office")).to_be_visible()
    assert Photo.objects.count() == 1


def test_a_photo_that_does_not_move_on_is_given_up_after_a_minute(page: Page, visit: Visit) -> None:
    page.clock.install()
    page.goto(f"/field/visits/{visit.pk}/findings/")
    page.route(PHOTO_ARRIVES, lambda route: None)
    choose_photo(page)
    expect(page.get_by_text("Sending the photo.")).to_be_visible()

    page.clock.fast_forward("01:01")

    expect(page.get_by_text("No connection. The photo goes along when you send this page.")).to_be_visible()
    expect(page.locator("#photo")).to_be_enabled()


def test_a_photo_of_a_visit_that_was_given_away_is_told_so(page: Page, worker: Technician) -> None:
    visit = assign_visit(assessment(), technician=worker, actor=SYSTEM)
    page.goto(f"/field/visits/{visit.pk}/no-access/")
    page.get_by_label("In your words").fill("Rang twice")
    assign_visit(visit, technician=ravi(name="Ana Silva"), actor=SYSTEM)

    choose_photo(page)

    expect(page.get_by_text("This visit is not yours any more: the photo was not kept.")).to_be_visible()


def test_what_came_too_late_can_be_copied(page: Page, visit: Visit, look: Look) -> None:
    write_down(page, visit)
    call_off_visits(visit.application, reason="The applicant moved away", actor=SYSTEM)

    send(page)

    expect(page.get_by_role("alert")).to_contain_text("This visit is over (called off).")
    expect(page.get_by_text("Mind the dog")).to_be_visible()
    look(page, "field-too-late")
    assert nothing_sticks_out(page)
    page.set_viewport_size({"width": 1280, "height": 900})
    look(page, "field-too-late-wide")
    page.get_by_role("link", name="Back to my day").click()
    expect(page.get_by_role("heading", name="No visits today")).to_be_visible()


def test_what_was_typed_on_a_visit_that_was_called_off_is_shown_until_it_is_put_away(
    page: Page, visit: Visit, look: Look
) -> None:
    write_down(page, visit)
    call_off_visits(visit.application, reason="The applicant moved away", actor=SYSTEM)

    page.goto(f"/field/visits/{visit.pk}/findings/")  # leads to the visit: nothing can be sent any more
    expect(page.get_by_text("Mind the dog")).to_be_visible()
    expect(page.locator("[data-unsent] dd").nth(1)).to_have_text("Single phase")
    look(page, "field-called-off")
    assert nothing_sticks_out(page)
    page.set_viewport_size({"width": 1280, "height": 900})
    look(page, "field-called-off-wide")

    page.get_by_role("button", name="Put it away").click()
    expect(page.get_by_text("Mind the dog")).to_be_hidden()
    page.reload()
    expect(page.get_by_role("heading", name="What you typed")).to_be_hidden()


def test_a_photo_that_is_larger_than_we_take_is_made_smaller_on_the_phone(page: Page, visit: Visit) -> None:
    page.goto(f"/field/visits/{visit.pk}/findings/")

    page.locator("#photo").set_input_files({**CAMERA, "buffer": large_picture()})

    expect(page.get_by_text("The photo is kept.")).to_be_visible(timeout=30_000)
    with Image.open(Photo.objects.get().file) as kept:
        assert max(kept.size) <= 2560
