"""An order whose papers are not good waits for its applicant: one hold for them all, opened and closed by the rule."""

from django.utils import timezone

from connections.actors import Actor
from connections.documents.handing_in import AGAIN
from connections.lifecycle import record
from connections.models import Application, Document
from connections.vocabulary import OPEN_STATES, Ball, DocumentState

ABOUT = "documents"


def keep_hold_in_step(application: Application, *, actor: Actor) -> None:
    """Open, reword or close the hold for papers that are wanted again. A draft gets none. Inside a transaction, with
    the application as it was read under its lock."""
    if application.fulfillment_state not in OPEN_STATES:
        return
    wanted = [paper for paper in application.documents.all() if paper.state in AGAIN and paper.waived_at is None]
    hold = next((row for row in application.holds.all() if row.about == ABOUT and row.closed_at is None), None)
    if wanted and hold:
        hold.reason = reason_of(wanted)
        hold.save(update_fields=["reason"])
    elif wanted:
        hold = application.holds.create(about=ABOUT, ball=Ball.APPLICANT, reason=reason_of(wanted))
        record(application, "held", actor=actor, reason=hold.reason, ball=hold.ball, about=ABOUT)
    elif hold:
        hold.closed_at = timezone.now()
        hold.save(update_fields=["closed_at"])
        record(application, "released", actor=actor, reason=hold.reason, about=ABOUT)


def reason_of(documents: list[Document]) -> str:
    """Wiring diagram is needed again: "The stamp is missing". Cut to what the column holds."""
    parts = [
        f"{paper.name} has expired" if paper.state == DocumentState.EXPIRED else f"{paper.name} ({paper.reason})"
        for paper in documents
    ]
    text = f"Needed again: {'; '.join(parts)}"
    return text if len(text) <= 300 else f"{text[:299]}…"
