"""Erasing: an application's person by request, or a part of what is held when its time is over.

The books and the chain stay: amounts, numbers, dates, states, and the seals of words that are gone. A row is never
deleted but the words of events and what has no other meaning than its file.
"""

from django.db import transaction
from django.utils import timezone

from connections.actors import Actor
from connections.lifecycle import Refused, ask_guards, record
from connections.models import Application
from connections.privacy.rooms import Part, erase_part
from connections.vocabulary import OPEN_STATES

MARKS = {Part.FILES: "files_erased_at", Part.MESSAGES: "messages_erased_at", Part.PERSON: "erased_at"}
EVENTS = {Part.FILES: "files_erased", Part.MESSAGES: "messages_erased", Part.PERSON: "erased"}


@transaction.atomic
def erase_application(application: Application, *, reason: str, actor: Actor) -> bool:
    """Erase all that is held of the person of one application; False if it is erased already.

    Raises `Refused`: `still_open` while the order is under way, and what the rooms' guards say (money still owed,
    messages still to be delivered).
    """
    locked = _lock(application)
    if locked.erased_at:
        return False
    for part in (Part.FILES, Part.MESSAGES):
        if getattr(locked, MARKS[part]) is None:
            _erase(locked, part)
    _erase(locked, Part.PERSON)
    record(locked, EVENTS[Part.PERSON], actor=actor, reason=reason)
    return True


@transaction.atomic
def erase_one_part(application: Application, part: Part, *, actor: Actor) -> bool:
    """Erase the files or the messages alone; False if they are erased already. Raises `Refused` as above."""
    locked = _lock(application)
    if locked.erased_at or getattr(locked, MARKS[part]):
        return False
    _erase(locked, part)
    record(locked, EVENTS[part], actor=actor)
    return True


def _lock(application: Application) -> Application:
    locked = Application.objects.select_for_update().get(pk=application.pk)
    if locked.fulfillment_state in OPEN_STATES:
        raise Refused("still_open", f"{locked.number} is still open: it can be erased when it has ended.")
    ask_guards(locked, "erase")
    return locked


def _erase(locked: Application, part: Part) -> None:
    erase_part(locked, part)
    setattr(locked, MARKS[part], timezone.now())
    locked.save(update_fields=[MARKS[part]])
