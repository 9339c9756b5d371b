"""Working the inbox: each message handled once, its change and its callback in one transaction.

Order holds within a transaction_id: a message waits while an earlier one of its transaction is unhandled.
"""

import json
import logging
import time
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from beckn_adapter import metrics, outbox, tracing, trail
from beckn_adapter.departures import UNRELEASED
from beckn_adapter.errors import BUSINESS_ERROR, BecknError
from beckn_adapter.handlers import handle
from beckn_adapter.models import Callback, Departure, Message
from beckn_adapter.translate.context import answer_context, callback_action
from connections.again import run_again
from connections.models import Application
from connections.privacy.masking import mask_text
from connections.queues import first_of, taking_by_index
from connections.shelf import holding

log = logging.getLogger(__name__)
BATCH = 20  # messages that are handled before it is the outbox's turn
QUESTIONS = ("search", "select")
AT_ONCE = 100  # messages of which the questions are answered together
LEASE = timedelta(seconds=30)
MAX_ATTEMPTS = 5
PATIENCE = 60  # attempts, where the database and not the message is to blame
RETRY = timedelta(seconds=2)


def work_some() -> int:
    """Handle what is there, up to a batch of each kind; returns how many messages. The rest is for the next turn."""
    try:
        answered, rows = answer_questions()
    except Exception:  # whatever it was, each question gets a turn of its own
        log.exception("questions could not be answered together")
        answered, rows = 0, claim()
    if rows:
        with holding():
            for row in rows:
                work(row)
    return answered + len(rows)


def waiting(now: datetime) -> QuerySet[Message]:
    """Received messages whose time has come, or whose ACK has left; the earliest of each transaction only, locked."""
    received = Message.objects.filter(
        bap_id=OuterRef("bap_id"), transaction_id=OuterRef("transaction_id"), state="RECEIVED"
    )
    left = Exists(Departure.objects.filter(door=OuterRef("door"), upto__gt=OuterRef("id")))
    return (
        Message.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(Q(due_at__lte=now) | Q(left, attempts=0), id=first_of(received))
        .filter(state="RECEIVED", due_at__lte=now + UNRELEASED)
        .order_by("due_at", "id")
    )


@run_again
@transaction.atomic
def claim(limit: int = BATCH) -> list[Message]:
    """Take messages on a lease."""
    now = timezone.now()
    with taking_by_index():
        rows = list(waiting(now)[:limit])
    return _lease(rows, now)


def _lease(rows: list[Message], now: datetime) -> list[Message]:
    Message.objects.filter(pk__in=[row.pk for row in rows]).update(due_at=now + LEASE, attempts=F("attempts") + 1)
    for row in rows:
        row.attempts += 1
    return rows


def answer_questions() -> tuple[int, list[Message]]:
    """Answer what changes nothing here, many in one transaction: their row locks are their lease.

    Returns how many, and what else was waiting beside them, up to a batch of it, on a lease.
    """
    began = time.time_ns()
    questions, others = _answer_together()
    ended = time.time_ns()
    for row in questions:
        _tell(row, "refused" if row.error else "answered", began, ended)
    return len(questions), others


@run_again
@transaction.atomic
def _answer_together() -> tuple[list[Message], list[Message]]:
    now = timezone.now()
    with taking_by_index():
        rows = list(waiting(now)[:AT_ONCE])
    questions = [row for row in rows if _is_question(row)]
    others = _lease([row for row in rows if not _is_question(row)][:BATCH], now)
    with holding():
        callbacks = [_answer_question(row) for row in questions]
    outbox.put_all(callbacks)
    handled = {"state": Message.State.HANDLED, "handled_at": timezone.now()}
    Message.objects.filter(pk__in=[row.pk for row in questions]).update(**handled)
    return questions, others


def _is_question(row: Message) -> bool:
    """It changes nothing here, and has not failed before."""
    return row.action in QUESTIONS and not row.attempts


def _answer_question(row: Message) -> Callback:
    request = json.loads(bytes(row.body))
    with trail.working_on(row):
        try:
            content = handle(row, request)
        except BecknError as refusal:
            content = _refuse(row, refusal)
            row.save(update_fields=["error"])
    return _write(row, request, content)


def work(row: Message) -> None:
    """Handle one message. What goes wrong with it stops nobody else, and after MAX_ATTEMPTS its sender is told."""
    began = time.time_ns()
    with trail.working_on(row):
        try:
            outcome = _work(row)
        except Exception as problem:  # the boundary of a poisonous row
            log.exception("message %s (%s of %s) could not be handled", row.pk, row.action, row.transaction_id)
            outcome = _set_back(row, problem)
    if outcome:
        _tell(row, outcome, began, time.time_ns())


def _tell(row: Message, outcome: str, began: int, ended: int) -> None:
    """A line of the log, a count and a span for one message. Times are nanoseconds since 1970."""
    with trail.working_on(row):
        log.info("handled %s: %s, %d ms", row.action, outcome, (ended - began) // 1_000_000)
    metrics.handled(row, outcome)
    tracing.handled(row, outcome, began, ended)


@run_again
@transaction.atomic
def _work(row: Message) -> str:
    """How it ended: answered, or refused by a callback with an error; "" where it was no longer ours to end."""
    state = Message.objects.select_for_update().values_list("state", flat=True).get(pk=row.pk)
    if state != Message.State.RECEIVED:  # another worker finished it when our lease ran out
        return ""
    row.error, row.application = "", None  # of an earlier attempt, of which nothing stays
    request = json.loads(bytes(row.body))
    try:
        with transaction.atomic():
            content = handle(row, request)
    except BecknError as refusal:
        content = _refuse(row, refusal)
    _finish(row, request, content, Message.State.HANDLED)
    return "refused" if row.error else "answered"


def _refuse(row: Message, refusal: BecknError) -> dict[str, Any]:
    """A refusal is an answer too; the row's `error` says which."""
    row.error = f"{refusal.code}: {refusal.message}"[:500]
    if row.application_id and not Application.objects.filter(pk=row.application_id).exists():
        row.application = None  # it was taken back with everything else
    return write_error(row.action, refusal)


def _set_back(row: Message, problem: Exception) -> str:
    """ "failed" where this was its last attempt, "" where there will be another."""
    row.error = mask_text(f"{type(problem).__name__}: {problem}")[:500]
    if row.attempts < (PATIENCE if isinstance(problem, OperationalError) else MAX_ATTEMPTS):
        pause = RETRY * min(row.attempts, MAX_ATTEMPTS)
        Message.objects.filter(pk=row.pk, state="RECEIVED").update(due_at=timezone.now() + pause, error=row.error)
        return ""
    apology = BecknError(BUSINESS_ERROR, "The provider could not work on this message. Ask its support.")
    with transaction.atomic():
        _finish(row, json.loads(bytes(row.body)), write_error(row.action, apology), Message.State.FAILED)
    return "failed"


def write_error(action: str, error: BecknError) -> dict[str, object]:
    """A callback that carries an error carries no message, but for on_rating, where core 1.1.0 insists on one."""
    return {"message": {}, "error": error.as_json()} if action == "rating" else {"error": error.as_json()}


def _finish(row: Message, request: dict[str, Any], content: dict[str, Any], state: str) -> None:
    outbox.put_all([_write(row, request, content)])
    row.state, row.handled_at = state, timezone.now()
    row.save(update_fields=["state", "handled_at", "error", "application"])


def _write(row: Message, request: dict[str, Any], content: dict[str, Any]) -> Callback:
    context = answer_context(request["context"], action=callback_action(row.action), now=timezone.now())
    return outbox.write(context, content, request=row, application=row.application)
