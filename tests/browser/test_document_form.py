"""An applicant hands papers in with a real browser, on a phone and at a desk."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from connections.documents.verdicts import reject_document, verify_document
from connections.form_link import form_token
from connections.models import Application, DocumentVersion, Submission
from tests.browser.conftest import SCREENS, Look, come_to_rest, large_picture, nothing_sticks_out
from tests.connections.intake import files, paper_of, send
from tests.connections.papers import HEIC, jpeg, pdf, png
from tests.factories import SYSTEM, provider, scheduled_application

__all__ = ["files"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("files")]


@pytest.fixture
def order() -> Application:
    provider(support_phone="+18004321234", support_email="support@sfea.gov")
    return scheduled_application(source="bap.example.com", source_reference="txn-1")


@pytest.fixture
def link(order: Application) -> str:
    return f"/documents/{form_token(order)}/"


def choose(page: Page, name: str, data: bytes, *, field: str = "paper") -> None:
    page.locator(f"#{field}").set_input_files({"name": name, "mimeType": kind_of(name), "buffer": data})


def kind_of(name: str) -> str:
    kinds = {"jpg": "image/jpeg", "png": "image/png", "pdf": "application/pdf", "heic": "image/heic"}
    return kinds[name.rpartition(".")[2]]


def press_send(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Send")).click()


def heading(page: Page) -> Any:
    return expect(page.get_by_role("heading", level=1))


def test_an_applicant_sends_three_papers_by_phone_and_gets_a_number(phone: Page, link: str, look: Look) -> None:
    phone.goto(link)
    heading(phone).to_have_text("ID proof")
    look(phone, "form-1-empty-phone")
    choose(phone, "id.jpg", jpeg("Identity card", width=1200, height=800), field="photo")
    expect(phone.get_by_alt_text("The picture that you have chosen")).to_be_visible()
    look(phone, "form-2-chosen-phone")
    press_send(phone)
    expect(phone.get_by_text("ID proof: received.")).to_be_visible()
    heading(phone).to_have_text("Ownership certificate")
    look(phone, "form-3-next-phone")
    choose(phone, "deed.heic", HEIC)
    press_send(phone)
    heading(phone).to_have_text("Wiring diagram")
    choose(phone, "wiring.pdf", pdf(pages=2))
    expect(phone.get_by_text("wiring.pdf, 1 kB, not sent yet")).to_be_visible()
    press_send(phone)

    heading(phone).to_have_text("Check what you have sent")
    look(phone, "form-4-check-phone")
    phone.get_by_role("link", name="This is right: finish").click()
    expect(phone.locator("#submission")).to_have_text(str(Submission.objects.get().pk))
    look(phone, "form-5-done-phone")
    assert DocumentVersion.objects.count() == 3


def test_a_bad_file_is_told_beside_the_field_and_the_next_one_is_taken(phone: Page, link: str, look: Look) -> None:
    phone.goto(link)
    choose(phone, "id.pdf", b"<html><body>not a document</body></html>")
    press_send(phone)
    expect(phone.locator("#problem")).to_contain_text("This is a web page, whatever its name says.")
    expect(phone.locator("#paper")).to_have_attribute("aria-invalid", "true")
    look(phone, "form-6-refused-phone")

    choose(phone, "id.png", png())
    press_send(phone)

    heading(phone).to_have_text("Ownership certificate")


def test_a_file_that_is_too_large_is_not_even_sent(phone: Page, link: str) -> None:
    phone.goto(link)
    choose(phone, "id.jpg", b"\xff\xd8\xff" + b"0" * 11_000_000)

    expect(phone.locator("#problem")).to_contain_text("too large; we take at most 10 MB")
    press_send(phone)
    heading(phone).to_have_text("ID proof")
    assert not DocumentVersion.objects.exists()


def test_a_lost_connection_loses_nothing_and_sending_again_keeps_one(phone: Page, link: str, look: Look) -> None:
    phone.goto(link)
    choose(phone, "id.jpg", jpeg())
    sent: list[str] = []

    def answer_is_lost(route: Route) -> None:
        route.fetch()
        sent.append(route.request.url)
        route.abort()

    phone.route("**/papers/**", answer_is_lost, times=1)
    press_send(phone)
    expect(phone.locator("#problem")).to_contain_text("The connection was lost. Nothing is lost")
    look(phone, "form-7-lost-phone")
    press_send(phone)

    heading(phone).to_have_text("Ownership certificate")
    assert len(sent) == 1
    assert DocumentVersion.objects.count() == 1


def test_a_rejected_paper_shows_its_reason_first(order: Application, phone: Page, link: str, look: Look) -> None:
    for document in order.documents.all():
        send(document)
    verify_document(paper_of(order), actor=SYSTEM)
    reject_document(paper_of(order, "wiring"), reason="The stamp is missing.", actor=SYSTEM)

    phone.goto(link)

    heading(phone).to_have_text("Wiring diagram")
    expect(phone.get_by_text("The stamp is missing.")).to_be_visible()
    look(phone, "form-8-rejected-phone")
    phone.get_by_role("link", name="All documents").click()
    look(phone, "form-9-list-phone")
    expect(phone.get_by_role("link", name="Send again")).to_have_count(1)


def test_without_script_the_same_form_takes_the_same_papers(new_page: Callable[..., Page], link: str) -> None:
    page = new_page(**SCREENS["phone"], java_script_enabled=False)
    page.goto(link)
    choose(page, "id.pdf", b"MZ not a document")
    press_send(page)
    expect(page.get_by_role("alert")).to_contain_text("This is a program")

    choose(page, "id.jpg", jpeg())
    press_send(page)

    heading(page).to_have_text("Ownership certificate")
    assert DocumentVersion.objects.count() == 1


def test_the_form_can_be_used_with_the_keyboard_alone(desktop: Page, link: str) -> None:
    desktop.goto(link)
    desktop.keyboard.press("Tab")
    expect(desktop.get_by_role("link", name="Go to the content")).to_be_focused()

    choose(desktop, "id.jpg", jpeg())
    desktop.locator("#paper").focus()
    desktop.keyboard.press("Tab")

    expect(desktop.get_by_role("button", name="Send ID proof")).to_be_focused()
    desktop.keyboard.press("Enter")
    heading(desktop).to_have_text("Ownership certificate")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["phone", "desktop"])
def test_every_page_fits_the_screen_in_light_and_dark(
    new_page: Callable[..., Page], order: Application, link: str, look: Look, name: str, scheme: str
) -> None:
    send(paper_of(order), jpeg("Identity card", width=1600, height=1000), original_name="a" * 150 + ".jpg")
    send(paper_of(order, "wiring"), pdf(pages=2))
    reject_document(paper_of(order, "wiring"), reason="The stamp is missing.", actor=SYSTEM)
    page = new_page(**SCREENS[name], color_scheme=scheme)

    for address in (link, f"{link}papers/id-proof/", f"{link}papers/wiring/", f"{link}check/", "/documents/broken/"):
        page.goto(address)
        come_to_rest(page)
        look(page, f"fits-{address.strip('/').split('/')[-1][:8]}-{name}-{scheme}")
        assert nothing_sticks_out(page), address


def test_what_stands_below_a_picture_does_not_move_when_the_picture_comes(
    order: Application, phone: Page, link: str
) -> None:
    send(paper_of(order), jpeg(width=480, height=640))
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    phone.route("**/pages/*.png", hold)
    with phone.expect_request("**/pages/*.png"):
        phone.goto(f"{link}papers/id-proof/", wait_until="domcontentloaded")
    height = "document.documentElement.scrollHeight"
    before = phone.evaluate(height)

    waiting[0].continue_()
    phone.locator(".preview:visible img").evaluate("(picture) => picture.decode()")

    assert phone.evaluate(height) == before


def test_a_phone_offers_its_camera_and_a_desk_does_not(phone: Page, desktop: Page, link: str) -> None:
    for page in (phone, desktop):
        page.goto(link)

    expect(phone.get_by_text("Take a photo")).to_be_visible()
    expect(phone.get_by_text("Or choose a file")).to_be_visible()
    expect(desktop.get_by_text("Take a photo")).to_be_hidden()
    expect(desktop.get_by_text("Choose a file", exact=True)).to_be_visible()


def test_fingers_find_every_button(phone: Page, link: str) -> None:
    phone.goto(link)

    heights = [box["height"] for part in phone.locator(".button, .button-quiet").all() if (box := part.bounding_box())]

    assert len(heights) == 2
    assert min(heights) >= 48


def test_the_form_keeps_its_place_on_disk(phone: Page, link: str, files: Path) -> None:
    phone.goto(link)
    choose(phone, "id.jpg", jpeg())
    press_send(phone)
    heading(phone).to_have_text("Ownership certificate")

    assert [len(path.name) for path in files.iterdir()] == [32]


def test_a_picture_that_is_larger_than_we_take_is_made_smaller_before_it_is_sent(phone: Page, link: str) -> None:
    phone.goto(link)
    choose(phone, "id.jpg", large_picture())
    expect(phone.locator("#chosen figcaption")).to_contain_text(re.compile(r"[0-9]\.[0-9] MB"))
    expect(phone.locator("#chosen figcaption")).not_to_contain_text(re.compile(r"1[0-9]\.[0-9] MB"))
    expect(phone.locator("#problem")).to_be_hidden()

    press_send(phone)

    expect(phone.get_by_text("ID proof: received.")).to_be_visible(timeout=30_000)
