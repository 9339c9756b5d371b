"""One screen for all the papers of an application: seen large, verified, rejected with a reason, or waived."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminTextareaWidget

from connections.actors import Actor
from connections.admin.applicants_page import applicants_page
from connections.admin.lifecycle_admin import LifecycleAdmin
from connections.admin.look import DOCUMENT_TONES, moment
from connections.admin.to_be_checked import is_to_be_checked, takes_papers, to_be_checked
from connections.documents.paper import count_pages, megabytes
from connections.documents.verdicts import READY_REASONS, reject_document, verify_document, waive_document
from connections.lifecycle import Refused
from connections.models import Application, Document, DocumentVersion
from connections.privacy.access import may_see_in_full, note_view
from connections.views.paper_files import as_attachment, as_picture, read_file

PAGE_WIDTH = 1400  # pixels: a letter's small print can be read
OWN_WORDS = ""


class VerifyForm(forms.Form):
    expires_on = forms.DateField(
        label="Good until",
        required=False,
        widget=UnfoldAdminDateWidget(attrs={"type": "date"}),
        help_text="If a date is printed on it. When it has passed, the applicant is asked again.",
    )

    def act(self, document: Document, seen: int, actor: Actor) -> None:
        expires_on: date | None = self.cleaned_data["expires_on"]
        verify_document(document, actor=actor, expires_on=expires_on, seen=seen)


class RejectForm(forms.Form):
    ready = forms.ChoiceField(
        label="What is wrong",
        required=False,
        choices=[*((reason, reason) for reason in READY_REASONS), (OWN_WORDS, "Something else, in my own words")],
        widget=forms.RadioSelect,
    )
    words = forms.CharField(
        label="In your own words",
        required=False,
        max_length=300,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text="The applicant reads all of it.",
    )

    def act(self, document: Document, seen: int, actor: Actor) -> None:
        ready, words = self.cleaned_data["ready"], self.cleaned_data["words"]
        reject_document(document, ready=ready, reason=words, actor=actor, seen=seen)


class WaiveForm(forms.Form):
    reason = forms.CharField(
        label="Why it is not needed",
        max_length=300,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text="It stays in the timeline with your name.",
        error_messages={"required": "Say why it is not needed."},
    )

    def act(self, document: Document, seen: int, actor: Actor) -> None:
        waive_document(document, reason=self.cleaned_data["reason"], actor=actor)


VERDICTS: dict[str, tuple[type[Any], str]] = {
    "verify": (VerifyForm, "verified"),
    "reject": (RejectForm, "rejected; the applicant is asked for a new one"),
    "waive": (WaiveForm, "waived"),
}


class VerificationPages(LifecycleAdmin):
    """Adds the screen, the pictures and the files to the admin of applications, and the button to its page."""

    def get_urls(self) -> list[URLPattern]:
        screen = path(
            "<int:pk>/documents/", self._of_staff(self.documents_view), name="connections_application_documents"
        )
        page = path(
            "<int:pk>/documents/<int:version>/pages/<int:page>.png",
            self._of_staff(self.page_view),
            name="connections_application_document_page",
        )
        file = path(
            "<int:pk>/documents/<int:version>/file",
            self._of_staff(self.file_view),
            name="connections_application_document_file",
        )
        return [screen, page, file, *super().get_urls()]

    def _of_staff(self, view: Any) -> Any:
        return self.admin_site.admin_view(view)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Any = None, **kwargs: Any
    ) -> HttpResponse:
        response = super().render_change_form(request, context, *args, obj=obj, **kwargs)
        if obj is not None and request.user.has_perm("connections.view_document") and obj.documents.exists():
            buttons: list[dict[str, Any]] = context["panel"]["buttons"]
            waiting = to_be_checked(obj.documents.all()).count()
            text = f"Check documents ({waiting})" if waiting else "Documents"
            first = len(self.get_next(request, obj))
            place = first if waiting else next((n for n, button in enumerate(buttons) if button["grave"]), len(buttons))
            buttons.insert(place, {"button": text, "grave": False, "quiet": not waiting, "address": screen_of(obj)})
        return response

    # --- The screen -------------------------------------------------------------------------------------------------

    def documents_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        application = self._application(request, pk)
        documents = list(application.documents.prefetch_related("versions"))
        if not documents:
            raise Http404
        shown = _chosen(application, documents, request.POST.get("document") or request.GET.get("document"))
        if request.method == "POST":
            return self._judge(request, application, documents, shown)
        return self._show(request, application, documents, shown)

    def _judge(
        self, request: HttpRequest, application: Application, documents: list[Document], shown: Document
    ) -> HttpResponse:
        verdict = request.POST.get("verdict", "")
        if verdict not in VERDICTS:
            raise Http404
        if not takes_papers(application):
            messages.error(request, f"{application}: the order has ended, and its papers are judged no more.")
            return HttpResponseRedirect(screen_of(application, shown))
        kind, done = VERDICTS[verdict]
        form = kind(request.POST, prefix=verdict)
        if not form.is_valid():
            return self._show(request, application, documents, shown, {verdict: form})
        try:
            form.act(shown, _number(request.POST.get("seen")), Actor.staff(request.user))
        except Refused as refusal:
            form.add_error(None, str(refusal))
            return self._show(request, application, documents, shown, {verdict: form})
        following = _next_to_check(application, shown)
        rest = "" if following else " No other document waits for a check."
        messages.success(request, f"{shown.name}: {done}.{rest}")
        return HttpResponseRedirect(screen_of(application, following or shown))

    def _show(
        self,
        request: HttpRequest,
        application: Application,
        documents: list[Document],
        shown: Document,
        tried: dict[str, forms.Form] | None = None,
    ) -> TemplateResponse:
        shown = Document.objects.select_related("waived_by").get(pk=shown.pk)
        versions = list(shown.versions.order_by("-number"))
        asked = request.GET.get("version")
        version = next((v for v in versions if str(v.number) == asked), versions[0] if versions else None)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Documents of {application}",
            "application": application,
            "back": reverse("admin:connections_application_change", args=[application.pk]),
            "rows": [_row(application, document, shown) for document in documents],
            "document": shown,
            "applicants_page": applicants_page(application) if may_see_in_full(request.user) else "",
            "badge": _badge(application, shown),
            "versions": versions,
            "version": version,
            "is_newest": not versions or version == versions[0],
            "seen": versions[0].number if versions else 0,
            "pages": _pages(application, version),
            "size": megabytes(version.size) if version and version.size >= 50_000 else "",
            "handed_in": moment(version.created_at) if version else "",
            "verdicts": _open_verdicts(request, application, shown, tried or {}),
            "screen": screen_of(application, shown),
        }
        return TemplateResponse(request, "admin/connections/application/documents.html", context)

    # --- Pictures and files -----------------------------------------------------------------------------------------

    def page_view(self, request: HttpRequest, pk: int, version: int, page: int) -> HttpResponse:
        return as_picture(self._version(request, pk, version), page, PAGE_WIDTH)

    def file_view(self, request: HttpRequest, pk: int, version: int) -> HttpResponse:
        return as_attachment(self._version(request, pk, version))

    def _application(self, request: HttpRequest, pk: int) -> Application:
        """Papers are for those who may view documents as well as applications."""
        application = Application.objects.select_related("provider").filter(pk=pk).first()
        if not (self.has_view_permission(request, application) and request.user.has_perm("connections.view_document")):
            raise PermissionDenied
        if application is None:
            raise Http404
        note_view(request.user, application, application)
        return application

    def _version(self, request: HttpRequest, pk: int, version: int) -> DocumentVersion:
        application = self._application(request, pk)
        kept = DocumentVersion.objects.filter(pk=version, document__application=application).first()
        if kept is None:
            raise Http404
        return kept


# --- What the screen shows ------------------------------------------------------------------------------------------


def screen_of(application: Application, document: Document | None = None) -> str:
    address = reverse("admin:connections_application_documents", args=[application.pk])
    return f"{address}?document={document.pk}" if document else address


def link_to_screen(document: Document) -> str:
    """For other pages of the desk."""
    address = screen_of(document.application, document)
    return format_html('<a href="{}" class="text-link">Pages, versions and verdicts</a>', address)


def _chosen(application: Application, documents: list[Document], asked: str | None) -> Document:
    """The one asked for; else the first that waits for a verdict; else the first."""
    named = next((document for document in documents if str(document.pk) == asked), None)
    return named or next((one for one in documents if is_to_be_checked(one, application)), documents[0])


def _next_to_check(application: Application, judged: Document) -> Document | None:
    rest = application.documents.exclude(pk=judged.pk)
    waiting = [document for document in rest if is_to_be_checked(document, application)]
    return next((document for document in waiting if document.position > judged.position), None) or next(
        iter(waiting), None
    )


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0


def _badge(application: Application, document: Document) -> tuple[str, str]:
    if document.waived_at:
        return "Waived", "success"
    words = "To be checked" if is_to_be_checked(document, application) else document.get_state_display()
    return words, DOCUMENT_TONES[document.state]


def _row(application: Application, document: Document, shown: Document) -> dict[str, Any]:
    text, tone = _badge(application, document)
    return {
        "document": document,
        "badge": text,
        "tone": tone,
        "address": screen_of(application, document),
        "is_shown": document.pk == shown.pk,
        "versions": len(document.versions.all()),
    }


def _pages(application: Application, version: DocumentVersion | None) -> list[str]:
    """The addresses of the pictures; none for what is no file, or can not be opened any more."""
    if version is None or not version.file:
        return []
    try:
        number = count_pages(read_file(version))
    except (Refused, Http404):
        return []
    return [
        reverse("admin:connections_application_document_page", args=[application.pk, version.pk, page])
        for page in range(number)
    ]


def _open_verdicts(
    request: HttpRequest, application: Application, document: Document, tried: dict[str, forms.Form]
) -> dict[str, forms.Form]:
    """The verdicts that the document's state and the person's permissions allow, with what was typed before."""
    may_verify = request.user.has_perm("connections.verify_document") and is_to_be_checked(document, application)
    may_waive = request.user.has_perm("connections.waive_document") and not document.is_settled
    is_open = takes_papers(application)
    open_to_them = {"verify": may_verify, "reject": may_verify, "waive": may_waive and is_open}
    forms_of_all = {
        name: tried.get(name) or kind(prefix=name, initial=_initial(document)) for name, (kind, _) in VERDICTS.items()
    }
    return {name: form for name, form in forms_of_all.items() if open_to_them[name] or name in tried}


def _initial(document: Document) -> dict[str, Any]:
    return {"expires_on": document.expires_on, "ready": OWN_WORDS}
