"""Working the inbox: each message handled once, its change and its callback in one transaction.

Order holds within a transaction_id: a message waits while an earlier one of its transaction is unhandled.
"""

import json
import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, connection, transaction
from django.utils import timezone

from beckn_adapter import metrics, outbox, tracing, trail
from beckn_adapter.departures import UNRELEASED
from beckn_adapter.errors import BUSINESS_ERROR, BecknError
from beckn_adapter.handlers import handle
from beckn_adapter.models import Callback, Message
from beckn_adapter.outbox import Hands
from beckn_adapter.translate.context import answer_context, callback_action
from connections.again import run_again
from connections.models import Application
from connections.privacy.masking import mask_text
from connections.queues import taking_by_index
from connections.statement import among, run

log = logging.getLogger(__name__)
BATCH = 20  # messages that are handled before it is the outbox's turn
LEASE = timedelta(seconds=30)
MAX_ATTEMPTS = 5
PATIENCE = 60  # attempts, where the database and not the message is to blame
RETRY = timedelta(seconds=2)
STATE = "SELECT state FROM beckn_adapter_message WHERE id = %s "
LEND = "UPDATE beckn_adapter_message SET due_at = %s, attempts = attempts + 1 WHERE id {}"
FINISH = """
    UPDATE beckn_adapter_message SET state = %s, handled_at = %s, error = %s, application_id = %s WHERE id = %s
"""
# In the order of one index (connections/queues.py), and each row asked one thing at a time by another's order.
TAKE = """
    SELECT m.*, (
        SELECT c.id FROM beckn_adapter_callback AS c
        WHERE c.bap_id = m.bap_id AND c.transaction_id = m.transaction_id AND c.state = 'DUE' ORDER BY c.id LIMIT 1
    ) IS NOT NULL AS behind_another
    FROM beckn_adapter_message AS m
    WHERE m.state = 'RECEIVED' AND m.due_at <= %(stored)s AND (
        m.due_at <= %(now)s OR m.attempts = 0 AND EXISTS (
            SELECT 1 FROM beckn_adapter_departure AS d WHERE d.door = m.door AND d.upto > m.id
        )
    ) AND m.id = (
        SELECT e.id FROM beckn_adapter_message AS e
        WHERE e.bap_id = m.bap_id AND e.transaction_id = m.transaction_id AND e.state = 'RECEIVED' ORDER BY e.id LIMIT 1
    )
    ORDER BY m.due_at, m.id LIMIT %(limit)s
"""


def take(now: datetime, limit: int) -> list[Message]:
    """Received messages whose time has come, or whose ACK has left; the earliest of each transaction only, locked.

    Inside a transaction. `behind_another` of each says whether an earlier answer of its transaction is still owed.
    """
    lock = "FOR UPDATE OF m SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    adapt = connection.ops.adapt_datetimefield_value
    values = {"now": adapt(now), "stored": adapt(now + UNRELEASED), "limit": limit}
    with taking_by_index():
        return list(Message.objects.raw(TAKE + lock, values))


@run_again
@transaction.atomic
def claim(limit: int = BATCH) -> list[Message]:
    """Take messages on a lease."""
    now = timezone.now()
    return lease(take(now, limit), now)


def lease(rows: list[Message], now: datetime) -> list[Message]:
    """Nobody else takes these for a while."""
    if not rows:
        return rows
    those, ids = among([row.pk for row in rows])
    run(LEND.format(those), [now + LEASE, ids])
    for row in rows:
        row.attempts += 1
    return rows


def work(row: Message, hands: Hands | None = None) -> list[Callback]:
    """Handle one message. What goes wrong with it stops nobody else, and after MAX_ATTEMPTS its sender is told.

    Returns its answer if that is in these hands: leased, to be sent by this process.
    """
    began, mine = time.time_ns(), []
    with trail.working_on(row):
        try:
            if row.attempts > PATIENCE:
                raise RuntimeError("whoever worked on it never came to an end")
            answer = _answer(row, hands)
            outcome = "" if answer is None else "refused" if row.error else "answered"
            mine = [answer] if answer and answer.lease_until else []
        except Exception as problem:  # the boundary of a poisonous row
            log.exception("message %s (%s of %s) could not be handled", row.pk, row.action, row.transaction_id)
            outcome = _set_back(row, problem)
    if outcome:
        tell(row, outcome, began, time.time_ns())
    return mine


