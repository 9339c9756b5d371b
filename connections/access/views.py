"""The pages of the second factor: prove it, set it up, and the recovery codes, which are shown once."""

import base64
from typing import Any

import django_otp
import segno
from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse, reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from unfold.widgets import UnfoldAdminTextInputWidget

from connections.access import second_factor

LOGIN = reverse_lazy("admin:login")
BEGUN = "second_factor_begun"
WRONG = "That was not right, or it was used before. Wait for the next six digits and type them."
WAIT = "Too many wrong tries. Wait {} seconds, then type the six digits that the app shows then."


class CodeForm(forms.Form):
    """Six digits of the app; where it is allowed, a recovery code instead."""

    code = forms.CharField(
        label="Six digits from your app",
        max_length=30,
        widget=UnfoldAdminTextInputWidget(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false", "autocapitalize": "none"}
        ),
        error_messages={"required": "Type the six digits that your app shows now."},
    )


@never_cache
@sensitive_post_parameters()
@login_required(login_url=LOGIN)
@require_http_methods(["GET", "POST"])
def prove(request: HttpRequest) -> HttpResponse:
    """The step after the password."""
    if second_factor.app_of(request.user) is None:
        return HttpResponseRedirect(reverse("access:set-up"))
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        wait = second_factor.seconds_to_wait(request.user)
        device = None if wait else second_factor.prove(request.user, form.cleaned_data["code"])  # type: ignore[arg-type]
        if device is not None:
            return _let_in(request, device)
        form.add_error("code", WAIT.format(wait) if wait else WRONG)
    return _page(request, "access/prove.html", {"form": form, "title": "Second step"})


@never_cache
@sensitive_post_parameters()
@login_required(login_url=LOGIN)
@require_http_methods(["GET", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    """A new app. Whoever has one already has to have proved it in this session."""
    user: Any = request.user
    if second_factor.app_of(user) is not None and not user.is_verified():
        return HttpResponseRedirect(reverse("access:prove"))
    form, begun = CodeForm(request.POST or None), request.session.get(BEGUN)
    if request.method == "POST" and form.is_valid():
        app = second_factor.confirm_app(user, begun, form.cleaned_data["code"])
        if app is not None:
            return _show_codes(request, _let_in(request, app).url)
        form.add_error("code", WRONG)
    waiting = second_factor.app_to_set_up(user, begun)
    request.session[BEGUN] = waiting.pk
    context = {
        "form": form,
        "title": "Set up the second step",
        "picture": segno.make(waiting.config_url, error="m").svg_data_uri(scale=5, border=2, light="#fff"),
        "secret": _in_fours(base64.b32encode(waiting.bin_key).decode()),
        "replaces": second_factor.app_of(user) is not None,
        "required": second_factor.is_required(user),
        "codes_left": second_factor.codes_left(user),
    }
    return _page(request, "access/set_up.html", context)


@never_cache
@login_required(login_url=LOGIN)
@require_POST
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Ten new ones in place of those before."""
    if not request.user.is_verified():  # type: ignore[union-attr]
        raise PermissionDenied
    return _show_codes(request, _onward(request))


def _let_in(request: HttpRequest, device: Any) -> HttpResponseRedirect:
    """From here on the session counts for more, so it gets another key."""
    request.session.cycle_key()
    django_otp.login(request, device)
    return HttpResponseRedirect(_onward(request))


def _show_codes(request: HttpRequest, onward: str) -> HttpResponse:
    codes = second_factor.new_recovery_codes(request.user)  # type: ignore[arg-type]
    return _page(request, "access/codes.html", {"codes": codes, "onward": onward, "title": "Recovery codes"})


def _page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    onward = {"next": _onward(request), "ask": settings.ACCOUNTS_CONTACT}
    return render(request, template, {**admin.site.each_context(request), **onward, **context})


def _onward(request: HttpRequest) -> str:
    """Where the person was going, as long as that is on this site; else where their work is."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return reverse("admin:index") if request.user.is_staff else settings.LOGIN_REDIRECT_URL


def _in_fours(secret: str) -> str:
    return " ".join(secret[place : place + 4] for place in range(0, len(secret), 4))
