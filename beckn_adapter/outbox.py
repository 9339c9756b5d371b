"""The outbox: what we owe buyer apps, kept until it is delivered or past all hope.

Order holds within one transaction_id: a callback waits while an earlier one of its transaction is due.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import uniform
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from beckn_adapter.gate import read_ttl
from beckn_adapter.models import Attempt, Callback, Message

BATCH = 50
LEASE = timedelta(seconds=30)  # longer than one attempt may take: after a crash the row is due again
BACKOFF = (1, 3, 10, 30, 60, 120, 300, 600)  # seconds before each further attempt, ± 20 %, the last one for good
FINAL_STATUSES = {404, 410}


@dataclass(frozen=True)
class Result:
    """What came of one attempt. `outcome` is for a person; `retry_after` seconds if the buyer app named them."""

    callback_id: int
    at: datetime
    milliseconds: int
    status: int | None
    outcome: str
    delivered: bool = False
    final: bool = False
    retry_after: int | None = None


def put(context: dict[str, Any], content: dict[str, Any], **links: Any) -> Callback:
    """Write a callback in the transaction of the change that it tells of. `content` is `message` or `error`.

    `links`: request, event, application. A solicited callback leaves the ACK a head start.
    """
    now = timezone.now()
    request: Message | None = links.get("request")
    earliest = request.received_at + timedelta(milliseconds=settings.BECKN_ACK_HEADSTART_MS) if request else now
    life = max(read_ttl(context), timedelta(seconds=settings.BECKN_CALLBACK_MIN_LIFE))
    body = json.dumps({"context": context, **content}, ensure_ascii=False, separators=(",", ":")).encode()
    return Callback.objects.create(
        bap_id=context["bap_id"],
        transaction_id=context["transaction_id"],
        action=context["action"],
        message_id=context["message_id"],
        url=f"{context['bap_uri'].rstrip('/')}/{context['action']}",
        body=body,
        due_at=max(now, earliest),
        give_up_at=now + life,
        **links,
    )


def bury(context: dict[str, Any], outcome: str, **links: Any) -> Callback:
    """A callback that could not even be built: DEAD from the start and without a body, so that staff see it."""
    callback = put(context, {}, **links)
    callback.state, callback.body, callback.outcome = Callback.State.DEAD, b"", outcome[:300]
    callback.save(update_fields=["state", "body", "outcome"])
    return callback


def sendable() -> QuerySet[Callback]:
    """The earliest undelivered callback of each transaction: the others wait for it."""
    earlier = Callback.objects.filter(
        bap_id=OuterRef("bap_id"), transaction_id=OuterRef("transaction_id"), state="DUE", id__lt=OuterRef("id")
    )
    return Callback.objects.filter(~Exists(earlier), state="DUE").order_by("due_at")


def claim(limit: int = BATCH) -> list[Callback]:
    """Take what is due, on a lease: another worker leaves it alone until then."""
    now = timezone.now()
    with transaction.atomic():
        due = sendable().filter(due_at__lte=now)
        rows = list(due.select_for_update(skip_locked=True, of=("self",))[:limit])
        Callback.objects.filter(pk__in=[row.pk for row in rows]).update(due_at=now + LEASE)
    return rows


def next_due_in() -> float | None:
    """Seconds until the next callback is due (0 if it is overdue); None when none waits."""
    first = sendable().values_list("due_at", flat=True).first()
    return max(0.0, (first - timezone.now()).total_seconds()) if first else None


def settle(rows: list[Callback], results: list[Result]) -> None:
    """Write down what came of a batch: attempts, states, and when to try again."""
    now = timezone.now()
    by_id = {row.pk: row for row in rows}
    for result in results:
        _apply(by_id[result.callback_id], result, now)
    with transaction.atomic():
        Attempt.objects.bulk_create(
            Attempt(
                callback_id=result.callback_id,
                at=result.at,
                milliseconds=result.milliseconds,
                status=result.status,
                outcome=result.outcome,
            )
            for result in results
        )
        fields = ["state", "attempts", "due_at", "outcome", "delivered_at"]
        Callback.objects.bulk_update([by_id[result.callback_id] for result in results], fields)


def _apply(row: Callback, result: Result, now: datetime) -> None:
    row.attempts += 1
    row.outcome = result.outcome
    wait = pause_before(row.attempts, result.retry_after)
    if result.delivered:
        row.state, row.delivered_at = Callback.State.DELIVERED, now
    elif result.final or now + wait > row.give_up_at:
        row.state = Callback.State.DEAD
    else:
        row.due_at = now + wait


def pause_before(attempts: int, retry_after: int | None = None) -> timedelta:
    """How long to wait after the n-th failed attempt. The buyer app's own Retry-After counts, up to ten minutes."""
    if retry_after is not None:
        return timedelta(seconds=min(max(retry_after, 1), BACKOFF[-1]))
    base = BACKOFF[min(attempts, len(BACKOFF)) - 1]
    return timedelta(seconds=base * uniform(0.8, 1.2))  # noqa: S311 - jitter, not a secret
