"""The way to the applicant's page, for whoever stands at the counter: an address, and the same to be photographed."""

import segno
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from connections.models import Application
from connections.wording import absolute

LEVEL = "m"  # a screen that shines, a sheet that was folded


def applicants_page(application: Application) -> str:
    """Where the applicant sees how it stands and finds the document form. Whoever has this address may look: it is
    shown to those who may see the person in full."""
    return absolute(reverse("track:page", args=[application.tracking_id]))


def way_to_the_applicant(application: Application) -> SafeString:
    """The address, to be opened, read out or sent, and below it the QR for the applicant's own telephone."""
    address = applicants_page(application)
    return format_html(
        '<a href="{0}" class="break-all text-link" target="_blank" rel="noopener">{0}</a>'
        "<details><summary>Show it as a QR code</summary>{1}"
        "<p>The applicant takes a picture of it with their own telephone.</p></details>",
        address,
        _drawn(address),
    )


def _drawn(address: str) -> SafeString:
    drawn = segno.make_qr(address, error=LEVEL).svg_inline(
        scale=4, border=4, dark="#000", light="#fff", title="QR code: the applicant's page"
    )
    return mark_safe(drawn)  # noqa: S308 - segno's own drawing: squares, and a title of ours
