"""Waivers: asked for by one person, decided by another."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from billing.ledger import accounts_of
from billing.models import Waiver, WaiverState
from billing.payments import approve_waiver
from billing.pricing import in_words
from connections.actors import Actor
from connections.admin import ActionForm, FoundByOrder, LifecycleAdmin, Words, link_to, moment, shortened, stamp
from connections.admin.read_only import ReadOnly

WAIVER_TONES: dict[str, str] = {
    WaiverState.ASKED: "warning",
    WaiverState.APPROVED: "success",
    WaiverState.REFUSED: "danger",
}


class RefusalForm(ActionForm):
    reason = forms.CharField(
        label="Why not",
        max_length=300,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "autofocus": True}),
        help_text="Whoever asked will read it.",
        error_messages={"required": "Say why: whoever asked will read it."},
    )


@admin.register(Waiver)
class WaiverAdmin(FoundByOrder, ReadOnly, LifecycleAdmin):
    action_forms = {"refuse": RefusalForm}
    show_add_link = False
    list_display = ["asked", "state_badge", "application", "amount_in_words", "why", "asked_by", "decided_by"]
    list_filter = ["state", "asked_at", ("application__provider", admin.RelatedOnlyFieldListFilter)]
    sortable_by: list[str] = []
    list_select_related = ["application", "asked_by", "decided_by"]
    search_help_text = "What an order is found by"
    ordering = ["id"]  # who waits longest stands first
    fields = ["reason", "refusal"]

    @admin.display(description="asked", ordering="asked_at")
    def asked(self, waiver: Waiver) -> str:
        return stamp(waiver.asked_at)

    @display(description="state", ordering="state", label=WAIVER_TONES)
    def state_badge(self, waiver: Waiver) -> tuple[str, str]:
        return waiver.state, waiver.get_state_display()

    @admin.display(description="amount", ordering="amount")
    def amount_in_words(self, waiver: Waiver) -> str:
        return str(waiver)

    @admin.display(description="reason")
    def why(self, waiver: Waiver) -> str:
        return shortened(waiver.reason)

    def get_panel(self, request: HttpRequest, obj: Waiver) -> dict[str, Any]:
        still_open = accounts_of(obj.application)[obj.instalment_id].open
        facts = [
            ("Amount", f"{obj} of {obj.instalment}"),
            ("Order", link_to(obj.application)),
            ("Asked by", f"{obj.asked_by}, {moment(obj.asked_at)}"),
            ("Still open", in_words(still_open, obj.currency)),
        ]
        if obj.decided_by:
            facts.append(("Decided by", str(obj.decided_by)))
        warnings = []
        if obj.state == WaiverState.ASKED and obj.asked_by_id == request.user.pk:
            warnings.append("You asked for it: somebody else must decide.")
        badges = [(obj.get_state_display(), WAIVER_TONES[obj.state], "")]
        return {"badges": badges, "facts": facts, "warnings": warnings}

    def get_open_actions(self, request: HttpRequest, obj: Waiver) -> list[str]:
        open_to_them = super().get_open_actions(request, obj)
        return [name for name in open_to_them if name != "approve" or obj.asked_by_id != request.user.pk]

    def get_words(self, obj: Waiver, action: str) -> Words:
        if action == "approve":
            return Words(
                "Approve", f"{obj} of the price is forgone. {obj.asked_by} asked: “{obj.reason}”.", "approved."
            )
        return Words("Refuse", f"Nothing is waived: {obj} stays asked for.", "refused.", grave=True)

    def perform_action(self, request: HttpRequest, obj: Waiver, action: str, details: dict[str, Any]) -> None:
        if action == "approve":
            approve_waiver(obj, actor=Actor.staff(request.user))
        else:
            super().perform_action(request, obj, action, details)
