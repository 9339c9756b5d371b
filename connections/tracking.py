"""What the applicant's tracking page says. Rooms add what they know: an answer for its first line, a panel, words.

Pure of HTTP; times are told in the provider's time zone.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from connections.models import Application, Document, Event, Hold
from connections.promises import due_of, open_waits, say_day, say_left
from connections.vocabulary import COUNTER, OPEN_STATES, ApplicationState, Ball

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
Panel = tuple[str, dict[str, Any]]
FIRST_PANELS = 15
_answers: list[Answer] = []
_happening: list[Answer] = []
_panels: list[tuple[int, str, PanelContext]] = []
_words = {
    "application.scheduled": "Order received",
    "application.assessment_completed": "Premises assessed",
    "application.approved": "Application approved",
    "application.connection_established": "Power is on",
    "application.cancelled": "Order cancelled",
    "application.failed": "Application not accepted",
    "application.amended": "Order changed",
    "application.held": "On hold",
    "application.released": "It goes on",
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


def happening(function: Answer) -> Answer:
    """What goes on at this moment, or "": it comes before whatever is wanted of the applicant."""
    _happening.append(function)
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
    """Who has the ball, what they are to do, by when (a sentence, "" where nobody can say), and if that has passed."""

    who: str
    what: str
    is_applicant: bool = False
    by: str = ""
    is_late: bool = False


@dataclass(frozen=True)
class Entry:
    """A line of the timeline: the time on the provider's clock, the same for machines (ISO 8601), and what happened."""

    time: str
    at: str
    words: str


def first_line(application: Application) -> str:
    """The answer to the question that the applicant comes with."""
    if application.fulfillment_state in OPEN_STATES:
        for ask in _happening:
            if words := ask(application):
                return words
        hold = hold_of(application)
        if hold and hold.ball == Ball.APPLICANT and not hold.about:
            return "Your application waits for you"
        if papers := wanted(application):
            return f"We need {_papers_in_words(papers)} from you"
        if waits := open_waits(application):
            return waits[0].what.rstrip(".")
        for ask in _answers:
            if words := ask(application):
                return words
    return ANSWERS[S(application.fulfillment_state)]


def _papers_in_words(papers: list[Document]) -> str:
    return f"your {papers[0].name}" if len(papers) == 1 else f"{len(papers)} documents"


def next_step(application: Application) -> NextStep | None:
    """What comes next, who has the ball and by when; None when everything is over."""
    state = application.fulfillment_state
    if state == S.DRAFT:
        return _to_finish_a_draft(application)
    if state not in OPEN_STATES:
        waits = open_waits(application)
        return NextStep("You", waits[0].what, is_applicant=True) if waits else None
    papers, hold = wanted(application), hold_of(application)
    asked = [hold.reason] if hold and hold.ball == Ball.APPLICANT and not (hold.about and papers) else []
    if papers:
        asked.append(_send_us(papers))
    if asked:
        return NextStep("You", " ".join(asked), is_applicant=True)
    if hold:
        return NextStep(application.provider.name, hold.reason)
    if waits := open_waits(application):
        return NextStep("You", waits[0].what, is_applicant=True)
    by, is_late = by_when(application)
    return NextStep(application.provider.name, NEXT_STEPS[S(state)], by=by, is_late=is_late)


def _to_finish_a_draft(application: Application) -> NextStep:
    """What the counter took, the utility itself makes an order of; a buyer app's draft is finished there."""
    papers = wanted(application)
    if application.source != COUNTER:
        return NextStep("You", "Finish the order in the app where you began it.", is_applicant=True)
    if papers:
        return NextStep("You", _send_us(papers), is_applicant=True)
    return NextStep(application.provider.name, "We check your application and make an order of it.")


def _send_us(papers: list[Document]) -> str:
    return f"Send us: {', '.join(document.name for document in papers)}."


def by_when(application: Application) -> tuple[str, bool]:
    """By when the utility has done what comes next, as a sentence, and whether that day has passed."""
    due = due_of(application)
    if due is None:
        return "", False
    if due.is_late:
        return f"This should have been done by {say_day(due.day)}: we are late.", True
    return f"By {say_day(due.day)} ({say_left(due)}).", False


def hold_of(application: Application) -> Hold | None:
    """The open hold, a person's before one that a rule set about a document."""
    still_open = (hold for hold in application.holds.all() if hold.closed_at is None)
    return min(still_open, key=lambda hold: bool(hold.about), default=None)


def wanted(application: Application) -> list[Document]:
    """The papers that the applicant is to hand in before anything goes on."""
    return [document for document in application.documents.all() if document.is_wanted]


def stage_in_words(application: Application) -> str:
    """`Step 2 of 5: Visit`; "" for what is no order, or has ended before the power was on."""
    order = [state for state, _ in STAGES]
    state = application.fulfillment_state
    if state not in order:
        return ""
    here = order.index(S(state))
    return f"Step {here + 1} of {len(STAGES)}: {STAGES[here][1]}"


def stages(application: Application) -> list[dict[str, Any]]:
    """The stage bar: each stage with whether it is reached and which is the current one."""
    order = [state for state, _ in STAGES]
    here = order.index(S(application.fulfillment_state)) if application.fulfillment_state in order else -1
    return [{"name": name, "done": n < here, "current": n == here} for n, (_, name) in enumerate(STAGES)]


def timeline(application: Application) -> list[tuple[str, list[Entry]]]:
    """What happened, newest first, by day; days and times are the provider's."""
    zone = application.provider.zone
    told = [(event.at.astimezone(zone), words) for event in _events(application) if (words := in_words(event))]
    return [
        (f"{say_day(day)} {day.year}", [Entry(f"{at:%H:%M}", at.isoformat(), words) for at, words in entries])
        for day, entries in groupby(told, lambda entry: entry[0].date())
    ]


def _events(application: Application) -> Iterable[Event]:
    return application.events.select_related("words").order_by("-id")[:100]


def in_words(event: Event) -> str:
    """Empty for what another event tells: a hold about papers begins and ends with the papers' own lines."""
    if event.data.get("about"):
        return ""
    words = _words.get(event.kind, "").format(subject=event.subject)
    reason = event.data.get("reason")
    return f"{words}: {reason}" if words and reason else words


def panels(application: Application) -> tuple[list[Panel], list[Panel]]:
    """The rooms' panels in order, template and context: those that belong to the answer (before FIRST_PANELS), and
    those that stand below what comes next."""
    filled = [(at, template, fill(application)) for at, template, fill in sorted(_panels, key=lambda row: row[0])]
    above = [(template, context) for at, template, context in filled if context and at < FIRST_PANELS]
    below = [(template, context) for at, template, context in filled if context and at >= FIRST_PANELS]
    return above, below


def say_window(start: datetime, end: datetime | None, zone: ZoneInfo) -> str:
    """`Tuesday 12 May, 14:00–16:00`."""
    local = start.astimezone(zone)
    until = f"–{end.astimezone(zone):%H:%M}" if end else ""
    return f"{say_day(local)}, {local:%H:%M}{until}"


def say_zone(zone: ZoneInfo, at: datetime) -> str:
    """`Los Angeles time (PDT)`, `Kolkata time (IST)`; an offset for a zone without letters."""
    city = zone.key.rpartition("/")[2].replace("_", " ")
    return f"{city} time ({at.astimezone(zone):%Z})"
