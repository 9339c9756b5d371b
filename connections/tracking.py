"""What the applicant's tracking page says. Rooms add what they know: an answer for its first line, a panel, words.

Pure of HTTP; times are told in the provider's time zone.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from connections.models import Application, Document, Event
from connections.vocabulary import OPEN_STATES, ApplicationState, Ball

S = ApplicationState
STAGES = (
    (S.SCHEDULED, "Ordered"),
    (S.TECHNICIAN_ASSIGNED, "Visit"),
    (S.ASSESSMENT_COMPLETED, "Assessed"),
    (S.APPROVED, "Approved"),
    (S.CONNECTION_ESTABLISHED, "Power on"),
)
ANSWERS = {
    S.DRAFT: "Your application is not ordered yet",
    S.SCHEDULED: "We are planning your visit",
    S.TECHNICIAN_ASSIGNED: "A technician is coming to see your premises",
    S.ASSESSMENT_COMPLETED: "We are checking your application",
    S.APPROVED: "We are planning the installation of your meter",
    S.CONNECTION_ESTABLISHED: "Your power is on",
    S.CANCELLED: "Your application was cancelled",
    S.FAILED: "Your application could not be accepted",
}
NEXT_STEPS = {
    S.SCHEDULED: "We choose a technician and a time for the visit.",
    S.TECHNICIAN_ASSIGNED: "The technician looks at your premises and says what is needed.",
    S.ASSESSMENT_COMPLETED: "We check your documents and approve the connection.",
    S.APPROVED: "A technician installs the meter and switches the power on.",
}
Answer = Callable[[Application], str]
PanelContext = Callable[[Application], dict[str, Any]]
_answers: list[Answer] = []
_panels: list[tuple[int, str, PanelContext]] = []
_words = {
    "application.scheduled": "Order received",
    "application.assessment_completed": "Premises assessed",
    "application.approved": "Application approved",
    "application.connection_established": "Power is on",
    "application.cancelled": "Order cancelled",
    "application.failed": "Application not accepted",
    "application.amended": "Order changed",
    "document.submitted": "Received: {subject}",
    "document.verified": "Accepted: {subject}",
    "document.rejected": "Not accepted: {subject}",
    "document.expired": "No longer valid: {subject}",
    "document.waived": "Not needed any more: {subject}",
}


def answer(function: Answer) -> Answer:
    """A room's better first line for an application, or "" where it has none."""
    _answers.append(function)
    return function


def panel(position: int, template: str) -> Callable[[PanelContext], PanelContext]:
    """A room's part of the page: `template` with the context that the function gives; {} leaves it out."""

    def register(function: PanelContext) -> PanelContext:
        _panels.append((position, template, function))
        return function

    return register


def name_events(words: dict[str, str]) -> None:
    """A room's own events as the applicant reads them; `{subject}` is the event's subject."""
    _words.update(words)


@dataclass(frozen=True)
class NextStep:
    who: str
    what: str
    is_applicant: bool = False


def first_line(application: Application) -> str:
    """The answer to the question that the applicant comes with."""
    if application.fulfillment_state in OPEN_STATES:
        if wanted(application):
            return "We need something from you"
        for ask in _answers:
            if words := ask(application):
                return words
    return ANSWERS[S(application.fulfillment_state)]


def next_step(application: Application) -> NextStep | None:
    """What comes next and who has the ball; None when everything is over."""
    state = application.fulfillment_state
    if state == S.DRAFT:
        return NextStep("You", "Finish the order in the app where you began it.", is_applicant=True)
    if state not in OPEN_STATES:
        return None
    papers = wanted(application)
    if papers:
        names = ", ".join(document.name for document in papers)
        return NextStep("You", f"Send us: {names}.", is_applicant=True)
    hold = next((hold for hold in application.holds.all() if hold.closed_at is None), None)
    if hold:
        is_applicant = hold.ball == Ball.APPLICANT
        return NextStep("You" if is_applicant else application.provider.name, hold.reason, is_applicant)
    return NextStep(application.provider.name, NEXT_STEPS[S(state)])


def wanted(application: Application) -> list[Document]:
    """The papers that the applicant is to hand in before anything goes on."""
    return [document for document in application.documents.all() if document.is_wanted]


def stages(application: Application) -> list[dict[str, Any]]:
    """The stage bar: each stage with whether it is reached and which is the current one."""
    order = [state for state, _ in STAGES]
    here = order.index(S(application.fulfillment_state)) if application.fulfillment_state in order else -1
    return [{"name": name, "done": n < here, "current": n == here} for n, (_, name) in enumerate(STAGES)]


def timeline(application: Application) -> list[tuple[datetime, list[tuple[datetime, str]]]]:
    """What happened, newest first, by day of the provider's time zone."""
    zone = ZoneInfo(application.provider.time_zone)
    told = [(event.at.astimezone(zone), words) for event in _events(application) if (words := in_words(event))]
    return [(entries[0][0], entries) for _, group in groupby(told, lambda e: e[0].date()) if (entries := list(group))]


def _events(application: Application) -> Iterable[Event]:
    return application.events.select_related("words").order_by("-id")[:100]


def in_words(event: Event) -> str:
    words = _words.get(event.kind, "").format(subject=event.subject)
    reason = event.data.get("reason")
    return f"{words}: {reason}" if words and reason else words


def panels(application: Application) -> list[tuple[str, dict[str, Any]]]:
    """The rooms' panels in order: template and context."""
    filled = [(template, fill(application)) for _, template, fill in sorted(_panels, key=lambda row: row[0])]
    return [(template, context) for template, context in filled if context]


def say_window(start: datetime, end: datetime | None, zone: ZoneInfo) -> str:
    """`Tuesday 12 May, 14:00–16:00`."""
    local = start.astimezone(zone)
    until = f"–{end.astimezone(zone):%H:%M}" if end else ""
    return f"{local:%A} {local.day} {local:%B}, {local:%H:%M}{until}"
