"""Between the password and the pages: nobody goes on who has still to prove the second factor.

The middleware refuses by default. What it lets through is what nobody logs in for, and the step itself.
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from connections.access.second_factor import app_of, is_asked

OPEN_TO_ALL = {"documents", "track", "papers", "access"}  # namespaces
OPEN_PAGES = {"logout", "healthz", "readyz", "metrics", "jsi18n"}


class SecondStep:
    """Middleware, after django-otp's own, which says whether this session has proved it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponse | None:
        where, user = request.resolver_match, request.user
        if not user.is_authenticated or user.is_verified() or where is None:  # type: ignore[attr-defined]
            return None
        if where.url_name in OPEN_PAGES or where.namespace in OPEN_TO_ALL or not is_asked(user):
            return None
        page = reverse("access:prove" if app_of(user) else "access:set-up")
        onward = request.get_full_path() if request.method == "GET" else ""
        return HttpResponseRedirect(f"{page}?{urlencode({'next': onward})}" if onward else page)
