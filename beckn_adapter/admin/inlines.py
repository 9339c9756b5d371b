"""Messages as rows on another page: the application's, and that of the message they answer."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from beckn_adapter.admin.wire import CALLBACK_TONES, MESSAGE_TONES
from beckn_adapter.models import Attempt, Callback, Message
from connections.admin import ReadOnlyInline, add_to_application_page, badge, link_to, moment
from connections.privacy.masking import mask_text


class AnswerInline(ReadOnlyInline):
    """What went out: below the message it answers, and on the page of the application."""

    model = Callback
    verbose_name_plural = "Messages out"
    fk_name = "request"
    fields = ["what", "time", "direction", "state_badge", "attempts", "came_of_it"]
    readonly_fields = fields
    empty_words = "Nothing was sent for this yet."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Callback]:
        return super().get_queryset(request).defer("body").order_by("-id")

    @admin.display(description="message")
    def what(self, callback: Callback) -> str:
        return link_to(callback, callback.action)

    @admin.display(description="time")
    def time(self, callback: Callback) -> str:
        return moment(callback.created_at)

    @admin.display(description="direction")
    def direction(self, callback: Callback) -> str:
        return f"To {callback.bap_id}"

    @admin.display(description="state")
    def state_badge(self, callback: Callback) -> str:
        return badge(callback.get_state_display(), CALLBACK_TONES[callback.state])

    @admin.display(description="outcome")
    def came_of_it(self, callback: Callback) -> str:
        return callback.outcome or "Not sent yet"


class OutgoingInline(AnswerInline):
    fk_name = "application"
    tab = True
    per_page = 30
    empty_words = "Nothing was sent to a buyer app about this application."


class IncomingInline(ReadOnlyInline):
    model = Message
    verbose_name_plural = "Messages in"
    tab = True
    per_page = 30
    fields = ["what", "time", "direction", "state_badge", "came_of_it"]
    readonly_fields = fields
    empty_words = "No buyer app has sent anything about this application."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        return super().get_queryset(request).defer("body").order_by("-id")

    @admin.display(description="message")
    def what(self, message: Message) -> str:
        return link_to(message, message.action)

    @admin.display(description="time")
    def time(self, message: Message) -> str:
        return moment(message.received_at)

    @admin.display(description="direction")
    def direction(self, message: Message) -> str:
        return f"From {message.bap_id}"

    @admin.display(description="state")
    def state_badge(self, message: Message) -> str:
        return badge(message.get_state_display(), MESSAGE_TONES[message.state])

    @admin.display(description="outcome")
    def came_of_it(self, message: Message) -> str:
        return mask_text(message.error) or ("Answered" if message.handled_at else "Waits to be handled")


class AttemptInline(ReadOnlyInline):
    model = Attempt
    verbose_name_plural = "Attempts"
    fields = ["time", "took", "status", "outcome"]
    readonly_fields = fields
    per_page = 30
    empty_words = "It was not tried yet."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Attempt]:
        return super().get_queryset(request).order_by("-id")

    @admin.display(description="time")
    def time(self, attempt: Attempt) -> str:
        return moment(attempt.at)

    @admin.display(description="took")
    def took(self, attempt: Attempt) -> str:
        return f"{attempt.milliseconds} ms"


add_to_application_page(IncomingInline, OutgoingInline)
