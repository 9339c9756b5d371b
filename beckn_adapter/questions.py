"""Answering what changes nothing here: many in one transaction, from the catalogue as it is kept ready."""

import json
import logging
import time
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from beckn_adapter import drain, outbox, trail
from beckn_adapter.errors import BecknError
from beckn_adapter.handlers import handle
from beckn_adapter.models import Callback, Message
from beckn_adapter.outbox import Hands
from beckn_adapter.sender import Postman
from connections.again import run_again
from connections.shelf import holding
from connections.statement import among, run

log = logging.getLogger(__name__)
QUESTIONS = ("search", "select")
HANDLED = "UPDATE beckn_adapter_message SET state = 'HANDLED', handled_at = %s WHERE id {}"
AT_ONCE = 100  # messages of which the questions are answered together
_careful = False


class Answered(NamedTuple):
    """`questions` are answered; of the answers those `in_hand` are on this process's lease, to be sent by it; `others`
    were waiting beside them, and are on a lease."""

    questions: list[Message]
    in_hand: list[Callback]
    others: list[Message]


def begin_carefully() -> None:
    """To be called in a new worker process: its first batch is worked one by one, each attempt counted beforehand.

    Who answers many in one transaction and dies of one leaves no trace: all are as they were. But whoever died has a
    successor, which gets to the same question again, counts it, and from then on it goes singly, until it is given up.
    """
    global _careful  # noqa: PLW0603 - one a process
    _careful = True


def work_some(postman: Postman | None = None) -> int:
    """Handle what is there, up to a batch of each kind; returns how many messages. The rest is for the next turn.

    The postman gets as many of the answers as he has hands for.
    """
    global _careful  # noqa: PLW0603 - one a process
    try:
        found = Answered([], [], drain.claim()) if _careful else answer_questions(postman)
        _careful = _careful and not found.others
    except Exception:  # whatever it was, each question gets a turn of its own
        log.exception("questions could not be answered together")
        found = Answered([], [], drain.claim())
    if found.others:
        work_each(found.others, postman)
    return len(found.questions) + len(found.others)


def work_each(rows: list[Message], postman: Postman | None) -> None:
    """One after the other; the answers go out together, since what goes singly costs each process on its way more."""
    hands, mine = Hands(postman.in_hand) if postman else None, []
    try:
        with holding():
            for row in rows:
                mine += drain.work(row, hands)
    finally:
        if postman and mine:
            postman.take(mine)


def answer_questions(postman: Postman | None = None) -> Answered:
    """Answer what changes nothing here, many in one transaction: their row locks are their lease."""
    began = time.time_ns()
    found = answer_together(Hands(postman.in_hand) if postman else None)
    if postman:
        postman.take(found.in_hand)  # first of all: whatever may go wrong from here on, what is in hand is sent
    ended = time.time_ns()
    with trail.lines_together():
        for row in found.questions:
            drain.tell(row, "refused" if row.error else "answered", began, ended)
    return found


@run_again
@transaction.atomic
def answer_together(hands: Hands | None) -> Answered:
    """Without hands no answer is kept in hand."""
    now = timezone.now()
    rows = drain.take(now, AT_ONCE)
    questions = [row for row in rows if _is_question(row)]
    others = drain.lease([row for row in rows if not _is_question(row)][: drain.BATCH], now)
    if not questions:
        return Answered([], [], others)
    with holding():
        callbacks = [_answer(row) for row in questions]
    first = [callback for row, callback in zip(questions, callbacks, strict=True) if not row.behind_another]
    in_hand = hands.lease(first) if hands else []
    outbox.put_all(callbacks)
    those, ids = among([row.pk for row in questions])
    run(HANDLED.format(those), [timezone.now(), ids])
    return Answered(questions, in_hand, others)


def _is_question(row: Message) -> bool:
    """It changes nothing here, and has not failed before."""
    return row.action in QUESTIONS and not row.attempts


def _answer(row: Message) -> Callback:
    request = json.loads(bytes(row.body))
    with trail.working_on(row):
        try:
            content = handle(row, request)
        except BecknError as refusal:
            content = drain.refuse(row, refusal)
            row.save(update_fields=["error"])
    return drain.write(row, request, content)
