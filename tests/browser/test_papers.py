"""The invoice on a phone, on the desk's printer, and the page behind its QR, in a real browser."""

from collections.abc import Callable
from decimal import Decimal as D
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from billing.models import Voucher
from billing.papers.links import genuine_url
from billing.payments import record_payment
from tests.billing.paper_trail import demand_note, draft_for, page_address, text_of_pdf, with_deposit
from tests.browser.conftest import PHONE, Look, nothing_sticks_out
from tests.factories import SYSTEM, bring_to

pytestmark = pytest.mark.django_db(transaction=True)
LINES = [{"title": f"Line {n} of the distribution works", "amount": D(n)} for n in range(1, 61)]


def an_invoice(name: str = "Nguyễn Thị Phương Uyên") -> Voucher:
    order = bring_to(draft_for(name), "SCHEDULED")
    record_payment(order, amount=D(50), actor=SYSTEM)
    return bring_to(order, "CONNECTION_ESTABLISHED").vouchers.get(kind="INVOICE")


def printed(page: Page) -> pypdfium2.PdfDocument:
    return pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True))


def test_the_invoice_fits_a_phone_and_begins_with_amount_day_and_how(phone: Page, look: Look) -> None:
    invoice = an_invoice()
    phone.goto(page_address(invoice))
    look(phone, "invoice-phone")

    expect(phone.get_by_role("heading", level=1)).to_contain_text("Invoice: 150.00 USD to be paid by")
    expect(phone.get_by_role("heading", name="How to pay")).to_be_visible()
    expect(phone.get_by_text("By now: Paid in part, 150.00 USD is open.")).to_be_visible()
    expect(phone.get_by_role("img", name="QR code: is this paper genuine?")).to_be_visible()
    expect(phone.get_by_role("link", name="Save as PDF")).to_have_attribute("href", page_address(invoice)[:-1] + ".pdf")
    assert nothing_sticks_out(phone)


def test_the_printed_page_is_the_paper_alone_on_the_providers_size(desktop: Page, look: Look) -> None:
    desktop.goto(page_address(an_invoice()))
    look(desktop, "invoice-desktop")
    desktop.emulate_media(media="print")
    look(desktop, "invoice-print")

    expect(desktop.get_by_role("heading", level=1)).to_be_visible()
    expect(desktop.get_by_role("link", name="Save as PDF")).to_be_hidden()
    expect(desktop.get_by_text("By now:")).to_be_hidden()
    expect(desktop.get_by_role("link", name="Go to the content")).to_be_hidden()
    assert [round(side) for side in printed(desktop)[0].get_size()] == [612, 792]

    desktop.goto(f"{desktop.url}?size=a4")
    assert [round(side) for side in printed(desktop)[0].get_size()] == [595, 842]


def test_a_long_bill_is_printed_over_several_sheets_without_a_torn_line(desktop: Page) -> None:
    note = demand_note(bring_to(draft_for(offering=with_deposit(lines=LINES)), "SCHEDULED"))
    desktop.goto(page_address(note))

    data = desktop.pdf(prefer_css_page_size=True)

    assert len(pypdfium2.PdfDocument(data)) > 1
    text = " ".join(text_of_pdf(data).split())
    assert all(f"Line {n} of the distribution works {n}.00 USD" in text for n in range(1, 61))


def test_a_camera_reads_the_code_from_the_screen_in_the_dark_too(new_page: Callable[..., Page], tmp_path: Path) -> None:
    invoice, dark = an_invoice(), new_page(**PHONE, color_scheme="dark")
    dark.goto(page_address(invoice))

    dark.locator(".sheet").screenshot(path=tmp_path / "seen.png")

    assert str(zxingcpp.read_barcode(Image.open(tmp_path / "seen.png")).text) == genuine_url(invoice)


def test_whoever_scans_the_code_reads_on_a_phone_that_the_paper_is_genuine(phone: Page, look: Look) -> None:
    invoice = an_invoice()
    phone.goto(f"/genuine/{invoice.code}/")
    look(phone, "genuine-phone")

    expect(phone.get_by_role("heading", name="This paper is genuine")).to_be_visible()
    expect(phone.get_by_text("N••• T••• P••• U•••")).to_be_visible()
    assert nothing_sticks_out(phone)

    phone.goto("/genuine/nothing/")
    expect(phone.get_by_role("heading", name="We know no such paper")).to_be_visible()
