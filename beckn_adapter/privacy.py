"""What the network's messages hold of a person: raw bodies both ways. Their ids, times and digests stay."""

import json
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from beckn_adapter.models import Callback, Message
from connections.lifecycle import Refused, guard
from connections.models import Application
from connections.privacy.rooms import Part, erases, exports, rows_of, sweeps_messages


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
    if application.callbacks.filter(state=Callback.State.DUE).exists():
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
def erase_bodies_of_no_order(before: datetime, limit: int = 1000) -> int:
    """Searches and choices that led nowhere, with their answers, the oldest first."""
    old = Message.objects.filter(application=None, received_at__lt=before, state__in=["HANDLED", "FAILED"])
    ids = list(old.exclude(body=b"").order_by("pk").values_list("pk", flat=True)[:limit])
    Callback.objects.filter(request__in=ids).exclude(state=Callback.State.DUE).update(body=b"")
    return Message.objects.filter(pk__in=ids).update(body=b"", error="")
