"""The applicant's page, behind a link that nobody can guess: where the application stands, and a word afterwards."""

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_GET, require_http_methods

from connections import tracking
from connections.actors import Actor
from connections.documents.handing_in import TAKING
from connections.documents.paper import megabytes
from connections.form_link import form_token
from connections.models import Application, Feedback
from connections.vocabulary import ENDED_STATES, ApplicationState
from connections.voices import give_feedback, may_give_feedback

APPLICANT = Actor.system("applicant")


@require_GET
def track(request: HttpRequest, tracking_id: UUID) -> HttpResponse:
    application = application_behind(tracking_id)
    zone, now = application.provider.zone, timezone.now()
    above, below = tracking.panels(application)
    return show_to_applicant(
        request,
        "connections/tracking.html",
        {
            "application": application,
            "provider": application.provider,
            "answer": tracking.first_line(application),
            "next": tracking.next_step(application),
            "stages": tracking.stages(application),
            "stage": tracking.stage_in_words(application),
            **_papers(application),
            "above": above,
            "below": below,
            "timeline": tracking.timeline(application),
            "zone": tracking.say_zone(zone, now),
            "now": now.astimezone(zone),
            "is_over": application.fulfillment_state in ENDED_STATES,
            "may_rate": application.fulfillment_state == ApplicationState.CONNECTION_ESTABLISHED,
        },
    )


def _papers(application: Application) -> dict[str, Any]:
    """The documents, each with the page that takes it while it is wanted."""
    wanted = tracking.wanted(application)
    token = form_token(application) if wanted and application.fulfillment_state in TAKING else ""
    rows = [
        {
            "document": document,
            "address": reverse("documents:step", args=[token, document.code]) if token and document.is_wanted else "",
        }
        for document in application.documents.all()
    ]
    first = next((row for row in rows if row["address"]), None)
    return {"papers": rows, "first_wanted": first, "most": megabytes(settings.DOCUMENT_MAX_BYTES)}


class FeedbackForm(forms.Form):
    """One to five, and words if there are any."""

    value = forms.TypedChoiceField(
        label="How did it go?",
        coerce=int,
        choices=[(5, "Very well"), (4, "Well"), (3, "Neither well nor badly"), (2, "Badly"), (1, "Very badly")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the five."},
    )
    comment = forms.CharField(label="What should we know?", required=False, max_length=4000, widget=forms.Textarea)


@require_http_methods(["GET", "POST"])
def feedback(request: HttpRequest, tracking_id: UUID) -> HttpResponse:
    application = application_behind(tracking_id)
    if not may_give_feedback(application):
        early: dict[str, Any] = {"application": application, "provider": application.provider}
        return show_to_applicant(request, "connections/feedback_later.html", early, status=409)
    known = application.feedback.filter(category=Feedback.Category.ORDER).first()
    before = {"value": round(known.value), "comment": known.comment} if known else None
    form = FeedbackForm(request.POST or None, initial=before)
    if request.method == "POST" and form.is_valid():
        give_feedback(
            application,
            category=Feedback.Category.ORDER,
            value=form.cleaned_data["value"],
            comment=form.cleaned_data["comment"],
            actor=APPLICANT,
        )
        return redirect(f"{request.path}?thanks=1")
    context = {
        "application": application,
        "provider": application.provider,
        "form": form,
        "thanks": "thanks" in request.GET and known is not None,
    }
    return show_to_applicant(request, "connections/feedback.html", context, status=422 if form.errors else 200)


def application_behind(tracking_id: UUID) -> Application:
    """404 for an id that is not known."""
    rows = Application.objects.select_related("provider", "offering").prefetch_related("documents", "holds")
    return get_object_or_404(rows, tracking_id=tracking_id)


def show_to_applicant(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """Kept by nobody on the way; SECURE_REFERRER_POLICY gives its address to no other site."""
    response = render(request, template, context, status=status)
    add_never_cache_headers(response)
    return response
