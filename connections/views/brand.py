"""A provider's colour as a stylesheet of its own: the pages' policy allows no style in the page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from connections.brand import Tones, dark_tones, light_tones
from connections.models import Provider

A_YEAR = 31_536_000
SHEET = """:root {{ {light} }}
@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}
"""


@require_GET
def brand(request: HttpRequest, code: str) -> HttpResponse:
    """Kept for good under the address that names the colour, and a short while under any other."""
    colour = get_object_or_404(Provider.objects.only("brand_colour"), code=code).brand_colour
    sheet = SHEET.format(light=_variables(light_tones(colour)), dark=_variables(dark_tones(colour))) if colour else ""
    response = HttpResponse(sheet, content_type="text/css; charset=utf-8")
    is_named = bool(colour) and request.GET.get("v") == colour[1:]
    response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable" if is_named else "public, max-age=60"
    return response


def _variables(tones: Tones) -> str:
    return f"--brand: {tones.brand}; --brand-ink: {tones.ink}; --brand-soft: {tones.soft};"
