"""Wrong passwords of late, and the way to let somebody try again before the time is over."""

from axes.models import AccessAttempt
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from connections.admin.look import stamp
from connections.admin.read_only import ReadOnlyAdmin


@admin.register(AccessAttempt)
class FailedLoginAdmin(ReadOnlyAdmin):
    """One row per name, address and browser; to delete it is to open the log-in again."""

    empty_words = "A line is written when a log-in fails, and goes when one succeeds."
    list_display = ["username", "ip_address", "tries", "latest"]
    search_fields = ["username", "ip_address"]
    search_help_text = "Name or address"
    fields = ["username", "ip_address", "user_agent", "tries", "latest", "path_info"]
    readonly_fields = fields
    actions = ["let_try_again"]
    ordering = ["-attempt_time"]

    def has_delete_permission(self, request: HttpRequest, obj: AccessAttempt | None = None) -> bool:
        return ModelAdmin.has_delete_permission(self, request, obj)

    @admin.display(description="wrong tries", ordering="failures_since_start")
    def tries(self, attempt: AccessAttempt) -> int:
        return attempt.failures_since_start

    @admin.display(description="latest", ordering="attempt_time")
    def latest(self, attempt: AccessAttempt) -> str:
        return stamp(attempt.attempt_time)

    @admin.action(description="Let them try again now", permissions=["delete"])
    def let_try_again(self, request: HttpRequest, attempts: QuerySet[AccessAttempt]) -> None:
        self.log_deletions(request, attempts)
        count, _ = attempts.delete()
        self.message_user(request, f"{count} opened: they can log in again at once.", messages.SUCCESS)
