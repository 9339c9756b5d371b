"""A form of the desk that is sent twice counts once: in turn, or at the same moment."""

import hashlib
import json
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from connections.models import SentForm

TOKEN = "_form"  # noqa: S105 - the name of a field
TWICE = "This was saved already: it was sent twice and counts once."


def form_token(request: HttpRequest) -> str:
    """For a form that is shown: a new token, or that of the form that could not be saved."""
    return request.POST.get(TOKEN) or uuid4().hex


def counted_once(request: HttpRequest, answer: Callable[[], HttpResponse]) -> HttpResponse:
    """Answer a form. The same words under the same token count once: a redirect says that they were saved.

    Who sends them again is led to the same page and told so. Other words under it are another form: somebody went back
    and corrected something.
    """
    if not request.POST.get(TOKEN):
        return answer()
    with transaction.atomic():
        # A twin at the same moment waits here until the first one is saved, or has failed.
        sent, is_new = SentForm.objects.get_or_create(fingerprint=fingerprint_of(request))
        if not is_new:
            messages.info(request, TWICE)
            return HttpResponseRedirect(sent.led_to or request.path)
        response = answer()
        if isinstance(response, HttpResponseRedirect):
            sent.led_to = response.url[:500]
            sent.save(update_fields=["led_to"])
        else:
            sent.delete()  # nothing was saved: the form is shown again with what is wrong
    return response


class AddedOnce:
    """To be put before ModelAdmin, on every page with a form to save (its token: templates/admin/change_form.html).

    What a constraint refuses is looked at again: now the form's own check sees its twin and says so beside the field.
    What the form does not know of fails as before.
    """

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        context = {**(extra_context or {}), "form_token": form_token(request)}
        save = partial(super().changeform_view, request, object_id, form_url, context)  # type: ignore[misc]
        try:
            return counted_once(request, save)
        except IntegrityError:
            return counted_once(request, save)


def fingerprint_of(request: HttpRequest) -> str:
    """Of who sent what to which page, under which token; the token against forgery is another one in each answer."""
    typed = sorted((name, values) for name, values in request.POST.lists() if name != "csrfmiddlewaretoken")
    told = json.dumps([request.user.pk, request.path, typed])
    return hashlib.sha256(told.encode()).hexdigest()
