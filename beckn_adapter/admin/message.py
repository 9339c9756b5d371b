"""The inbox: what buyer apps sent."""

from collections.abc import Iterable

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from unfold.decorators import display

from beckn_adapter.admin.inlines import AnswerInline
from beckn_adapter.admin.wire import MESSAGE_TONES, ActionFilter, WireAdmin, preformatted
from beckn_adapter.models import Message
from connections.admin import Card, count_some, dashboard_cards, moment, shortened, stamp
from connections.privacy.masking import mask_text


@admin.register(Message)
class MessageAdmin(WireAdmin):
    empty_words = "A line is written when a buyer app's message is taken."
    inlines = [AnswerInline]
    personal_fields = ("error",)
    exact_fields = ("transaction_id",)
    list_display = ["action", "received", "bap_id", "state_badge", "went_wrong", "order", "transaction_id"]
    list_filter = ["state", ActionFilter]
    fields = [
        ("action", "state"),
        ("bap_id", "via"),
        ("transaction_id", "message_id"),
        ("came", "handled"),
        "order",
        "bap_uri",
        ("attempts", "error"),
        "readable",
        "header",
    ]

    @admin.display(description="received", ordering="received_at")
    def received(self, message: Message) -> str:
        return stamp(message.received_at)

    @admin.display(description="received")
    def came(self, message: Message) -> str:
        return moment(message.received_at)

    @admin.display(description="error")
    def went_wrong(self, message: Message) -> str:
        return shortened(mask_text(message.error))

    @admin.display(description="handled")
    def handled(self, message: Message) -> str:
        return moment(message.handled_at)

    @display(description="state", ordering="state", label=MESSAGE_TONES)
    def state_badge(self, message: Message) -> tuple[str, str]:
        return message.state, message.get_state_display()

    @admin.display(description="Authorization header")
    def header(self, message: Message) -> str:
        return preformatted(message.signature)


@dashboard_cards
def what_was_not_understood(request: HttpRequest) -> Iterable[Card]:
    if request.user.has_perm("beckn_adapter.view_message"):
        failed = count_some(Message.objects.filter(state=Message.State.FAILED))
        address = f"{reverse('admin:beckn_adapter_message_changelist')}?state__exact=FAILED"
        yield Card("Not understood", failed, "requests that could not be handled", address, bool(failed))
