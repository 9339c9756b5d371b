"""Letters to applicants: what was written, what came of it, and sending it again."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display

from connections.actors import Actor
from connections.admin.dashboard import Card, dashboard_cards
from connections.admin.finding import FoundByOrder
from connections.admin.lifecycle_admin import LifecycleAdmin, Words
from connections.admin.lifecycle_forms import ActionForm, NothingToAsk
from connections.admin.long_list import BY_PROVIDER, count_some
from connections.admin.look import link_to, moment, shortened, stamp
from connections.admin.read_only import ReadOnly
from connections.admin.timeline import in_plain_words
from connections.lifecycle import Refused
from connections.models import Letter
from connections.post import send_again

L = Letter.State
TONES: dict[str, str] = {
    L.NEW: "info",
    L.READY: "info",
    L.SENT: "success",
    L.MERGED: "",
    L.DROPPED: "",
    L.DEAD: "danger",
}
MAY_GO_AGAIN = {L.SENT, L.DEAD, L.READY}
AGAIN = Words("Send again", "The same words go to the same address once more, at once.", "will be sent again.")


@admin.register(Letter)
class LetterAdmin(FoundByOrder, ReadOnly, LifecycleAdmin):
    empty_words = "A letter goes to an applicant when something happens to the order."
    list_display = ["written", "state_badge", "told", "to", "headline", "attempts", "came_of_it", "order"]
    list_filter = ["state", "created_at", BY_PROVIDER]
    sortable_by: list[str] = []
    list_select_related = ["application", "event"]
    fields = ["subject", ("to", "order"), ("about", "together_with"), ("attempts", "problem"), "words"]
    readonly_fields = ["order", "about", "together_with", "words"]

    @admin.display(description="written", ordering="created_at")
    def written(self, letter: Letter) -> str:
        return stamp(letter.created_at)

    @display(description="state", ordering="state", label=TONES)
    def state_badge(self, letter: Letter) -> tuple[str, str]:
        return letter.state, letter.get_state_display()

    @admin.display(description="about")
    def told(self, letter: Letter) -> str:
        return in_plain_words(letter.event.kind)

    @admin.display(description="about")
    def about(self, letter: Letter) -> str:
        return f"{in_plain_words(letter.event.kind)}, {moment(letter.event.at)}"

    @admin.display(description="subject", ordering="subject")
    def headline(self, letter: Letter) -> str:
        return shortened(letter.subject)

    @admin.display(description="last problem")
    def came_of_it(self, letter: Letter) -> str:
        return shortened(letter.problem)

    @admin.display(description="order")
    def order(self, letter: Letter) -> str:
        return link_to(letter.application)

    @admin.display(description="told in")
    def together_with(self, letter: Letter) -> str:
        return link_to(letter.told_in)

    @admin.display(description="words")
    def words(self, letter: Letter) -> str:
        return format_html('<pre style="white-space: pre-wrap; overflow-wrap: anywhere">{}</pre>', letter.text or "-")

    def get_panel(self, request: HttpRequest, obj: Letter) -> dict[str, Any]:
        facts = [("Sent", moment(obj.sent_at))] if obj.sent_at else [("Next attempt", moment(obj.due_at))]
        if obj.state in {L.MERGED, L.DROPPED, L.DEAD}:
            facts = [("Outcome", obj.problem or obj.get_state_display())]
        return {"badges": [(obj.get_state_display(), TONES[obj.state], obj.state)], "facts": facts}

    # --- Sending again ----------------------------------------------------------------------------------------------

    def is_offered(self, obj: Letter, action: str) -> bool:
        return action == "send_again"

    def get_open_actions(self, request: HttpRequest, obj: Letter) -> list[str]:
        may = obj.state in MAY_GO_AGAIN and request.user.has_perm("connections.send_letter")
        return ["send_again"] if may else []

    def get_action_form(self, obj: Letter, action: str) -> type[ActionForm]:
        return NothingToAsk

    def get_words(self, obj: Letter, action: str) -> Words:
        return AGAIN

    def perform_action(self, request: HttpRequest, obj: Letter, action: str, details: dict[str, Any]) -> None:
        if not request.user.has_perm("connections.send_letter"):
            raise Refused("not_allowed", f"{Actor.staff(request.user)} may not send letters again.")
        send_again(Letter.objects.filter(pk=obj.pk))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Letter]:
        return super().get_queryset(request).defer("html")


@dashboard_cards
def letters_nobody_took(request: HttpRequest) -> Iterable[Card]:
    if request.user.has_perm("connections.view_letter"):
        dead = count_some(Letter.objects.filter(state=L.DEAD))
        address = f"{reverse('admin:connections_letter_changelist')}?state__exact=DEAD"
        yield Card("Letters given up", dead, "e-mails that reached nobody", address, bool(dead))
