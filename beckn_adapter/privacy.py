"""What the network's messages hold of a person: raw bodies both ways. Their ids, times and digests stay."""

import json
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from beckn_adapter.models import Attempt, Callback, Message
from connections.lifecycle import Refused, guard
from connections.models import Application
from connections.privacy.rooms import Part, counts_messages, erases, exports, rows_of, sweeps_messages
from connections.queues import as_text


@exports("messages")
def message_rows(application: Application) -> Any:
    """Each message with its body as it was read; the buyer app's signature is no person's."""
    return {
        "in": [_with_body(row) for row in rows_of(messages_of(application), "signature", "digest")],
        "out": [_with_body(row) for row in rows_of(Callback.objects.filter(application=application))],
    }


def messages_of(application: Application) -> QuerySet[Message]:
    """The application's own, and those of its transaction that came before there was an application."""
    thread = getattr(application, "conversation", None)
    own = Message.objects.filter(application=application)
    if thread is None:
        return own
    return own | Message.objects.filter(bap_id=thread.bap_id, transaction_id=thread.transaction_id)


def _with_body(row: dict[str, Any]) -> dict[str, Any]:
    raw = bytes(row["body"])
    try:
        body = json.loads(raw) if raw else None
    except (ValueError, RecursionError):
        body = raw.decode(errors="replace")
    return {**row, "body": body}


@guard("application", "erase")
def nothing_is_still_to_be_delivered(application: Application, **_: Any) -> None:
    if application.callbacks.alias(now=as_text("state")).filter(now=Callback.State.DUE).exists():
        raise Refused("messages_waiting", "A message about it is still to be delivered. Try again later.")


@erases(Part.MESSAGES)
def erase_bodies(application: Application) -> int:
    messages = messages_of(application)
    answers = Callback.objects.filter(request__in=messages) | Callback.objects.filter(application=application)
    # By id, because PostgreSQL must not look at the messages again once they are changed.
    ids = list(answers.exclude(state=Callback.State.DUE).order_by().values_list("pk", flat=True))
    count = Callback.objects.filter(pk__in=ids).update(body=b"")
    return count + messages.order_by().update(body=b"", error="")


@sweeps_messages
def delete_messages_of_no_order(before: datetime, limit: int) -> int:
    """Searches and choices that led nowhere, with their answers and tries, the oldest first; returns how many.

    Rows that somebody has in hand are passed over, and so are those whose answer is still owed.
    """
    old = _of_no_order(before).order_by("received_at")
    with transaction.atomic():
        ids = list(old.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)[:limit])
        answers = list(Callback.objects.filter(request__in=ids).order_by().values_list("pk", flat=True))
        Attempt.objects.filter(callback__in=answers)._raw_delete(using=connection.alias)
        Callback.objects.filter(pk__in=answers)._raw_delete(using=connection.alias)
        Message.objects.filter(pk__in=ids)._raw_delete(using=connection.alias)
    return len(ids)


@counts_messages
def count_messages_of_no_order(before: datetime) -> int:
    """Those that `delete_messages_of_no_order` deletes; how many."""
    return _of_no_order(before).count()


def _of_no_order(before: datetime) -> QuerySet[Message]:
    owed = Callback.objects.filter(request=OuterRef("pk"), state=Callback.State.DUE)
    old = Message.objects.filter(~Exists(owed), application=None, received_at__lt=before)
    return old.exclude(state=Message.State.RECEIVED)
