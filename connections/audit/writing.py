"""Writing an event at the end of its chain, its personal words apart from it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from secrets import token_hex
from typing import Any

from connections.audit.chain import hash_of, seal_of
from connections.models import Event, EventWords
from connections.worded import Key, Question

# Details that the books and the network need whoever the applicant was. Anything else may tell of a person: it is kept
# with the words, so that a detail which nobody thought of can be erased.
FACTS = frozenset(
    {
        "amount",
        "asked_by_applicant",
        "ball",
        "billing_cycle",
        "by",
        "came_from",
        "category",
        "distance_m",
        "initial_reading_kwh",
        "meter_serial",
        "meter_type",
        "method",
        "monthly_consumption_kwh",
        "number",
        "payment",
        "reason_code",
        "reference",
        "requested_load_kw",
        "seal_number",
        "technician",
        "value",
        "window_end",
        "window_start",
    }
)

LAST_LINK = Question(lambda: Event.objects.filter(chain=Key(0)).order_by("-number").values_list("number", "hash")[:1])

_ends: ContextVar[dict[str, tuple[int, str]] | None] = ContextVar("ends", default=None)  # by chain


@contextmanager
def one_act() -> Iterator[None]:
    """In this block, under one lock, whatever follows an event is linked to it, and nobody looks for it again."""
    begun = _ends.set({}) if _ends.get() is None else None
    try:
        yield
    finally:
        if begun:
            _ends.reset(begun)


def append(event: Event, details: dict[str, Any], *, is_first: bool = False) -> None:
    """Link the event to the last of its chain and save it. Under the lock of what the chain belongs to.

    `is_first`: the chain begins with it, so no last one is looked for. Two that wrote without the lock would collide
    on the unique number: the chain never forks.
    """
    event.facts = {name: value for name, value in details.items() if name in FACTS}
    words = {name: value for name, value in details.items() if name not in FACTS}
    salt = token_hex(16)
    if words:
        event.seal = seal_of(salt, words)
    ends = _ends.get()
    number, previous = (0, "") if is_first else (ends or {}).get(event.chain) or _end_of(event.chain)
    event.number = number + 1
    event.hash = hash_of(previous, event)
    event.save(force_insert=True)
    if ends is not None:
        ends[event.chain] = (event.number, event.hash)
    if words:
        event.words = EventWords.objects.create(event=event, salt=salt, words=words)


def _end_of(chain: str) -> tuple[int, str]:
    """Number and hash of the last event of a chain; of a chain that has none what comes before the first."""
    return next(iter(LAST_LINK(chain)), (0, ""))
