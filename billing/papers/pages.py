"""The papers as pages and files, behind the application's unguessable tracking id; and the page behind their QR."""

import unicodedata
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_GET

from billing.models import Voucher
from billing.papers.links import genuine_url
from billing.papers.qr import as_svg
from billing.papers.sheet import say_day, say_money, sheet_of, size_of
from billing.papers.standing import BILLS, standing_of

MASK = "•••"


@require_GET
def paper(request: HttpRequest, tracking_id: UUID, number: str) -> HttpResponse:
    return show_paper(request, _voucher(tracking_id, number))


@require_GET
def pdf(request: HttpRequest, tracking_id: UUID, number: str) -> HttpResponse:
    voucher = _voucher(tracking_id, number)
    response = HttpResponse(print_paper(voucher, request.GET.get("size", "")), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{voucher.number}.pdf"'
    return _kept_by_nobody(response)


@require_GET
def genuine(request: HttpRequest, code: str) -> HttpResponse:
    """What a bank or a buyer sees who has the paper in hand. It tells no more than the paper does, and less of whom."""
    voucher = Voucher.objects.select_related("provider", "application").filter(code=code).first()
    if voucher is None:
        return _kept_by_nobody(render(request, "billing/papers/unknown.html", status=404))
    sheet = sheet_of(voucher)
    standing = standing_of(voucher)
    facts = [
        ("Issued by", sheet.issuer),
        ("Paper", sheet.title),
        ("Date", say_day(voucher.content["issued_on"])),
        ("Amount", say_money(voucher.total, voucher.currency)),
        ("Made out to", mask(voucher.addressee["name"])),
        ("By now", standing.words),
    ]
    context = {"facts": [(name, value) for name, value in facts if value], "sheet": sheet, "standing": standing}
    return _kept_by_nobody(render(request, "billing/papers/genuine.html", context))


def show_paper(request: HttpRequest, voucher: Voucher) -> HttpResponse:
    """The paper as a page, an issued one with its QR and how it stands; one that is not saved as a preview."""
    sheet, issued = sheet_of(voucher), voucher.pk is not None
    context: dict[str, Any] = {
        "sheet": sheet,
        "voucher": voucher,
        "provider": voucher.provider,
        "size": size_of(voucher, request.GET.get("size", "")),
        "genuine_url": genuine_url(voucher) if issued else "",
        "qr": as_svg(genuine_url(voucher)) if issued else "",
        "standing": standing_of(voucher) if issued else None,
    }
    shape = "bill" if voucher.kind in BILLS else "receipt"
    return _kept_by_nobody(render(request, f"billing/papers/{shape}.html", context))


def print_paper(voucher: Voucher, size: str = "") -> bytes:
    """The paper as a PDF, the same bytes every time."""
    from billing.papers.pdf import as_pdf  # noqa: PLC0415 - a quarter of the start for what few processes ever draw

    return as_pdf(
        sheet_of(voucher),
        size=size_of(voucher, size),
        issued_at=voucher.issued_at,
        genuine_url=genuine_url(voucher),
    )


def mask(name: str) -> str:
    """`J••• P•••`: enough to compare with the paper in hand, too little to learn a name from."""
    return " ".join(f"{_first_sign(word)}{MASK}" for word in name.split())


def _first_sign(word: str) -> str:
    """The first letter with the marks that belong to it."""
    marks = (n for n, sign in enumerate(word) if n and not unicodedata.category(sign).startswith("M"))
    return word[: next(marks, len(word))]


def _voucher(tracking_id: UUID, number: str) -> Voucher:
    rows = Voucher.objects.select_related("provider", "application")
    return get_object_or_404(rows, application__tracking_id=tracking_id, number=number)


def _kept_by_nobody(response: HttpResponse) -> HttpResponse:
    """Kept by no browser and no proxy, found by no search engine, and giving its own address to nobody."""
    add_never_cache_headers(response)
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
