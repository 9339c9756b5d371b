"""What applicants say: calls for help, to be answered, and ratings, to be read."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from connections.actors import Actor
from connections.admin.finding import ORDER_WORDS, FoundByOrder
from connections.admin.lifecycle_admin import LifecycleAdmin, Words
from connections.admin.lifecycle_forms import ActionForm
from connections.admin.long_list import BY_PROVIDER
from connections.admin.look import link_to, moment, stamp
from connections.admin.personal import PersonalPage
from connections.admin.read_only import ReadOnly, ReadOnlyInline
from connections.lifecycle import Refused
from connections.models import Feedback, SupportRequest
from connections.privacy.masking import mask_email, mask_phone, mask_text
from connections.voices import answer_support


class AnswerForm(ActionForm):
    note = forms.CharField(
        label="What was done",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4, "autofocus": True}),
        error_messages={"required": "Say what was done about it, for whoever is asked next."},
    )


@transaction.atomic
def answer(asked: SupportRequest, *, note: str, actor: Actor) -> None:
    """The call for help is dealt with. Raises `Refused` without the permission or the second time."""
    if not actor.user.has_perm("connections.answer_supportrequest"):
        raise Refused("not_allowed", f"{actor} may not answer calls for help.")
    locked = SupportRequest.objects.select_for_update().get(pk=asked.pk)
    if locked.done_at:
        raise Refused("wrong_state", "This call for help is answered already.")
    answer_support(locked, note=note, actor=actor)


class IsDone(admin.SimpleListFilter):
    title = "answered"
    parameter_name = "done"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "To be answered"), ("yes", "Answered")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[SupportRequest]) -> QuerySet[SupportRequest]:
        return queryset.filter(done_at__isnull=self.value() == "no") if self.value() else queryset


@admin.register(SupportRequest)
class SupportRequestAdmin(FoundByOrder, ReadOnly, PersonalPage, LifecycleAdmin):
    empty_words = "A buyer app passes a call for help on, and it stands here until somebody has answered it."
    personal_fields = ("callback_phone", "email", "reference", "note")
    action_forms = {"answer": AnswerForm}
    action_words = {"answer": Words("It is answered", "The call for help leaves the list of those open.", "answered.")}
    show_add_link = False
    list_display = ["asked", "state", "subject", "application", "telephone", "mail", "source"]
    list_filter = [IsDone, "asked_at", BY_PROVIDER]
    sortable_by: list[str] = []
    list_select_related = ["application"]
    exact_fields = ("reference", "callback_phone", "email")
    search_help_text = f"Reference, telephone or e-mail as they gave it, {ORDER_WORDS}"
    fields = ["reference", ("callback_phone", "email"), "source", "note"]

    @admin.display(description="asked", ordering="asked_at")
    def asked(self, asked: SupportRequest) -> str:
        return stamp(asked.asked_at)

    @display(description="state", label={"Open": "warning", "Answered": "success"})
    def state(self, asked: SupportRequest) -> str:
        return "Answered" if asked.done_at else "Open"

    @admin.display(description="reference", ordering="reference")
    def subject(self, asked: SupportRequest) -> str:
        return mask_text(asked.reference) or "-"

    @admin.display(description="telephone")
    def telephone(self, asked: SupportRequest) -> str:
        return mask_phone(asked.callback_phone)

    @admin.display(description="e-mail")
    def mail(self, asked: SupportRequest) -> str:
        return mask_email(asked.email)

    def get_panel(self, request: HttpRequest, obj: SupportRequest) -> dict[str, Any]:
        badge = ("Answered", "success", "") if obj.done_at else ("Open", "warning", "")
        facts = [("Order", link_to(obj.application)), ("Asked", moment(obj.asked_at))]
        return {"badges": [badge], "facts": facts + ([("Answered", moment(obj.done_at))] if obj.done_at else [])}

    def is_offered(self, obj: SupportRequest, action: str) -> bool:
        return action == "answer"

    def get_open_actions(self, request: HttpRequest, obj: SupportRequest) -> list[str]:
        may = obj.done_at is None and request.user.has_perm("connections.answer_supportrequest")
        return ["answer"] if may else []

    def perform_action(self, request: HttpRequest, obj: SupportRequest, action: str, details: dict[str, Any]) -> None:
        answer(obj, actor=Actor.staff(request.user), **details)


class FeedbackInline(ReadOnlyInline):
    model = Feedback
    tab = True
    fields = ["category", "value", "comment", "said"]
    readonly_fields = fields
    empty_words = "No rating yet."

    @admin.display(description="time")
    def said(self, feedback: Feedback) -> str:
        return moment(feedback.updated_at)
