"""Where a paper is found: addresses on our own pages, and absolute ones for messages and the QR."""

from django.conf import settings
from django.urls import reverse

from billing.models import Voucher


def paper_path(voucher: Voucher) -> str:
    """The paper as a page. Whoever has the address may read it: it holds the application's tracking id."""
    return reverse("papers:page", args=[voucher.application.tracking_id, voucher.number])


def pdf_path(voucher: Voucher) -> str:
    """The same paper as a file."""
    return reverse("papers:pdf", args=[voucher.application.tracking_id, voucher.number])


def paper_url(voucher: Voucher) -> str:
    """The page's address for those who are not on our site."""
    return f"{settings.PUBLIC_URL}{paper_path(voucher)}"


def genuine_url(voucher: Voucher) -> str:
    """The page that says whether the paper is genuine; the QR holds it."""
    return f"{settings.PUBLIC_URL}{reverse('papers:genuine', args=[voucher.code])}"
