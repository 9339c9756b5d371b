"""Acts of the desk that move no state: changing an order, having looked at a warning, holding and letting go."""

from collections.abc import Callable
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from connections.actors import Actor
from connections.admin.amending import AmendForm, amend
from connections.admin.lifecycle_admin import Words
from connections.admin.lifecycle_forms import ActionForm
from connections.admin.person import ERASE, MAY_ERASE, WhyForm, erase
from connections.holding import end_hold, mark_looked_at, put_on_hold
from connections.lifecycle import Refused
from connections.models import Application
from connections.privacy.access import may_see_in_full
from connections.vocabulary import OPEN_STATES, Ball


class HoldForm(ActionForm):
    reason = forms.CharField(
        label="Reason",
        max_length=300,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "autofocus": True}),
        help_text="The applicant will read it.",
        error_messages={"required": "Say what the application waits for."},
    )
    ball = forms.ChoiceField(label="Who acts next", choices=Ball.choices, widget=UnfoldAdminSelectWidget)


# Each act with the permission it needs; its button and words stand in DESK_WORDS.
DESK_ACTS: dict[str, tuple[str, Callable[..., Any]]] = {
    "amend": ("connections.change_application", amend),
    "mark_looked_at": ("connections.change_application", mark_looked_at),
    "put_on_hold": ("connections.add_hold", put_on_hold),
    "end_hold": ("connections.change_hold", end_hold),
    "erase": (MAY_ERASE, erase),
}
SHOWS_A_PERSON = {"amend"}  # its form is filled with what it changes
DESK_WORDS = {
    "amend": Words(
        "Change the order",
        "Correct what the applicant told us. The buyer app is told of the new terms.",
        "changed.",
        quiet=True,
    ),
    "mark_looked_at": Words(
        "I have looked at it",
        "The warning goes away. What it said stays in the timeline with your name.",
        "the warning is off.",
        quiet=True,
    ),
    "put_on_hold": Words(
        "Put on hold",
        "The order waits: applicant and buyer app read why, the clock stands still, and nobody can approve it.",
        "on hold.",
        quiet=True,
    ),
    "end_hold": Words("End the hold", "The application goes on from the state it is in.", "goes on."),
    "erase": ERASE,
}


# What is asked before an act; the others ask nothing.
DESK_FORMS: dict[str, type[ActionForm]] = {"amend": AmendForm, "put_on_hold": HoldForm, "erase": WhyForm}


def open_desk_acts(application: Application, user: Any) -> list[str]:
    """The acts that make sense now and that this person may do."""
    under_way = application.fulfillment_state in OPEN_STATES
    on_hold = under_way and any(hold.closed_at is None and not hold.about for hold in application.holds.all())
    sensible = {
        "amend": under_way,
        "mark_looked_at": bool(application.attention),
        "put_on_hold": under_way and not on_hold,
        "end_hold": on_hold,
        "erase": not under_way and application.erased_at is None,
    }
    return [name for name in DESK_ACTS if sensible[name] and _may(user, name)]


def _may(user: Any, act: str) -> bool:
    return user.has_perm(DESK_ACTS[act][0]) and (act not in SHOWS_A_PERSON or may_see_in_full(user))


def do_desk_act(application: Application, action: str, *, actor: Actor, **details: Any) -> None:
    """Raises `Refused`."""
    _, act = DESK_ACTS[action]
    if not _may(actor.user, action):
        raise Refused("not_allowed", f"{actor} may not {action.replace('_', ' ')} this.")
    act(application, actor=actor, **details)
