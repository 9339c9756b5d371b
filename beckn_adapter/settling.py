"""What came of the attempts to deliver: states, circuits and when to try again, written down for many at once."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import uniform

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from beckn_adapter import circuit, metrics, tracing, trail
from beckn_adapter.models import Callback
from connections.again import run_again
from connections.statement import among, insert, moment, run

log = logging.getLogger(__name__)
BACKOFF = (1, 3, 10, 30, 60, 120, 300, 600)  # seconds before each further attempt, ± 20 %, the last one for good

ATTEMPT = """
    INSERT INTO beckn_adapter_attempt (callback_id, at, milliseconds, status, outcome) VALUES (%s, %s, %s, %s, %s)
"""
ATTEMPT_TYPES = ("bigint", "timestamptz", "integer", "smallint", "text")
DELIVERED = """
    UPDATE beckn_adapter_callback SET state = 'DELIVERED', attempts = attempts + 1, outcome = %s, lease_until = NULL,
           delivered_at = %s WHERE id {} RETURNING id, attempts
"""
AGAIN = "SELECT id, lease_until, attempts, waited_seconds FROM beckn_adapter_callback WHERE id {} ORDER BY id "


@dataclass(frozen=True)
class Result:
    """What came of one attempt. `outcome` is for a person; `retry_after` seconds if the buyer app named them.

    `at_fault` is False where it was our own doing that nothing could be sent.
    """

    callback_id: int
    at: datetime
    milliseconds: int
    status: int | None
    outcome: str
    delivered: bool = False
    final: bool = False
    retry_after: int | None = None
    at_fault: bool = True


def settle(rows: list[Callback], results: list[Result]) -> None:
    """Write down what came of these rows: attempts, states, circuits, and when to try again; then count and log it.

    A worker that was held up so long that its lease ran out may still say that something was delivered, nothing else.
    """
    if results:
        sent = {row.pk: row for row in rows}
        kept, given_up = _settle(sent, results)
        with trail.lines_together():
            for result in kept:
                _tell(sent[result.callback_id], result)
            for row in given_up:
                _tell_given_up(row)


@run_again
@transaction.atomic
def _settle(sent: dict[int, Callback], results: list[Result]) -> tuple[list[Result], list[Callback]]:
    """Returns the results of those callbacks that are still there (the others were erased meanwhile), and what else was
    given up by what was learned of its host."""
    now = timezone.now()
    given_up = circuit.learn([_report(sent[result.callback_id], result) for result in results if result.at_fault], now)
    there = _note_delivered([result for result in results if result.delivered], sent, now)
    leases = _look_again([result for result in results if not result.delivered], sent)
    kept = [result for result in results if result.callback_id in there or result.callback_id in leases]
    tries = [(one.callback_id, one.at, one.milliseconds, one.status, one.outcome) for one in kept]
    insert(ATTEMPT, tries, ATTEMPT_TYPES)
    for result in kept:
        row = sent[result.callback_id]
        if not result.delivered and row.lease_until == leases[row.pk]:
            _put_off(row, result, now)
            changed = {name: getattr(row, name) for name in ("state", "due_at", "waited_seconds", "outcome")}
            Callback.objects.filter(pk=row.pk).update(**changed, attempts=F("attempts") + 1, lease_until=None)
    return kept, given_up


def _note_delivered(results: list[Result], sent: dict[int, Callback], now: datetime) -> set[int]:
    """In one statement for all whose reply was the same; returns which of them are still there."""
    by_outcome: dict[str, list[int]] = {}
    for result in results:
        by_outcome.setdefault(result.outcome, []).append(result.callback_id)
    there = set()
    for outcome, ids in by_outcome.items():
        those, value = among(sorted(ids))
        for pk, attempts in run(DELIVERED.format(those), [outcome, now, value]):
            sent[pk].state, sent[pk].delivered_at, sent[pk].attempts = Callback.State.DELIVERED, now, attempts
            there.add(pk)
    return there


def _look_again(results: list[Result], sent: dict[int, Callback]) -> dict[int, datetime | None]:
    """Lock these rows and take over what may have changed meanwhile; the leases of those that are still there."""
    if not results:
        return {}
    those, value = among(sorted(result.callback_id for result in results))
    lock = "FOR UPDATE" if connection.features.has_select_for_update else ""
    leases = {}
    for pk, lease, attempts, waited in run(AGAIN.format(those) + lock, [value]):
        leases[pk] = moment(lease)
        sent[pk].attempts, sent[pk].waited_seconds = attempts + 1, waited
    return leases


def _put_off(row: Callback, result: Result, now: datetime) -> None:
    """It was not delivered: when it is tried again, if it is."""
    row.state, row.outcome = Callback.State.DUE, result.outcome
    wait = pause_before(row.attempts, result.retry_after)
    tried_for = row.waited_seconds + wait.total_seconds() + result.milliseconds / 1000
    if result.final:
        row.state = Callback.State.DEAD
    elif tried_for > row.life_seconds:
        row.state = Callback.State.DEAD
        row.outcome = f"{result.outcome[:240]}; given up after {row.waited_seconds // 60} min"
    else:
        row.due_at, row.waited_seconds = now + wait, round(tried_for)


def pause_before(attempts: int, retry_after: int | None = None) -> timedelta:
    """How long to wait after the n-th failed attempt. The buyer app's own Retry-After counts, up to ten minutes."""
    if retry_after is not None:
        return timedelta(seconds=min(max(retry_after, 1), BACKOFF[-1]))
    base = BACKOFF[min(attempts, len(BACKOFF)) - 1]
    return timedelta(seconds=base * uniform(0.8, 1.2))  # noqa: S311 - jitter, not a secret


def _tell(row: Callback, result: Result) -> None:
    """A line of the log, a count and a span for one attempt."""
    outcome = "delivered" if result.delivered else "refused" if result.final else "postponed"
    if row.state == Callback.State.DEAD and not result.final:
        outcome = "given_up"
    with trail.working_on(row):
        line = "%s %s, attempt %d, %d ms: %s"
        log.info(line, outcome, row.action, row.attempts, result.milliseconds, result.outcome)
    metrics.attempted(row, outcome, row.asked_at)
    tracing.attempted(row, outcome, result.at, result.milliseconds, result.status)


def _tell_given_up(row: Callback) -> None:
    """The same for what was given up without another attempt."""
    with trail.working_on(row):
        log.info("given_up %s after %d attempts: its host does not answer", row.action, row.attempts)
    metrics.attempted(row, "given_up", None)


def _report(row: Callback, result: Result) -> circuit.Report:
    answered = result.delivered or result.final
    return circuit.Report(row.host, answered, result.outcome, probe=row.is_probe, retry_after=result.retry_after)
