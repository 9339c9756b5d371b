"""What both directions have in common: the list, the search, and the body for the eye."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from beckn_adapter.models import Callback, Message
from connections.admin import ORDER_WORDS, FoundByOrder, PersonalPage, ReadOnlyAdmin, link_to
from connections.privacy.masking import HIDDEN, mask_value

MESSAGE_TONES: dict[str, str] = {
    Message.State.RECEIVED: "info",
    Message.State.HANDLED: "success",
    Message.State.FAILED: "danger",
}
CALLBACK_TONES: dict[str, str] = {
    Callback.State.DUE: "info",
    Callback.State.DELIVERED: "success",
    Callback.State.DEAD: "danger",
}
ACTIONS = ("search", "select", "init", "confirm", "status", "track", "update", "cancel", "rating", "support")


def preformatted(text: str) -> str:
    return format_html('<pre class="text-xs" style="white-space: pre-wrap; overflow-wrap: anywhere">{}</pre>', text)


def readable_body(body: bytes | memoryview, *, in_full: bool) -> str:
    """The body for the eye: JSON indented, anything else as it came. Signatures cover the stored bytes, not this.

    Unless `in_full`, personal values are masked, and what is no JSON is not shown.
    """
    raw = bytes(body)
    try:
        read = json.loads(raw)
        text = json.dumps(read if in_full else mask_value("", read), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = raw.decode(errors="replace") if in_full else HIDDEN
    return preformatted(text)


class ActionFilter(admin.SimpleListFilter):
    """The ten actions by name: asking the table for those it holds would read all of it."""

    title = "action"
    parameter_name = "action"
    prefix = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(f"{self.prefix}{name}", f"{self.prefix}{name}") for name in ACTIONS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(action=self.value()) if self.value() else queryset


class CallbackActionFilter(ActionFilter):
    prefix = "on_"


class WireAdmin(FoundByOrder, PersonalPage, ReadOnlyAdmin):
    """A list that grows without end: no counting far, no bodies read before a page is opened."""

    list_fullwidth = True
    sortable_by: list[str] = []
    list_select_related = ["application"]
    search_help_text = f"Transaction id in full, {ORDER_WORDS}"
    tones: dict[str, str]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("body")

    @admin.display(description="body")
    def readable(self, row: Message | Callback) -> str:
        return readable_body(row.body, in_full=getattr(row, "is_shown_in_full", False))

    @admin.display(description="order")
    def order(self, row: Message | Callback) -> str:
        return link_to(row.application)
