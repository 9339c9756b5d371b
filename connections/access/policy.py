"""What a page of ours may load, run and be framed by: one middleware says it, for every answer.

A view that serves somebody's file sets a stricter Content-Security-Policy itself, and that one stands.
"""

import secrets
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

# Everything is our own: no inline script, no inline style, no code made of strings. Logos of providers may be anywhere;
# blob: is a picture that was chosen and not sent yet.
PAGES = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "blob:", "https:"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "worker-src": ["'self'"],
    "manifest-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
}
# unfold's menus are Alpine, which makes functions out of the words in its templates ('unsafe-eval') and writes the
# width of one bar as a style attribute ('unsafe-inline', for attributes alone). Measured: the desk needs both.
DESK = {
    **PAGES,
    "script-src": ["'self'", "'unsafe-eval'"],
    "style-src-elem": ["'self'"],
    "style-src-attr": ["'unsafe-inline'"],
    "img-src": ["'self'", "data:", "https:"],
}
TAKING_NONCES = ("script-src", "style-src", "style-src-elem")
# A technician's phone may tell where it is and open the camera; no page of ours asks for anything else.
PERMISSIONS = ", ".join(
    [
        "geolocation=(self)",
        "camera=(self)",
        *(
            f"{feature}=()"
            for feature in (
                "accelerometer",
                "autoplay",
                "browsing-topics",
                "display-capture",
                "fullscreen",
                "gyroscope",
                "magnetometer",
                "microphone",
                "midi",
                "payment",
                "usb",
            )
        ),
    ]
)


class PagePolicy:
    """Middleware. A template that reads `request.csp_nonce` has the nonce named in its page's policy."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        issued: list[str] = []

        def nonce() -> str:
            issued.append(secrets.token_urlsafe(16))
            return issued[0]

        request.csp_nonce = SimpleLazyObject(nonce)  # type: ignore[attr-defined]
        response = self.get_response(request)
        policy = DESK if request.path.startswith(reverse("admin:index")) else PAGES
        response.headers.setdefault("Content-Security-Policy", written(policy, "".join(issued)))
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


def written(policy: dict[str, list[str]], nonce: str = "") -> str:
    """The header's text. A nonce is added where scripts and styles stand in the page itself."""
    with_nonce = {
        directive: [*sources, f"'nonce-{nonce}'"] if nonce and directive in TAKING_NONCES else sources
        for directive, sources in policy.items()
    }
    return "; ".join(" ".join([directive, *sources]) for directive, sources in with_nonce.items())
