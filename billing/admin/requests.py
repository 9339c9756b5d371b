"""What waits for an answer: a payment that was reported, a waiver that was asked for. Both admins share this."""

from typing import Any

from django.http import HttpRequest
from unfold.decorators import display

from billing.ledger import accounts_of
from billing.models import PaymentReport, ReportState, Waiver, WaiverState
from billing.pricing import in_words
from connections.admin import FoundByOrder, LifecycleAdmin, ReasonForm, link_to
from connections.admin.read_only import ReadOnly

TONES: dict[str, str] = {
    ReportState.REPORTED: "warning",
    ReportState.MATCHED: "success",
    ReportState.REJECTED: "danger",
    WaiverState.ASKED: "warning",
    WaiverState.APPROVED: "success",
    WaiverState.REFUSED: "danger",
}


class NoForm(ReasonForm):
    """Why the answer is no. A subclass names the `question`, and the `readers` of the reason."""

    question = ""
    readers = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reason = self.fields["reason"]
        reason.label, reason.help_text = self.question, self.readers
        reason.error_messages["required"] = "Say why: whoever asked will read it."


class RequestAdmin(FoundByOrder, ReadOnly, LifecycleAdmin):
    """Rows that move by an answer alone; who waits longest stands first."""

    show_add_link = False
    ordering = ["id"]

    @display(description="state", ordering="state", label=TONES)
    def state_badge(self, obj: PaymentReport | Waiver) -> tuple[str, str]:
        return obj.state, obj.get_state_display()

    def get_panel(self, request: HttpRequest, obj: PaymentReport | Waiver) -> dict[str, Any]:
        still_open = accounts_of(obj.application)[obj.instalment_id].open
        facts = [
            *self.what_is_asked(obj),
            ("Order", link_to(obj.application)),
            ("Still open", in_words(still_open, obj.currency)),
            *self.what_came_of_it(obj),
        ]
        return {"badges": [(obj.get_state_display(), TONES[obj.state], "")], "facts": facts}

    def what_is_asked(self, obj: Any) -> list[tuple[str, Any]]:
        """The first facts of the panel; a subclass knows them."""
        return []

    def what_came_of_it(self, obj: Any) -> list[tuple[str, Any]]:
        """The last ones, once it is answered."""
        return []
