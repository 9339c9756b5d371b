"""Waivers: asked for by one person, decided by another."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from billing.admin.requests import NoForm, RequestAdmin
from billing.models import Waiver, WaiverState
from billing.payments import approve_waiver
from connections.actors import Actor
from connections.admin import BY_PROVIDER, Words, moment, shortened, stamp


class RefusalForm(NoForm):
    question = "Why not"
    readers = "Whoever asked will read it."


@admin.register(Waiver)
class WaiverAdmin(RequestAdmin):
    empty_words = "A waiver is asked for on the page of what is due, and decided here by somebody else."
    action_forms = {"refuse": RefusalForm}
    list_display = ["asked", "state_badge", "application", "amount_in_words", "why", "asked_by", "decided_by"]
    list_filter = ["state", "asked_at", BY_PROVIDER]
    sortable_by: list[str] = []
    list_select_related = ["application", "asked_by", "decided_by"]
    ordering = ["id"]  # who waits longest stands first
    fields = ["reason", "refusal"]

    @admin.display(description="asked", ordering="asked_at")
    def asked(self, waiver: Waiver) -> str:
        return stamp(waiver.asked_at)

    @admin.display(description="amount", ordering="amount")
    def amount_in_words(self, waiver: Waiver) -> str:
        return str(waiver)

    @admin.display(description="reason")
    def why(self, waiver: Waiver) -> str:
        return shortened(waiver.reason)

    def what_is_asked(self, obj: Waiver) -> list[tuple[str, Any]]:
        return [("Amount", f"{obj} of {obj.instalment}"), ("Asked by", f"{obj.asked_by}, {moment(obj.asked_at)}")]

    def what_came_of_it(self, obj: Waiver) -> list[tuple[str, Any]]:
        return [("Decided by", str(obj.decided_by))] if obj.decided_by else []

    def get_panel(self, request: HttpRequest, obj: Waiver) -> dict[str, Any]:
        is_mine = obj.state == WaiverState.ASKED and obj.asked_by_id == request.user.pk
        warnings = ["You asked for it: somebody else must decide."] if is_mine else []
        return {**super().get_panel(request, obj), "warnings": warnings}

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
