"""The inbox: a message is stored, once, before it is acknowledged, and worked once its ACK has left the house."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from beckn_adapter import signing
from beckn_adapter.gate import Admitted
from beckn_adapter.models import Message

Outcome = Literal["stored", "repeated", "conflict"]
# How long a message is kept from the workers unless its ACK is reported to have left: its web process may have died.
UNRELEASED = timedelta(seconds=2)

# One statement, one round trip, in a transaction of its own; the unique key, not a look-up, decides who was first.
INSERT = """
    INSERT INTO beckn_adapter_message
        (bap_id, transaction_id, action, message_id, bap_uri, body, digest, signature, via,
         state, attempts, due_at, error, received_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 'RECEIVED', 0, %s, '', %s)
    ON CONFLICT (bap_id, transaction_id, action, message_id) DO NOTHING
    RETURNING id
"""
RELEASE = """
    UPDATE beckn_adapter_message SET due_at = %s WHERE id IN ({}) AND state = 'RECEIVED' AND attempts = 0
    RETURNING id
"""


class Stored(NamedTuple):
    """What became of a message, and the row to `release` when its ACK has left (0 where there is none)."""

    outcome: Outcome
    row_id: int = 0


def store(admitted: Admitted, body: bytes) -> Stored:
    """Keep the raw bytes. The same message again is `repeated`; the same id with other content is a `conflict`."""
    context = admitted.context
    key = (context["bap_id"], context["transaction_id"], context["action"], context["message_id"])
    body_digest = signing.digest(body)
    now = timezone.now()
    values = (context["bap_uri"].rstrip("/"), body, body_digest, admitted.signature, admitted.via)
    row_id = _run(INSERT, (*key, *values, now + UNRELEASED, now))
    if row_id:
        return Stored("stored", row_id)
    known = Message.objects.filter(bap_id=key[0], transaction_id=key[1], action=key[2], message_id=key[3]).get()
    if known.digest != body_digest:
        return Stored("conflict")
    answer_again(known, now)
    return Stored("repeated")


def release(row_ids: Collection[int]) -> None:
    """The ACKs of these messages have left: a callback can not overtake them any more, so they may be worked."""
    _run(RELEASE.format(", ".join(["%s"] * len(row_ids))), (timezone.now(), *row_ids))


def _run(statement: str, values: tuple[str | bytes | datetime | int, ...]) -> int:
    """One statement, which may run twice; the first id that it returns, 0 if none.

    Whether the kept connection still lives is not asked first, which would be a second round trip for each message: it
    is tried, and where it had died the statement is run once more on a new one.
    """
    connection.health_check_done = True  # type: ignore[attr-defined] # Django's own note that it was asked
    try:
        return _execute(statement, values)
    except (OperationalError, InterfaceError):
        if connection.connection is None or connection.is_usable():
            raise
        connection.close()
    return _execute(statement, values)


def _execute(statement: str, values: tuple[str | bytes | datetime | int, ...]) -> int:
    adapt = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.execute(statement, [adapt(value) if isinstance(value, datetime) else value for value in values])
        row = cursor.fetchone()
    return row[0] if row else 0


def answer_again(message: Message, now: datetime) -> None:
    """Send the stored answer once more: the buyer app asks again, so perhaps it never got it.

    What was erased when its time was over is not told again.
    """
    message.callbacks.exclude(state="DUE").exclude(body=b"").update(
        state="DUE",
        due_at=now + timedelta(milliseconds=settings.BECKN_ACK_HEADSTART_MS),
        life_seconds=settings.BECKN_CALLBACK_MIN_LIFE,
        waited_seconds=0,
    )
