"""The outbox: what we owe buyer apps, and sending it again."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Count, Min, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince
from unfold.decorators import action, display

from beckn_adapter.admin.inlines import AttemptInline
from beckn_adapter.admin.wire import CALLBACK_TONES, CallbackActionFilter, WireAdmin
from beckn_adapter.circuit import waited
from beckn_adapter.models import Callback, Circuit, Message
from beckn_adapter.resend import send_again
from connections.actors import Actor
from connections.admin import (
    ActionForm,
    Card,
    LifecycleAdmin,
    NothingToAsk,
    Words,
    count_some,
    dashboard_cards,
    link_to,
    moment,
    shortened,
    stamp,
)
from connections.lifecycle import Refused
from connections.searching import as_written

MEANING: dict[str, str] = {
    Callback.State.DEAD: "Given up: every attempt failed. It gets a new life and is tried at once.",
    Callback.State.DELIVERED: "Delivered already: the buyer app gets the same message a second time.",
    Callback.State.DUE: "Still waiting: it is tried at once instead of later.",
}
SAME_BYTES = "The message itself stays as it is."


@admin.register(Callback)
class CallbackAdmin(WireAdmin, LifecycleAdmin):
    empty_words = "A callback answers a message, or tells a buyer app what happened to its order."
    inlines = [AttemptInline]
    actions = ["send_selected_again"]
    list_display = ["action", "created", "bap_id", "state_badge", "attempts", "came_of_it", "order", "transaction_id"]
    list_filter = ["state", CallbackActionFilter]
    fields = [
        ("action", "state"),
        ("bap_id", "url"),
        ("transaction_id", "message_id"),
        ("made", "delivered"),
        ("next_attempt", "last_chance"),
        ("attempts", "outcome"),
        ("order", "answers"),
        "readable",
    ]

    def search_more(self, term: str) -> Q:
        """By a transaction in full, through its messages and their order: an index for it would cost every callback a
        write in a place of its own."""
        asked = Message.objects.filter(transaction_id__in=as_written(term))
        found = list(asked.order_by().values_list("pk", "application"))
        about = Q(request__in=[pk for pk, _ in found]) | Q(application__in={order for _, order in found if order})
        return Q(pk__in=list(Callback.objects.filter(about).order_by().values_list("pk", flat=True)))

    @admin.display(description="made", ordering="created_at")
    def created(self, callback: Callback) -> str:
        return stamp(callback.created_at)

    @admin.display(description="made")
    def made(self, callback: Callback) -> str:
        return moment(callback.created_at)

    @admin.display(description="outcome")
    def came_of_it(self, callback: Callback) -> str:
        return shortened(callback.outcome)

    @admin.display(description="delivered")
    def delivered(self, callback: Callback) -> str:
        arrived = moment(callback.delivered_at)
        is_sent_again = callback.delivered_at and callback.state == Callback.State.DUE
        return f"{arrived}, and now once more" if is_sent_again else arrived

    @admin.display(description="next attempt")
    def next_attempt(self, callback: Callback) -> str:
        if callback.state != Callback.State.DUE:
            return "No more attempts"
        held_up = _circuit_of(callback)
        if held_up and held_up.probe_at:
            return f"When its host answers again, which is tried next {moment(held_up.probe_at)}"
        return moment(callback.due_at)

    @admin.display(description="given up after")
    def last_chance(self, callback: Callback) -> str:
        held_up = _circuit_of(callback) if callback.state == Callback.State.DUE else None
        seconds = waited(callback, held_up, timezone.now())
        tried, life = round(seconds / 60), round(callback.life_seconds / 60)
        return f"{life} min of trying, {tried} of them used"

    @display(description="state", ordering="state", label=CALLBACK_TONES)
    def state_badge(self, callback: Callback) -> tuple[str, str]:
        return callback.state, callback.get_state_display()

    @admin.display(description="answers")
    def answers(self, callback: Callback) -> str:
        return link_to(callback.request) if callback.request else f"Nobody asked: {callback.event or 'told unasked'}"

    def get_panel(self, request: HttpRequest, obj: Callback) -> dict[str, Any]:
        return {
            "badges": [(obj.get_state_display(), CALLBACK_TONES[obj.state], obj.state)],
            "facts": [("Outcome", obj.outcome or "Not sent yet"), ("Next attempt", self.next_attempt(obj))],
        }

    def get_facts(self, request: HttpRequest, obj: Callback) -> list[tuple[str, Any]]:
        about = [("To", obj.bap_id), ("Order", self.order(obj))]
        return [*about, *super().get_facts(request, obj)]

    # --- Sending again ----------------------------------------------------------------------------------------------

    def has_send_again_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("beckn_adapter.change_callback"))

    def is_offered(self, obj: Callback, action: str) -> bool:
        return action == "send_again"

    def get_open_actions(self, request: HttpRequest, obj: Callback) -> list[str]:
        return ["send_again"] if self.has_send_again_permission(request) else []

    def get_action_form(self, obj: Callback, action: str) -> type[ActionForm]:
        return NothingToAsk

    def get_words(self, obj: Callback, action: str) -> Words:
        return Words("Send again", f"{MEANING[obj.state]} {SAME_BYTES}", "will be sent again.")

    def perform_action(self, request: HttpRequest, obj: Callback, action: str, details: dict[str, Any]) -> None:
        if not self.has_send_again_permission(request):
            raise Refused("not_allowed", f"{Actor.staff(request.user)} may not send messages again.")
        send_again(Callback.objects.filter(pk=obj.pk))

    @action(description="Send again", permissions=["send_again"])
    def send_selected_again(self, request: HttpRequest, queryset: QuerySet[Callback]) -> HttpResponse | None:
        """The first POST shows how many and how they stand, the second sends them."""
        if request.POST.get("confirmed"):
            count = send_again(queryset)
            messages.success(request, f"{count} {'message' if count == 1 else 'messages'} will be sent again.")
            return None
        counts = dict(queryset.order_by().values_list("state").annotate(Count("pk")))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Send again",
            "meanings": [(counts[state], MEANING[state]) for state in MEANING if state in counts],
            "same_bytes": SAME_BYTES,
            "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "select_across": request.POST.get("select_across", "0"),
        }
        return TemplateResponse(request, "admin/beckn_adapter/callback/send_again.html", context)


def _circuit_of(callback: Callback) -> Circuit | None:
    return Circuit.objects.filter(host=callback.host).first()


@dashboard_cards
def what_waits_to_be_delivered(request: HttpRequest) -> Iterable[Card]:
    if request.user.has_perm("beckn_adapter.view_callback"):
        address = reverse("admin:beckn_adapter_callback_changelist")
        dead = count_some(Callback.objects.filter(state=Callback.State.DEAD))
        yield Card("Given up", dead, "messages no buyer app took", f"{address}?state__exact=DEAD", bool(dead))
        oldest = Callback.objects.filter(state=Callback.State.DUE).aggregate(at=Min("created_at"))["at"]
        age = timesince(oldest, timezone.now(), depth=1) if oldest else "None"
        yield Card("Oldest undelivered", age, "waiting to reach a buyer app", f"{address}?state__exact=DUE")
