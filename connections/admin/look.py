"""How a state, a time and a link look on every page of the desk. Whatever comes in is escaped."""

from datetime import datetime

from django.db.models import Model
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from connections.vocabulary import ApplicationState, ConnectionStatus, DocumentState

S, D, C = ApplicationState, DocumentState, ConnectionStatus

# unfold's tones: "" (grey), info, success, warning, danger. The text says it all; the tone only helps the eye.
APPLICATION_TONES: dict[str, str] = {
    S.DRAFT: "",
    S.SCHEDULED: "info",
    S.TECHNICIAN_ASSIGNED: "info",
    S.ASSESSMENT_COMPLETED: "warning",
    S.APPROVED: "info",
    S.CONNECTION_ESTABLISHED: "success",
    S.CANCELLED: "",
    S.FAILED: "danger",
}
STATUS_TONES: dict[str, str] = {
    C.PENDING: "",
    C.IN_PROGRESS: "info",
    C.COMPLETED: "success",
    C.CANCELLED: "",
    C.FAILED: "danger",
    C.ON_HOLD: "warning",
}
DOCUMENT_TONES: dict[str, str] = {
    D.PENDING: "",
    D.SUBMITTED: "warning",
    D.VERIFIED: "success",
    D.REJECTED: "danger",
    D.EXPIRED: "danger",
}


def badge(text: str, tone: str = "") -> SafeString:
    """A word in a box, for the pages of one row; lists have unfold's `display(label=...)`."""
    return render_to_string("unfold/helpers/label.html", {"text": text, "type": tone})


def moment(at: datetime | None) -> str:
    """A time on the screen's clock, with weekday and zone: Tue 12 May 2026, 14:00 PDT."""
    return date_format(timezone.localtime(at), "D j M Y, H:i T") if at else "-"


def stamp(at: datetime | None, form: str = "j M Y, H:i") -> str:
    """A time in a list, on one line; the whole moment shows under the pointer."""
    if at is None:
        return "-"
    return on_one_line(date_format(timezone.localtime(at), form), moment(at))


def on_one_line(text: str, title: str = "") -> str:
    return format_html('<span class="whitespace-nowrap" title="{}">{}</span>', title, text)


def shortened(text: str, length: int = 60) -> str:
    """The beginning, for a list; all of it shows under the pointer."""
    if len(text) <= length:
        return text or "-"
    return format_html('<span title="{}">{}…</span>', text, text[: length - 1].rstrip())


def link_to(row: Model | None, text: str = "") -> str:
    """A link to a row's page on the desk."""
    if row is None:
        return "-"
    opts = row._meta
    address = reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[row.pk])
    return format_html('<a href="{}" class="text-link">{}</a>', address, text or str(row))