def tell(row: Message, outcome: str, began: int, ended: int) -> None:
    """A line of the log, a count and a span for one message. Times are nanoseconds since 1970."""
    with trail.working_on(row):
        log.info("handled %s: %s, %d ms", row.action, outcome, (ended - began) // 1_000_000)
    metrics.handled(row, outcome)
    tracing.handled(row, outcome, began, ended)


def _answer(row: Message, hands: Hands | None) -> Callback | None:
    """What its sender is told; nothing where it was no longer ours to end.

    A refusal takes back all that was done, and is told in a transaction of its own: refusals are few.
    """
    row.error, row.application = "", None  # of an earlier attempt, of which nothing stays
    request = json.loads(bytes(row.body))
    try:
        return _end(row, request, hands, lambda: handle(row, request))
    except BecknError as refusal:
        problem = refusal
    return _end(row, request, hands, lambda: refuse(row, problem))


@run_again
@transaction.atomic
def _end(
    row: Message, request: dict[str, Any], hands: Hands | None, write_content: Callable[[], dict[str, Any]]
) -> Callback | None:
    """Answer it with this; nothing where another worker has ended it when our lease ran out."""
    lock = "FOR UPDATE" if connection.features.has_select_for_update else ""
    ((state,),) = run(STATE + lock, [row.pk])
    if state != Message.State.RECEIVED:
        return None
    return _finish(row, request, write_content(), Message.State.HANDLED, hands)


def refuse(row: Message, refusal: BecknError) -> dict[str, Any]:
    """A refusal is an answer too; the row's `error` says which."""
    row.error = f"{refusal.code}: {refusal.message}"[:500]
    _forget_what_was_taken_back(row)
    return write_error(row.action, refusal)


def _forget_what_was_taken_back(row: Message) -> None:
    """A draft that this message opened went with everything else that it did."""
    if row.application_id and not Application.objects.filter(pk=row.application_id).exists():
        row.application = None


def _set_back(row: Message, problem: Exception) -> str:
    """ "failed" where this was its last attempt, "" where there will be another."""
    row.error = mask_text(f"{type(problem).__name__}: {problem}")[:500]
    if row.attempts < (PATIENCE if isinstance(problem, OperationalError) else MAX_ATTEMPTS):
        pause = RETRY * min(row.attempts, MAX_ATTEMPTS)
        Message.objects.filter(pk=row.pk, state="RECEIVED").update(due_at=timezone.now() + pause, error=row.error)
        return ""
    _forget_what_was_taken_back(row)
    apology = BecknError(BUSINESS_ERROR, "The provider could not work on this message. Ask its support.")
    try:
        with transaction.atomic():
            _finish(row, json.loads(bytes(row.body)), write_error(row.action, apology), Message.State.FAILED)
    except (ValueError, KeyError):
        log.exception("of message %s nobody can be told: its context can not be read", row.pk)
        run(FINISH, [Message.State.FAILED, timezone.now(), row.error, row.application_id, row.pk])
    return "failed"


def write_error(action: str, error: BecknError) -> dict[str, object]:
    """A callback that carries an error carries no message, but for on_rating, where core 1.1.0 insists on one."""
    return {"message": {}, "error": error.as_json()} if action == "rating" else {"error": error.as_json()}


def _finish(
    row: Message, request: dict[str, Any], content: dict[str, Any], state: str, hands: Hands | None = None
) -> Callback:
    answer = write(row, request, content)
    if hands and not row.behind_another:
        outbox.put_in_hand(answer, hands)
    else:
        outbox.put_all([answer])
    row.state, row.handled_at = state, timezone.now()
    run(FINISH, [row.state, row.handled_at, row.error, row.application_id, row.pk])
    return answer


def write(row: Message, request: dict[str, Any], content: dict[str, Any]) -> Callback:
    context = answer_context(request["context"], action=callback_action(row.action), now=timezone.now())
    return outbox.write(context, content, request=row, application=row.application)
