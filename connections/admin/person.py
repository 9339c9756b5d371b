"""Handing a person's data out, and erasing the person: buttons on the page of an application, each asking why."""

from tempfile import TemporaryFile
from typing import Any

from django import forms
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextareaWidget

from connections.actors import Actor
from connections.admin.lifecycle_admin import Words
from connections.admin.lifecycle_forms import ActionForm
from connections.lifecycle import Refused
from connections.models import Application
from connections.privacy.access import What, note_view
from connections.privacy.erasure import erase_application
from connections.privacy.person import applications_of, export_person

MAY_EXPORT, MAY_ERASE = "connections.export_person", "connections.erase_person"
EXPORT = Words(
    "Hand out all data",
    "A zip is made of all that is held about this person: every application under the same name with the same telephone"
    " or e-mail, with papers, photos, events, visits, money and messages. Your name and the reason are kept.",
    "handed out.",
)
ERASE = Words(
    "Erase the person",
    "Name, contacts, addresses, position, tax id, papers, photos, messages and remarks of this application go for good."
    " Amounts, numbers, dates and the audit trail stay. This can not be undone.",
    "the person is erased.",
    grave=True,
)


class WhyForm(ActionForm):
    reason = forms.CharField(
        label="Reason",
        max_length=300,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "autofocus": True}),
        help_text="It is kept: write how it was asked for, and no name.",
        error_messages={"required": "Say why: it is kept with your name."},
    )


def erase(application: Application, *, reason: str, actor: Actor) -> None:
    """Raises `Refused`."""
    if not erase_application(application, reason=reason, actor=actor):
        raise Refused("erased", "This person is erased already.")


class PersonPages(ModelAdmin):
    """Adds the page that hands out a person's data, and its button for those who may."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.export_view)
        return [path("<int:pk>/person/", view, name="connections_application_person"), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Any = None, **kwargs: Any
    ) -> HttpResponse:
        response = super().render_change_form(request, context, *args, obj=obj, **kwargs)
        if obj is not None and obj.erased_at is None and request.user.has_perm(MAY_EXPORT):
            buttons: list[dict[str, Any]] = context["panel"]["buttons"]
            place = next((n for n, button in enumerate(buttons) if button["grave"]), len(buttons))
            address = reverse("admin:connections_application_person", args=[obj.pk])
            buttons.insert(place, {"button": EXPORT.button, "grave": False, "quiet": True, "address": address})
        return response

    def export_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET asks why, POST gives the zip. 404 for whoever may not, as for what does not exist."""
        application = Application.objects.filter(pk=pk).first()
        may = self.has_view_permission(request, application) and request.user.has_perm(MAY_EXPORT)
        if application is None or not may:
            raise Http404
        form = WhyForm(request.POST or None, thing=application, request=request)
        if request.method == "POST" and form.is_valid():
            return self._hand_out(request, application, form.cleaned_data["reason"])
        return TemplateResponse(request, "admin/lifecycle/confirm.html", self._question(request, application, form))

    def _hand_out(self, request: HttpRequest, application: Application, reason: str) -> Any:
        applications = applications_of(application)
        for one in applications:
            note_view(request.user, one, one, What.EXPORTED, reason)
        archive = TemporaryFile()  # noqa: SIM115 - the response closes it
        export_person(applications, archive, timezone.now())
        archive.seek(0)
        name = f"person-of-{application.number or f'draft-{application.pk}'}.zip"
        response = FileResponse(archive, as_attachment=True, filename=name, content_type="application/zip")
        response.headers["Cache-Control"] = "no-store, private"
        return response

    def _question(self, request: HttpRequest, application: Application, form: WhyForm) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": application,
            "words": EXPORT,
            "title": EXPORT.button,
            "form": form,
            "media": form.media,
            "back": reverse("admin:connections_application_change", args=[application.pk]),
        }
