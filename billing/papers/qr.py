"""The QR of a paper: the address of the page that says whether it is genuine. Pure."""

import segno
from django.utils.safestring import SafeString, mark_safe

LEVEL = "m"  # a fold or a stamp over 15 % of it does no harm


def as_svg(address: str) -> SafeString:
    """For a page: a drawing that scales, black on white whatever the page's colours; `.qr` leaves the quiet zone."""
    drawn = segno.make_qr(address, error=LEVEL).svg_inline(
        border=0, omitsize=True, dark="#000", light="#fff", title="QR code: is this paper genuine?"
    )
    return mark_safe(drawn)  # noqa: S308 - segno's own drawing: squares, and a title of ours


def as_bars(address: str) -> tuple[int, list[tuple[int, int, int]]]:
    """For the PDF: modules a side, and every dark bar as x, y and length, all in modules, without the quiet zone."""
    bars: list[tuple[int, int, int]] = []
    rows = [bytes(row) for row in segno.make_qr(address, error=LEVEL).matrix]
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            length = len(row[x:]) - len(row[x:].lstrip(b"\x01"))
            if length:
                bars.append((x, y, length))
            x += length or 1
    return len(rows), bars
