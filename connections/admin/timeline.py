"""What happened to an application, newest first."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html

from connections.admin.look import moment
from connections.admin.read_only import ReadOnlyInline
from connections.models import Event
from connections.privacy.access import may_see_in_full
from connections.privacy.masking import mask_object
from connections.vocabulary import ApplicationState

UNTOLD = {"came_from"}  # the line below says it
_words: dict[str, str] = {
    "application.opened": "Application opened",
    "application.revised": "Draft corrected",
    "application.scheduled": "Order submitted",
    "application.technician_assigned": "Technician assigned",
    "application.assessment_completed": "Premises assessed",
    "application.approved": "Application approved",
    "application.connection_established": "Power is on",
    "application.cancelled": "Order cancelled",
    "application.failed": "Rejected by the utility",
    "application.looked_at": "Looked at by staff",
    "document.submitted": "Document handed in",
    "document.verified": "Document verified",
    "document.rejected": "Document rejected",
    "document.expired": "Document expired",
    "document.waived": "Document waived",
    "document.replaced": "Document handed in anew",
    "application.held": "Put on hold",
    "application.released": "Hold ended",
    "application.rated": "Rated by the applicant",
    "application.support_asked": "Asked for help",
    "application.support_answered": "Call for help answered",
    "application.amended": "Order changed",
    "application.files_erased": "Files erased",
    "application.messages_erased": "Messages erased",
    "application.erased": "Person erased",
}


def name_events(words: dict[str, str]) -> None:
    """Plain words for a room's own events, by kind ("visit.on_site": "Technician at the premises")."""
    _words.update(words)


def in_plain_words(kind: str) -> str:
    """An event nobody has named yet reads as its kind does: visit.no_access is "Visit no access"."""
    return _words.get(kind) or kind.replace(".", " ").replace("_", " ").capitalize()


class EventInline(ReadOnlyInline):
    model = Event
    verbose_name_plural = "Timeline"
    tab = True
    per_page = 30
    fields = ["time", "what", "about", "who", "state_then"]
    readonly_fields = fields
    empty_words = "Nothing has happened yet."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        return super().get_queryset(request).select_related("words").order_by("-id")

    @admin.display(description="time")
    def time(self, event: Event) -> str:
        return moment(event.at)

    @admin.display(description="what happened")
    def what(self, event: Event) -> str:
        # On a phone a long code must break, or it pushes the table out of the screen.
        code = (
            '<code class="text-font-subtle-light dark:text-font-subtle-dark" style="overflow-wrap: anywhere">{}</code>'
        )
        return format_html("{}<br>" + code, in_plain_words(event.kind), event.kind)

    @admin.display(description="about")
    def about(self, event: Event) -> str:
        """What it was about, and the details given with it, a line each."""
        data = event.data if may_see_in_full(self.request.user) else mask_object(event.data)
        told = ((name, value) for name, value in data.items() if value and name not in UNTOLD)
        details = [f"{name.replace('_', ' ')}: {_readable(value)}" for name, value in told]
        return "\n".join([event.subject, *details] if event.subject else details) or "-"

    @admin.display(description="who")
    def who(self, event: Event) -> str:
        return event.actor

    @admin.display(description="state then")
    def state_then(self, event: Event) -> str:
        return dict(ApplicationState.choices).get(event.state, event.state) or "-"


def _readable(value: Any) -> str:
    """A time as people read it, anything else as it is, cut where it gets long."""
    text = str(value)
    try:
        at = parse_datetime(text)
    except ValueError:
        at = None
    if at is not None and at.tzinfo is not None:
        return moment(at)
    return text if len(text) <= 300 else f"{text[:299]}…"
