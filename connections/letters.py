"""Which events are written to the applicant about, and in what words. Rooms bring the words for their own events.

An event of a kind in MAILED leaves a `Letter` in its own transaction: a row without words, so that no mistake in a
template can stop a clerk. What it says is put together later (`writing.py`), from how the order stands by then.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from connections.actors import Actor
from connections.lifecycle import consequence
from connections.models import Application, Event, Letter
from connections.promises import say_day
from connections.vocabulary import OPEN_STATES, ApplicationState, Ball, DocumentState

S = ApplicationState


@dataclass(frozen=True)
class Said:
    """What a letter tells about one event. `headline` is the answer, and the subject where nothing weightier is told.

    `facts` are rows of a small table, `action` a button's words and address (a path of this site).
    """

    headline: str
    paragraphs: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    action: tuple[str, str] | None = None


@dataclass(frozen=True)
class Kind:
    """How events of one kind are mailed: the weightiest of several gives the letter its subject, and `patience` is how
    long a letter waits for what may follow at once, or undo it."""

    words: "Words"
    weight: int
    patience: timedelta


Words = Callable[[Application, Event], Said | None]
More = Callable[[Application], Said | None]
MAILED: dict[str, Kind] = {}
NOT_MAILED: dict[str, str] = {
    "application.opened": "a draft is nobody's order yet",
    "application.revised": "a draft is nobody's order yet",
    "application.technician_assigned": "the visit's own letter tells who comes",
    "application.assessment_completed": "nothing is asked of the applicant: the page tells it, the approval follows",
    "application.released": "what ended the wait is told by itself, or was the applicant's own act",
    "application.looked_at": "a note of staff for staff",
    "application.rated": "the applicant's own word",
    "application.support_asked": "the applicant's own call",
    "application.support_answered": "whoever answered has spoken or written to them",
    "application.files_erased": "the time for keeping them is over",
    "application.messages_erased": "the time for keeping them is over",
    "application.erased": "whoever asked for it is answered by whoever did it; the address is gone",
    "document.submitted": "the form has confirmed it on the screen",
    "document.replaced": "the form has confirmed it on the screen",
    "document.verified": "nothing is asked of the applicant: the page tells it",
    "document.waived": "nothing is asked of the applicant: the page tells it",
}
_more: dict[str, list[More]] = {}


def mailed(kind: str, *, weight: int, minutes: float = 0) -> Callable[[Words], Words]:
    """Write to the applicant about events of this kind. The words are None where there is nothing to tell any more."""

    def register(words: Words) -> Words:
        MAILED[kind] = Kind(words, weight, timedelta(minutes=minutes))
        consequence(kind)(lay_down_letter)
        return words

    return register


def not_mailed(reasons: dict[str, str]) -> None:
    """A room's events that nobody is written to about, each with the reason."""
    NOT_MAILED.update(reasons)


def added_to(*kinds: str) -> Callable[[More], More]:
    """What a room adds to letters about other rooms' events: its paragraphs, facts and action."""

    def register(more: More) -> More:
        for kind in kinds:
            _more.setdefault(kind, []).append(more)
        return more

    return register


def more_about(kind: str, application: Application) -> list[Said]:
    """What the rooms add to a letter about an event of this kind."""
    return [said for more in _more.get(kind, []) if (said := more(application))]


def lay_down_letter(thing: Any, event: Event, actor: Actor) -> None:
    """A consequence of every mailed event: something is to be written; without an address to nobody."""
    application = event.application
    if application and application.applicant_email and application.fulfillment_state != S.DRAFT:
        due = timezone.now() + MAILED[event.kind].patience
        Letter.objects.create(application=application, event=event, due_at=due)


# --- The core's own -------------------------------------------------------------------------------------------------


@mailed("application.scheduled", weight=70)
def order_received(application: Application, event: Event) -> Said | None:
    if application.fulfillment_state not in OPEN_STATES:
        return None
    words = (
        f"Thank you. Under the link below you see at any time how far it is and what comes next ({_of(application)})."
    )
    return Said(f"We have received your order {application.number}", (words,))


@mailed("application.approved", weight=80)
def order_approved(application: Application, event: Event) -> Said | None:
    if application.fulfillment_state not in OPEN_STATES:
        return None
    return Said("Your application is approved", (f"We will connect {application.address}.",))


@mailed("application.connection_established", weight=90)
def power_is_on(application: Application, event: Event) -> Said:
    facts = (
        ("Consumer number", application.consumer_number or ""),
        ("Meter", application.meter_serial),
        ("First reading", f"{application.initial_reading_kwh} kWh"),
        ("Sanctioned load", f"{application.sanctioned_load_kw} kW"),
    )
    return Said("Your power is on", (f"{application.address} is connected. Keep these numbers:",), facts)


@mailed("application.cancelled", weight=100)
def order_cancelled(application: Application, event: Event) -> Said:
    return Said(f"Your order {application.number} was cancelled", _reason(application))


@mailed("application.failed", weight=100)
def order_failed(application: Application, event: Event) -> Said:
    return Said(f"We can not accept your application {application.number}", _reason(application))


@mailed("application.amended", weight=20, minutes=2)
def order_changed(application: Application, event: Event) -> Said:
    names = ", ".join(sorted(_field_words(name) for name in event.data))
    return Said("Your order was changed", (f"Changed: {names}. If this was not you, please tell us.",))


@mailed("application.held", weight=60, minutes=2)
def order_waits(application: Application, event: Event) -> Said | None:
    """A person's hold that is still open and the applicant's to end; one for papers is told with the papers."""
    holds = application.holds.filter(closed_at=None, ball=Ball.APPLICANT, about="", reason=event.data.get("reason"))
    return Said("We need something from you", (str(event.data["reason"]),)) if holds.exists() else None


@mailed("document.rejected", weight=65, minutes=3)
@mailed("document.expired", weight=65, minutes=3)
def papers_wanted_again(application: Application, event: Event) -> Said | None:
    """One letter for all papers that are wanted again, with what was wrong with each."""
    if application.fulfillment_state not in OPEN_STATES:
        return None
    wanted = [
        paper for paper in application.documents.all() if paper.is_wanted and paper.state != DocumentState.PENDING
    ]
    if not wanted:
        return None
    facts = tuple((paper.name, paper.reason or _expired(paper.expires_on)) for paper in wanted)
    headline = f"Please send us {'your ' + wanted[0].name if len(wanted) == 1 else f'{len(wanted)} documents'} again"
    return Said(headline, ("This could not be accepted:",), facts)


def _expired(day: Any) -> str:
    return f"Was valid until {say_day(day)} {day.year}" if day else "Not valid any more"


def _reason(application: Application) -> tuple[str, ...]:
    return (application.reason,) if application.reason else ()


def _of(application: Application) -> str:
    return f"{application.offering.name}, {application.address}"


def _field_words(name: str) -> str:
    return str(getattr(Application._meta.get_field(name), "verbose_name", name))
