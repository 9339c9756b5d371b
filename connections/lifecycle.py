"""The one door: everything that moves, moves through `advance`.

An act that needs another room's consent or has another room's work as its consequence is declared by that room, with
`@guard` and `@consequence`, so that no path (admin, phone, network, counter) can go round it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar, cast

from django.db import models, transaction
from django_fsm import can_proceed

from connections.actors import Actor
from connections.audit.writing import append, one_act
from connections.models import Application, Document, Event
from connections.vocabulary import DocumentState

Thing = TypeVar("Thing", bound=models.Model)
Guard = Callable[..., None]
Consequence = Callable[[Any, Event, Actor], None]

_guards: dict[tuple[str, str], list[Guard]] = defaultdict(list)
_consequences: dict[str, list[Consequence]] = defaultdict(list)
_nobodys_news: set[str] = set()


class Refused(Exception):
    """An act that the rules do not allow. The text is for the person who tried; `code` is for programs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def guard(label: str, action: str) -> Callable[[Guard], Guard]:
    """Ask this function before `action` on a `label` ("application", "visit"). It raises `Refused` to say no."""

    def register(function: Guard) -> Guard:
        _guards[label, action].append(function)
        return function

    return register


def consequence(kind: str) -> Callable[[Consequence], Consequence]:
    """Run this function in the same transaction whenever an event of `kind` is recorded."""

    def register(function: Consequence) -> Consequence:
        _consequences[kind].append(function)
        return function

    return register


def tell_nobody(kinds: Iterable[str]) -> None:
    """Events of these kinds are nobody's news: they are marked as announced when they are recorded."""
    _nobodys_news.update(kinds)


def advance(thing: Thing, action: str, *, actor: Actor, **details: Any) -> Thing:
    """Lock the row, check permission and guards, make the transition, save it and record its event, all or nothing.

    Returns the row as it now is; `thing` itself is left as it was. Raises `Refused`.
    """
    with transaction.atomic():
        application = lock_application_of(thing)
        locked: Any = type(thing)._default_manager.select_for_update().get(pk=thing.pk)
        if application:
            locked.application = application  # as it was locked: nobody needs to read it again
        advance_locked(locked, action, actor=actor, **details)
    return cast(Thing, locked)


def advance_locked(locked: Any, action: str, *, actor: Actor, **details: Any) -> None:
    """The same for a row that this transaction has read under its lock: it is not read again, and moves itself.

    Raises `Refused`; then the caller's transaction, or its savepoint, takes back what was done.
    """
    method = getattr(locked, action, None)
    if method is None or not hasattr(method, "_django_fsm"):
        raise Refused("unknown_action", f"There is no action {action!r} on {locked._meta.verbose_name}.")
    check_permission(locked, action, actor)
    known, state_field = dict(locked.__dict__), method._django_fsm.field.name
    before = known[state_field]
    if not can_proceed(method, check_conditions=False):
        state = before.replace("_", " ").lower()
        raise Refused("wrong_state", f"{locked} is {state}: it can not {action.replace('_', ' ')} now.")
    ask_guards(locked, action, **details)
    method(**details)
    locked.save(update_fields={state_field, *_changed(locked, known)})
    participle = getattr(locked, state_field).lower()
    record(locked, participle, actor=actor, came_from=before, **details)


def _changed(row: models.Model, known: dict[str, Any]) -> Iterator[str]:
    """The columns that are not as they were known, and those that tell when that was: few of an application's fifty."""
    for field in row._meta.concrete_fields:
        if getattr(field, "auto_now", False) or row.__dict__[field.attname] != known[field.attname]:
            yield field.attname


def ask_guards(thing: models.Model, action: str, **details: Any) -> None:
    """Ask everybody who has a say in this action on this thing. Raises `Refused`."""
    for ask in _guards[label_of(thing), action]:
        ask(thing, **details)


