"""Working the inbox: each message handled once, its change and its callback in one transaction.

Order holds within a transaction_id: a message waits while an earlier one of its transaction is unhandled.
"""

import json
import logging
import time
from datetime import timedelta

from django.db import OperationalError, transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from beckn_adapter import metrics, outbox, tracing, trail
from beckn_adapter.circuit import is_past
from beckn_adapter.errors import BUSINESS_ERROR, BecknError
from beckn_adapter.handlers import handle
from beckn_adapter.models import Message
from beckn_adapter.translate.context import answer_context, callback_action
from connections.again import run_again
from connections.models import Application
from connections.privacy.masking import mask_text

log = logging.getLogger(__name__)
BATCH = 50
LEASE = timedelta(seconds=30)
MAX_ATTEMPTS = 5
PATIENCE = 60  # attempts, where the database and not the message is to blame
RETRY = timedelta(seconds=2)


@run_again
def claim(limit: int = BATCH) -> list[Message]:
    """Take received messages on a lease, the earliest of each transaction only."""
    now = timezone.now()
    earlier = Message.objects.filter(
        bap_id=OuterRef("bap_id"), transaction_id=OuterRef("transaction_id"), state="RECEIVED", id__lt=OuterRef("id")
    )
    with transaction.atomic():
        rows = list(
            Message.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(is_past("due_at", now), ~Exists(earlier), state="RECEIVED")
            .order_by("id")[:limit]
        )
        Message.objects.filter(pk__in=[row.pk for row in rows]).update(due_at=now + LEASE, attempts=F("attempts") + 1)
    for row in rows:
        row.attempts += 1
    return rows


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
            ended = time.time_ns()
            log.info("handled %s: %s, %d ms", row.action, outcome, (ended - began) // 1_000_000)
            metrics.handled(row, outcome)
            tracing.handled(row, outcome, began, ended)


@run_again
@transaction.atomic
def _work(row: Message) -> str:
    """How it ended: answered, or refused by a callback with an error; "" where it was no longer ours to end."""
    locked = Message.objects.select_for_update().get(pk=row.pk)
    if locked.state != Message.State.RECEIVED:  # another worker finished it when our lease ran out
        return ""
    _answer(locked)
    return "refused" if locked.error else "answered"


def _answer(row: Message) -> None:
    row.error = ""  # of an earlier attempt
    request = json.loads(bytes(row.body))
    try:
        with transaction.atomic():
            content = handle(row, request)
    except BecknError as refusal:
        row.error = f"{refusal.code}: {refusal.message}"[:500]
        content = write_error(row.action, refusal)
        if row.application_id and not Application.objects.filter(pk=row.application_id).exists():
            row.application = None  # it was taken back with everything else
    _finish(row, request, content, Message.State.HANDLED)


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


def _finish(row: Message, request: dict[str, dict[str, str]], content: dict[str, object], state: str) -> None:
    now = timezone.now()
    context = answer_context(request["context"], action=callback_action(row.action), now=now)
    outbox.put(context, content, request=row, application=row.application)
    row.state, row.handled_at = state, now
    row.save(update_fields=["state", "handled_at", "error", "application"])
