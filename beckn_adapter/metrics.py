"""What is counted as it happens (tally.py says how): a microsecond each, whatever the database does.

Labels are bounded: actions are ours, reasons and outcomes are words of our code, buyer apps are proven subscribers (the
first MOST_NAMES of them, then "other"; who proved nothing is "stranger").
"""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import datetime

from beckn_adapter import tally
from beckn_adapter.caller import Caller
from beckn_adapter.gate import ACTIONS
from beckn_adapter.models import Callback, Message

STRANGER = "stranger"
COUNTERS = {
    "messages_received": ("Messages that were acknowledged.", ("action", "bap", "kind")),
    "messages_refused": ("Messages that were refused at the door.", ("action", "bap", "reason")),
    "messages_handled": ("Messages that were worked on to their end.", ("action", "bap", "outcome")),
    "callback_attempts": ("Tries to deliver a callback.", ("action", "bap", "outcome")),
}
HISTOGRAMS = {
    "ack_seconds": ("From the request's arrival in our code to its ACK.", (0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1)),
    "answer_seconds": (
        "From the request to the callback that the buyer app acknowledged.",
        (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600),
    ),
}


def received(action: str, bap_id: str, *, kind: str, seconds: float) -> None:
    """A message was acknowledged, after `seconds`. `kind`: new, or repeated."""
    series = ("messages_received", action, tally.name_of(bap_id), kind)
    tally.add((series, 1), *_observed("ack_seconds", action, seconds))


def refused(caller: Caller, reason: str) -> None:
    """The door turned somebody away."""
    action = caller.action if caller.action in ACTIONS else tally.OTHER
    bap = tally.name_of(caller.subscriber_id) if caller.proven else STRANGER
    tally.add((("messages_refused", action, bap, reason), 1))


def handled(row: Message, outcome: str) -> None:
    """`outcome`: answered, refused (the callback carries an error), failed (nobody here could work on it)."""
    tally.add((("messages_handled", row.action, tally.name_of(row.bap_id), outcome), 1))


def attempted(row: Callback, outcome: str, asked_at: datetime | None) -> None:
    """`outcome`: delivered, refused (for good), postponed, given_up. `asked_at`: of the request that it answers."""
    series = ("callback_attempts", row.action, tally.name_of(row.bap_id), outcome)
    tally.add((series, 1))
    if outcome == "delivered" and asked_at and row.delivered_at:
        seconds = max(0.0, (row.delivered_at - asked_at).total_seconds())
        tally.add(*_observed("answer_seconds", row.action.removeprefix("on_"), seconds))


def _observed(name: str, action: str, seconds: float) -> Iterator[tuple[tally.Series, int]]:
    """Its bucket, by number, and its microseconds."""
    yield (name, action, str(bisect_left(HISTOGRAMS[name][1], seconds))), 1
    yield (name, action, "sum"), round(seconds * 1_000_000)
