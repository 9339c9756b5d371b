"""What the tests of papers share: orders that have some, and how a paper is read: its words, its picture, its QR."""

import re
from decimal import Decimal as D
from html.parser import HTMLParser
from typing import Any

import pypdfium2
import zxingcpp
from django.test import Client
from django.urls import reverse

from billing.models import Voucher
from billing.models.voucher import VoucherKind
from connections.models import Application, Offering, Provider
from connections.services import Applicant
from tests.factories import application, offering, provider

AGENCY: dict[str, Any] = {
    "legal_name": "San Francisco Electric Authority, a public agency",
    "postal_address": "525 Golden Gate Avenue\nSan Francisco, CA 94102",
    "tax_number": "94-1234567",
    "support_phone": "+1 800 432 1234",
    "support_email": "support@sfea.gov",
    "payment_instructions": "By bank transfer to account 000123456, naming the order.\nAt the counter, 9:00 to 16:00.",
    "brand_colour": "#0f5a6e",
}
DEPOSIT = (
    {"type": "PRE_FULFILLMENT", "collected_by": "BPP", "amount": D("50")},
    {"type": "ON_FULFILLMENT", "collected_by": "BPP", "amount": D("150")},
)


def agency(**fields: Any) -> Provider:
    """San Francisco's utility with all that stands on its papers."""
    return provider(**{**AGENCY, **fields})


def with_deposit(**fields: Any) -> Offering:
    """An offering that asks for 50 before the work and for 150 when the power is on."""
    fields.setdefault("provider", Provider.objects.first() or agency())
    return offering(terms=DEPOSIT, **fields)


def draft_for(name: str = "Jonathan Park", **asked: Any) -> Application:
    """A draft in somebody's name."""
    asked.setdefault("offering", Offering.objects.first() or with_deposit())
    person = Applicant(applicant_name=name, applicant_phone="+14155553333", applicant_email="j@example.com")
    return application(applicant=person, **asked)


def demand_note(of: Application) -> Voucher:
    return of.vouchers.get(kind=VoucherKind.DEMAND_NOTE)


# --- Reading a paper ------------------------------------------------------------------------------------------------


def page_address(voucher: Voucher) -> str:
    return reverse("papers:page", args=[voucher.application.tracking_id, voucher.number])


def page_of(voucher: Voucher) -> str:
    reply = Client().get(page_address(voucher))
    assert reply.status_code == 200
    return reply.content.decode()


def pdf_of(voucher: Voucher, size: str = "") -> bytes:
    address = reverse("papers:pdf", args=[voucher.application.tracking_id, voucher.number])
    reply = Client().get(address, {"size": size} if size else {})
    assert (reply.status_code, reply["Content-Type"]) == (200, "application/pdf")
    return reply.content


class SheetReader(HTMLParser):
    """Collects the words of the paper itself, `article.sheet`; drawings have none."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.inside = self.drawing = False

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.inside = self.inside or tag == "article"
        self.drawing = self.drawing or tag == "svg"

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "article"
        self.drawing = self.drawing and tag != "svg"

    def handle_data(self, data: str) -> None:
        if self.inside and not self.drawing:
            self.texts.append(data)


def words_of_page(page: str) -> list[str]:
    """The paper's words, sorted: page and PDF may set them in another order."""
    reader = SheetReader()
    reader.feed(page)
    return sorted(" ".join(reader.texts).split())


def text_of_pdf(data: bytes) -> str:
    document = pypdfium2.PdfDocument(data)
    return "\n".join(page.get_textpage().get_text_range() for page in document)


def words_of_pdf(data: bytes) -> list[str]:
    """The same of a PDF, without what stands at the foot of its pages."""
    return sorted(re.sub(r"\S+ ?\S* \S+, page \d+ of\s+\d+", "", text_of_pdf(data)).split())


def sizes_of(data: bytes) -> set[tuple[int, int]]:
    """Width and height of the pages in millimetres."""
    document = pypdfium2.PdfDocument(data)
    return {(round(page.get_width() / 72 * 25.4), round(page.get_height() / 72 * 25.4)) for page in document}


def qr_of(data: bytes) -> str:
    """What a camera reads from the last page."""
    drawn = list(pypdfium2.PdfDocument(data))[-1].render(scale=2).to_pil()
    return str(zxingcpp.read_barcode(drawn).text)
