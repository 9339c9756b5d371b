"""Where a paper is found: absolute addresses, to stand in messages, e-mails, on other pages and in the QR."""

from django.conf import settings
from django.urls import reverse

from billing.models import Voucher


def paper_url(voucher: Voucher) -> str:
    """The paper as a page. Whoever has the address may read it: it holds the application's tracking id."""
    return _absolute("papers:page", voucher.application.tracking_id, voucher.number)


def pdf_url(voucher: Voucher) -> str:
    """The same paper as a file."""
    return _absolute("papers:pdf", voucher.application.tracking_id, voucher.number)


def genuine_url(voucher: Voucher) -> str:
    """The page that says whether the paper is genuine; the QR holds it."""
    return _absolute("papers:genuine", voucher.code)


def _absolute(name: str, *parts: object) -> str:
    return f"{settings.PUBLIC_URL}{reverse(name, args=parts)}"
