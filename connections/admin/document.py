"""A document's page, reached from its application: seen, then verified or rejected with a reason."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from unfold.decorators import display
from unfold.widgets import BASE_INPUT_CLASSES, UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from connections.actors import Actor
from connections.admin.finding import FoundByOrder
from connections.admin.lifecycle_admin import LifecycleAdmin, Words
from connections.admin.lifecycle_forms import ActionForm, NothingToAsk, ReasonForm
from connections.admin.long_list import BY_PROVIDER
from connections.admin.look import DOCUMENT_TONES, badge, link_to, moment
from connections.admin.personal import PersonalPage
from connections.admin.read_only import ReadOnly, ReadOnlyInline
from connections.admin.to_be_checked import ToBeChecked, takes_papers
from connections.admin.verification import link_to_screen
from connections.documents.verdicts import READY_REASONS, reject_document, verify_document, waive_document
from connections.models import Document, DocumentVersion
from connections.privacy.access import may_see_in_full
from connections.privacy.masking import HIDDEN

WAIVED = "WAIVED"
DOCUMENT_WORDS = {
    "submit": Words(
        "Mark as handed in",
        "The paper is here. It waits for somebody to check it; what was wrong with an earlier one is forgotten.",
        "marked as handed in.",
    ),
    "verify": Words("Verify", "You have seen the document and it is good. The applicant is told.", "verified."),
    "reject": Words(
        "Reject",
        "The applicant is told what is wrong and asked for a new one. The application can not be approved before that.",
        "rejected.",
        grave=True,
    ),
    "waive": Words(
        "Do without it",
        "Nobody is asked for this document any more. Your name and the reason are kept.",
        "waived.",
        quiet=True,
    ),
}


class VerdictForm(ActionForm):
    """A verdict is for the version that was looked at: `seen` is its number when this page was made."""

    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        newest = self.thing.versions.order_by("-number").first()
        self.initial["seen"] = newest.number if newest else 0


class VerifyForm(VerdictForm):
    expires_on = forms.DateField(
        label="Good until",
        required=False,
        widget=forms.DateInput({"type": "date", "class": " ".join(BASE_INPUT_CLASSES)}, format="%Y-%m-%d"),
        help_text="Printed on the document, if it is.",
    )


class RejectForm(VerdictForm):
    ready = forms.ChoiceField(
        label="Reason",
        required=False,
        choices=[("", "Only in my own words"), *((reason, reason) for reason in READY_REASONS)],
        widget=UnfoldAdminSelectWidget,
    )
    reason = forms.CharField(
        label="In your own words",
        required=False,
        max_length=300,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="The applicant reads both: the reason chosen above, then these words.",
    )

    def clean(self) -> dict[str, Any]:
        details: dict[str, Any] = super().clean() or {}
        if not (details.get("ready") or details.get("reason") or self.errors):
            self.add_error("reason", "Say why: the applicant will read it.")
        return details


class VersionInline(ReadOnlyInline):
    """The paper as it was handed in, the newest first."""

    model = DocumentVersion
    verbose_name_plural = "Handed in"
    fields = ["number", "what", "came", "source", "verdict_then"]
    readonly_fields = fields
    empty_words = "Nothing was handed in here yet."

    def get_queryset(self, request: HttpRequest) -> QuerySet[DocumentVersion]:
        return super().get_queryset(request).select_related("submission").order_by("-number")

    @admin.display(description="what")
    def what(self, version: DocumentVersion) -> str:
        """A file by its name and size; a buyer app's link as text: it leads to a stranger's place."""
        if version.file:
            in_full = may_see_in_full(self.request.user)
            name = (in_full and version.original_name) or "File"
            return f"{name}, {version.media_type}, {filesizeformat(version.size)}"
        return (version.link or version.text) if may_see_in_full(self.request.user) else HIDDEN

    @admin.display(description="time")
    def came(self, version: DocumentVersion) -> str:
        return moment(version.created_at)

    @admin.display(description="from")
    def source(self, version: DocumentVersion) -> str:
        return version.submission.source if version.submission else "-"

    @admin.display(description="verdict")
    def verdict_then(self, version: DocumentVersion) -> str:
        words = version.get_verdict_display()
        return f"{words}: {version.reason}" if version.reason else words


@admin.register(Document)
class DocumentAdmin(FoundByOrder, ReadOnly, PersonalPage, LifecycleAdmin):
    empty_words = "An application brings the documents that its offering asks for."
    inlines = [VersionInline]
    action_forms = {"verify": VerifyForm, "reject": RejectForm, "waive": ReasonForm}
    action_words = DOCUMENT_WORDS
    show_add_link = False
    list_display = ["name", "order", "state_badge", "changed"]
    list_filter = [ToBeChecked, "state", BY_PROVIDER]
    sortable_by: list[str] = []
    list_select_related = ["application"]
    ordering = ["-updated_at"]
    fields = ["name", "code", "reason", "expires_on", "waiver", "changed"]

    @display(description="state", ordering="state", label={**DOCUMENT_TONES, WAIVED: "success"})
    def state_badge(self, document: Document) -> tuple[str, str]:
        return (WAIVED, "Waived") if document.waived_at else (document.state, document.get_state_display())

    @admin.display(description="waived")
    def waiver(self, document: Document) -> str:
        if document.waived_at is None:
            return "No"
        return f"By {document.waived_by}, {moment(document.waived_at)}: {document.waiver_reason}"

    @admin.display(description="application")
    def order(self, document: Document) -> str:
        return link_to(document.application)

    @admin.display(description="last change", ordering="updated_at")
    def changed(self, document: Document) -> str:
        return moment(document.updated_at)

    def get_panel(self, request: HttpRequest, obj: Document) -> dict[str, Any]:
        badges = [(obj.get_state_display(), DOCUMENT_TONES[obj.state], obj.state)]
        if obj.waived_at:
            badges.append(("Waived", "success", WAIVED))
        return {"badges": badges, "facts": [("Application", link_to(obj.application)), ("See it", link_to_screen(obj))]}

    # --- The verdict ------------------------------------------------------------------------------------------------

    def is_offered(self, obj: Document, action: str) -> bool:
        return action == "waive" or super().is_offered(obj, action)

    def get_open_actions(self, request: HttpRequest, obj: Document) -> list[str]:
        if not takes_papers(obj.application):
            return []
        may_waive = not obj.is_settled and request.user.has_perm("connections.waive_document")
        return super().get_open_actions(request, obj) + (["waive"] if may_waive else [])

    def get_action_form(self, obj: Document, action: str) -> type[ActionForm]:
        return self.action_forms.get(action, NothingToAsk)

    def perform_action(self, request: HttpRequest, obj: Document, action: str, details: dict[str, Any]) -> None:
        acts: dict[str, Callable[..., Any]] = {
            "verify": verify_document,
            "reject": reject_document,
            "waive": waive_document,
        }
        if action in acts:
            acts[action](obj, actor=Actor.staff(request.user), **details)
        else:
            super().perform_action(request, obj, action, details)

    def get_page_after(self, obj: Document) -> str:
        return reverse("admin:connections_application_change", args=[obj.application_id])


class DocumentInline(ReadOnlyInline):
    """The papers of an application; the name leads to the page with the buttons."""

    model = Document
    fields = ["paper", "state_badge", "why", "changed"]
    readonly_fields = fields
    empty_words = "This offering asks for no documents."

    @admin.display(description="document")
    def paper(self, document: Document) -> str:
        return link_to(document)

    @admin.display(description="state")
    def state_badge(self, document: Document) -> str:
        if document.waived_at:
            return badge("Waived", "success")
        return badge(document.get_state_display(), DOCUMENT_TONES[document.state])

    @admin.display(description="why")
    def why(self, document: Document) -> str:
        return document.waiver_reason or document.reason or "-"

    @admin.display(description="last change")
    def changed(self, document: Document) -> str:
        return moment(document.updated_at)
