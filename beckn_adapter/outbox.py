"""The outbox: what we owe buyer apps, kept until it is delivered or past all hope.

Order holds within one transaction_id: a callback waits while an earlier one of its transaction is due. Each host gets
its share of the senders and no more, and none while its circuit is open.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import uniform
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Case, Exists, F, Min, OuterRef, Q, QuerySet, When
from django.utils import timezone

from beckn_adapter import beside, circuit, metrics, tracing, trail
from beckn_adapter.circuit import is_past
from beckn_adapter.gate import read_ttl
from beckn_adapter.models import Attempt, Callback, Message
from connections.again import run_again

log = logging.getLogger(__name__)
SENDERS = 64  # callbacks that one worker process has in hand at most
BACKOFF = (1, 3, 10, 30, 60, 120, 300, 600)  # seconds before each further attempt, ± 20 %, the last one for good


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


def put(context: dict[str, Any], content: dict[str, Any], **links: Any) -> Callback:
    """Write a callback in the transaction of the change that it tells of. `content` is `message` or `error`.

    `links`: request, event, application. A solicited callback leaves the ACK a head start.
    """
    now = timezone.now()
    request: Message | None = links.get("request")
    earliest = request.received_at + timedelta(milliseconds=settings.BECKN_ACK_HEADSTART_MS) if request else now
    body = json.dumps({"context": context, **content}, ensure_ascii=False, separators=(",", ":")).encode()
    url = f"{beside.callback_base(context['bap_uri'])}/{context['action']}"
    return Callback.objects.create(
        bap_id=context["bap_id"],
        host=urlsplit(url).netloc.lower()[-255:],
        transaction_id=context["transaction_id"],
        action=context["action"],
        message_id=context["message_id"],
        url=url,
        body=body,
        due_at=min(max(now, earliest), now + timedelta(seconds=1)),  # not later, should the clock be set back
        life_seconds=max(int(read_ttl(context).total_seconds()), settings.BECKN_CALLBACK_MIN_LIFE),
        **links,
    )


def bury(context: dict[str, Any], outcome: str, **links: Any) -> Callback:
    """A callback that could not even be built: DEAD from the start and without a body, so that staff see it."""
    callback = put(context, {}, **links)
    callback.state, callback.body, callback.outcome = Callback.State.DEAD, b"", outcome[:300]
    callback.save(update_fields=["state", "body", "outcome"])
    return callback


def lease() -> timedelta:
    """Longer than a callback may be in hand (an attempt, and a second one after a 401): then its worker has died."""
    return timedelta(seconds=2 * settings.BECKN_CALLBACK_TIMEOUT + 14)


def sendable() -> QuerySet[Callback]:
    """The earliest undelivered callback of each transaction, if nobody has it in hand: the others wait for it."""
    earlier = Callback.objects.filter(
        bap_id=OuterRef("bap_id"), transaction_id=OuterRef("transaction_id"), state="DUE", id__lt=OuterRef("id")
    )
    free = Q(lease_until=None) | is_past("lease_until", timezone.now())
    return Callback.objects.filter(~Exists(earlier), free, state="DUE").order_by("due_at", "id")


@run_again
def claim(limit: int = SENDERS, in_hand: Mapping[str, int] | None = None) -> list[Callback]:
    """Take what is due, on a lease: another worker leaves it alone until then.

    `in_hand` is what this process is sending already, by host: nobody gets more than its share together with that.
    """
    now, busy = timezone.now(), dict(in_hand or {})
    rows: list[Callback] = []
    with transaction.atomic():
        for host in circuit.take_probes(now, lease()):
            rows += _take(sendable().filter(host=host), 1, probe=True)
        hosts = _hosts_with_work(now)
        share = SENDERS // (len({*hosts, *busy}) + 1)  # one more, so that there is room for who comes next
        for host in hosts:
            wanted = min(max(share, 1) - busy.get(host, 0), limit - len(rows))
            if wanted > 0:
                rows += _take(sendable().filter(is_past("due_at", now), host=host), wanted)
        Callback.objects.filter(pk__in=[row.pk for row in rows]).update(lease_until=now + lease())
    for row in rows:
        row.lease_until = now + lease()
    return rows


def _hosts_with_work(now: datetime) -> list[str]:
    """Whose callbacks may be sent now, those who have waited longest first."""
    due = Callback.objects.filter(is_past("due_at", now), Q(lease_until=None) | is_past("lease_until", now))
    due = due.filter(state="DUE").exclude(host__in=circuit.unready_hosts())
    return list(due.values("host").annotate(first=Min("due_at")).order_by("first").values_list("host", flat=True))


def _take(rows: QuerySet[Callback], limit: int, *, probe: bool = False) -> list[Callback]:
    taken = list(rows.select_for_update(skip_locked=True, of=("self",))[:limit])
    for row in taken:
        row.is_probe = probe
    return taken


def next_due_in() -> float | None:
    """Seconds until the next callback is due (0 if it is overdue); None when none waits, or only for a probe."""
    first = sendable().exclude(host__in=circuit.unready_hosts()).values_list("due_at", flat=True).first()
    return max(0.0, (first - timezone.now()).total_seconds()) if first else None


def settle(rows: list[Callback], results: list[Result]) -> None:
    """Write down what came of a batch: attempts, states, circuits, and when to try again; then count and log it.

    A worker that was held up so long that its lease ran out may still say that something was delivered, nothing else.
    """
    if results:
        for row, result in _settle(rows, results):
            _tell(row, result)


@run_again
def _settle(rows: list[Callback], results: list[Result]) -> list[tuple[Callback, Result]]:
    now, sent = timezone.now(), {row.pk: row for row in rows}
    with transaction.atomic():
        circuit.learn([_report(sent[result.callback_id], result) for result in results if result.at_fault], now)
        locked = Callback.objects.select_for_update(of=("self",)).defer("body")
        asked_at = Case(When(delivered_at=None, then=F("request__received_at")))  # None for what is sent again
        current = locked.annotate(asked_at=asked_at).in_bulk(sorted(sent))
        kept = [result for result in results if result.callback_id in current]
        for result in kept:
            row = current[result.callback_id]
            if result.delivered or row.lease_until == sent[row.pk].lease_until:
                _apply(row, result, now)
        Attempt.objects.bulk_create(_attempt(result) for result in kept)
        fields = ["state", "attempts", "due_at", "lease_until", "waited_seconds", "outcome", "delivered_at"]
        Callback.objects.bulk_update(current.values(), fields)
    return [(current[result.callback_id], result) for result in kept]


def _tell(row: Callback, result: Result) -> None:
    """A line of the log, a count and a span for one attempt."""
    outcome = "delivered" if result.delivered else "refused" if result.final else "postponed"
    if row.state == Callback.State.DEAD and not result.final:
        outcome = "given_up"
    with trail.working_on(row):
        line = "%s %s, attempt %d, %d ms: %s"
        log.info(line, outcome, row.action, row.attempts, result.milliseconds, result.outcome)
    metrics.attempted(row, outcome, getattr(row, "asked_at", None))
    tracing.attempted(row, outcome, result.at, result.milliseconds, result.status)


def _report(row: Callback, result: Result) -> circuit.Report:
    answered = result.delivered or result.final
    return circuit.Report(row.host, answered, result.outcome, probe=row.is_probe, retry_after=result.retry_after)


def _attempt(result: Result) -> Attempt:
    return Attempt(
        callback_id=result.callback_id,
        at=result.at,
        milliseconds=result.milliseconds,
        status=result.status,
        outcome=result.outcome,
    )


def _apply(row: Callback, result: Result, now: datetime) -> None:
    row.attempts += 1
    row.outcome, row.lease_until = result.outcome, None
    wait = pause_before(row.attempts, result.retry_after)
    tried_for = row.waited_seconds + wait.total_seconds() + result.milliseconds / 1000
    if result.delivered:
        row.state, row.delivered_at = Callback.State.DELIVERED, now
    elif result.final:
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
