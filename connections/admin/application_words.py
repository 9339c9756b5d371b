"""What the buttons of an application say, and who has the ball."""

from collections.abc import Callable
from enum import StrEnum, auto
from typing import Any, NamedTuple

from connections.admin.applicants_page import way_to_the_applicant
from connections.admin.lifecycle_admin import Words
from connections.admin.look import APPLICATION_TONES, STATUS_TONES
from connections.models import Application, Hold
from connections.promises import due_of, is_near, say_day, say_left
from connections.vocabulary import COUNTER, OPEN_STATES, ApplicationState, ConnectionStatus

S = ApplicationState
APPLICATION_WORDS = {
    "schedule": Words(
        "Submit the order",
        "The draft becomes an order and gets its number. The visit to the premises is put on the list of visits.",
        "submitted.",
    ),
    "approve": Words(
        "Approve",
        "The utility agrees to connect these premises. It is refused while a document is not verified, money that is"
        " due before the work is not paid, or the application is on hold.",
        "approved.",
    ),
    "cancel": Words(
        "Cancel the order",
        "There will be no connection. Open visits are called off, and what came in beyond the fee is due back."
        " This can not be undone.",
        "cancelled.",
        grave=True,
    ),
    "fail": Words(
        "Reject the application",
        "The utility will not connect these premises. Open visits are called off. This can not be undone.",
        "rejected.",
        grave=True,
    ),
}
NEXT_STEP: dict[str, str] = {
    S.DRAFT: "You: check it with the applicant, then submit the order.",
    S.SCHEDULED: "You: put a technician on the assessment visit.",
    S.TECHNICIAN_ASSIGNED: "The technician: assess the premises.",
    S.ASSESSMENT_COMPLETED: "You: check documents and payments, then approve or reject.",
    S.APPROVED: "The technician: install the meter and switch on.",
    S.CONNECTION_ESTABLISHED: "Nobody: power is on.",
    S.CANCELLED: "Nobody: the order is cancelled.",
    S.FAILED: "Nobody: the application was rejected.",
}


class NextStep(NamedTuple):
    """What comes next, in words that begin with who does it; the button that leads there for whoever `needs` allows."""

    words: str
    button: str = ""
    address: str = ""
    needs: tuple[str, ...] = ()


_next_steps: list[Callable[[Application], NextStep | None]] = []


def knows_next_step(function: Callable[[Application], NextStep | None]) -> Callable[[Application], NextStep | None]:
    """A room's better word on who has the ball in an order under way, or None: asked before the table above."""
    _next_steps.append(function)
    return function


def next_step(application: Application) -> NextStep:
    holds, state = open_holds(application), application.fulfillment_state
    if holds:
        return NextStep(f"{holds[0].get_ball_display()}: the application is on hold.")
    if state == S.DRAFT and application.source != COUNTER:
        return NextStep(f"The buyer app: {application.source} has not confirmed this draft yet.")
    if state in OPEN_STATES:
        for ask in _next_steps:
            if known := ask(application):
                return known
    return NextStep(NEXT_STEP[state])


def application_panel(application: Application, *, in_full: bool) -> dict[str, Any]:
    """State and connection status, who acts next, and what a person should know first; the way to the applicant's page
    for those who may see the person `in_full`."""
    state, status = application.fulfillment_state, application.connection_status
    badges = [
        (application.get_fulfillment_state_display(), APPLICATION_TONES[state], state),
        (f"Connection: {status.label}", STATUS_TONES[status], status.value),
    ]
    holds = open_holds(application)
    facts = [
        ("Next", next_step(application).words),
        *whose(application),
    ]
    if in_full and application.erased_at is None:
        facts.append(("Applicant's page", way_to_the_applicant(application)))
    if due := due_of(application):
        facts.insert(1, ("Due", f"{say_day(due.day)}, {say_left(due)}"))
    if application.reason:
        facts.insert(1, ("Reason", application.reason))
    warnings = [f"On hold: {hold.reason}" for hold in holds]
    if application.erased_at:
        warnings.append("The person of this application was erased. What the books need is left.")
    if application.attention:
        warnings.append(f"Look at this: {application.attention}")
    return {"badges": badges, "facts": facts, "warnings": warnings}


def whose(application: Application) -> list[tuple[str, str]]:
    """Who asks for what, and where."""
    return [
        ("Applicant", joined(application.applicant_name, application.applicant_phone, application.applicant_email)),
        ("Premises", joined(application.address, application.postcode)),
        ("Asked for", joined(str(application.offering), load_of(application))),
    ]


class DueTone(StrEnum):
    """How near a due day is, for the colour of its badge."""

    LATE = auto()
    NEAR = auto()
    FAR = auto()


def due_label(application: Application) -> tuple[str, str] | None:
    """Tone and words of an application's due day, for the list."""
    due = due_of(application)
    if due is None:
        return None
    tone = DueTone.LATE if due.is_late else DueTone.NEAR if is_near(due) else DueTone.FAR
    return tone, f"{due.day:%a} {due.day.day} {due.day:%b}, {say_left(due)}"


def open_holds(application: Application) -> list[Hold]:
    """What an order under way waits for."""
    if application.connection_status != ConnectionStatus.ON_HOLD:
        return []
    return [hold for hold in application.holds.all() if hold.closed_at is None]


def load_of(application: Application) -> str:
    return f"{application.requested_load_kw.normalize():f} kW"


def joined(*parts: str) -> str:
    """What there is of it, with commas."""
    return ", ".join(part for part in parts if part)
