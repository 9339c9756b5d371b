"""Letting an application wait, letting it go on, and having looked at its warning: acts that move no state."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from connections.actors import Actor
from connections.lifecycle import Refused, record
from connections.models import Application, Hold
from connections.vocabulary import OPEN_STATES


@transaction.atomic
def mark_looked_at(application: Application, *, actor: Actor) -> None:
    """Take the warning off the application and keep in the timeline what it said."""
    locked = _lock(application)
    if not locked.attention:
        raise Refused("nothing_to_look_at", "There is no warning on this application any more.")
    warning, locked.attention = locked.attention, ""
    locked.save(update_fields=["attention", "updated_at"])
    record(locked, "looked_at", actor=actor, warning=warning)


@transaction.atomic
def put_on_hold(application: Application, *, reason: str, ball: str, actor: Actor) -> Hold:
    """Let an order under way wait, one hold of a person at a time. `ball` says who acts next (vocabulary.Ball)."""
    locked = _lock(application)
    if locked.fulfillment_state not in OPEN_STATES:
        raise Refused("wrong_state", "Only an order that is under way can be put on hold.")
    if _holds_of_people(locked).exists():
        raise Refused("already_on_hold", "This application is on hold already.")
    hold = Hold.objects.create(application=locked, reason=reason, ball=ball)
    record(locked, "held", actor=actor, reason=reason, ball=ball)
    return hold


@transaction.atomic
def end_hold(application: Application, *, actor: Actor) -> None:
    """Go on. What a rule put on hold (a paper that is needed again) only the rule lets go. Raises `Refused`."""
    locked = _lock(application)
    holds = list(_holds_of_people(locked))
    if not holds:
        raise Refused("not_on_hold", "Nobody holds this application: it goes on already.")
    for hold in holds:
        hold.closed_at = timezone.now()
        hold.save(update_fields=["closed_at"])
        record(locked, "released", actor=actor, reason=hold.reason)


def _holds_of_people(application: Application) -> QuerySet[Hold]:
    return application.holds.filter(closed_at=None, about="")


def _lock(application: Application) -> Application:
    return Application.objects.select_for_update().get(pk=application.pk)