def lock_application_of(thing: models.Model) -> Application | None:
    """What belongs to an application moves under its lock, taken first: so no event tells a state that has passed, and
    no two acts wait for each other. Inside a transaction."""
    application_id = getattr(thing, "application_id", None)
    return Application.objects.select_for_update().get(pk=application_id) if application_id else None


def check_permission(thing: models.Model, action: str, actor: Actor) -> None:
    """People need the transition's permission, buyer apps may do only what is marked for the network."""
    rule = next(iter(getattr(thing, action)._django_fsm.transitions.values()))
    if actor.kind == "system" or (actor.kind == "buyer_app" and rule.custom.get("network")):
        return
    if actor.kind == "staff" and rule.permission and actor.user.has_perm(rule.permission):
        return
    raise Refused("not_allowed", f"{actor} may not {action.replace('_', ' ')} this.")


def record(thing: Any, participle: str, *, actor: Actor, is_first: bool = False, **details: Any) -> Event:
    """Write the event at the end of its chain, or as its first, and let its consequences follow.

    To be called inside a transaction, under the lock of the application, or of the thing that has none.
    """
    application: Application | None = thing.application
    event = Event(
        application=application,
        chain=chain_of(application or thing),
        kind=f"{label_of(thing)}.{participle}",
        state=application.fulfillment_state if application else "",
        subject="" if thing is application else str(thing)[:120],
        actor=str(actor),
        user=actor.user,
    )
    if event.kind in _nobodys_news:
        event.announced_at = event.at
    with one_act():
        append(event, {name: _plain(value) for name, value in details.items()}, is_first=is_first)
        for follow in _consequences[event.kind]:
            follow(thing, event, actor)
    return event


def actions_open_to(thing: Any, actor: Actor) -> list[str]:
    """The transitions that the thing's state and the actor's permissions allow; guards are asked only on `advance`."""
    field = next(f for f in thing._meta.get_fields() if hasattr(f, "get_all_transitions"))
    names = [rule.name for rule in getattr(thing, f"get_available_{field.name}_transitions")()]
    return [name for name in dict.fromkeys(names) if _is_permitted(thing, name, actor)]


def asks_reason(thing: Any, action: str) -> bool:
    rule = next(iter(getattr(thing, action)._django_fsm.transitions.values()))
    return bool(rule.custom.get("asks_reason"))


def _is_permitted(thing: models.Model, action: str, actor: Actor) -> bool:
    try:
        check_permission(thing, action, actor)
    except Refused:
        return False
    return True


def label_of(thing: models.Model) -> str:
    return str(thing._meta.model_name)


def chain_of(thing: models.Model) -> str:
    """The chain that a thing's events stand in: `application-12`, `meter-3`."""
    return f"{label_of(thing)}-{thing.pk}"


def _plain(value: Any) -> Any:
    """Details as JSON keeps them: numbers as text (no rounding), times as ISO 8601, rows as their name."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal | float | models.Model):
        return str(value)
    return value


# --- The core's own rules -------------------------------------------------------------------------------------------


@guard("application", "approve")
def every_document_is_verified(application: Application, **_: Any) -> None:
    missing = application.documents.exclude(state=DocumentState.VERIFIED).filter(waived_at=None)
    if missing:
        names = ", ".join(f"{document.name} ({document.state.lower()})" for document in missing)
        raise Refused("documents_open", f"Not every document is verified yet: {names}.")


@guard("application", "approve")
def nothing_is_on_hold(application: Application, **_: Any) -> None:
    hold = application.holds.filter(closed_at=None).first()
    if hold:
        raise Refused("on_hold", f"The application is on hold: {hold.reason}")


@guard("application", "cancel")
@guard("application", "fail")
@guard("document", "reject")
def a_reason_is_given(thing: Application | Document, *, reason: str = "", **_: Any) -> None:
    if not reason.strip():
        raise Refused("reason_missing", "Say why: the applicant will read it.")
