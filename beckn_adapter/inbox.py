"""The inbox: a message is stored, once, before it is acknowledged, and worked once its ACK has left the house."""

from datetime import datetime, timedelta
from functools import cache
from typing import Literal, NamedTuple

from django.conf import settings
from django.utils import timezone

from beckn_adapter import departures
from beckn_adapter.departures import UNRELEASED
from beckn_adapter.gate import Admitted
from beckn_adapter.models import Message
from beckn_adapter.together import Together
from connections.statement import Value, rows_at_once, run

Outcome = Literal["stored", "repeated", "conflict"]
Row = tuple[Value, ...]  # as in ROW, the unique key first
# One statement, one round trip, in a transaction of its own, for all that come at the same moment (together.py); the
# unique key, not a look-up, decides who was first.
INSERT = """
    INSERT INTO beckn_adapter_message
        (bap_id, transaction_id, action, message_id, bap_uri, body, digest, signature, via,
         door, state, attempts, due_at, error, received_at)
    VALUES {}
    ON CONFLICT (bap_id, transaction_id, action, message_id) DO NOTHING
    RETURNING id, bap_id, transaction_id, action, message_id
"""
ROW = "(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'RECEIVED', 0, %s, '', %s)"


class Stored(NamedTuple):
    """What became of a message, and its row where it is new: when the ACK is sent, it has `left` (departures.py)."""

    outcome: Outcome
    row_id: int = 0


def store(admitted: Admitted, body: bytes) -> Stored:
    """Keep the raw bytes. The same message again is `repeated`; the same id with other content is a `conflict`."""
    context = admitted.context
    key = (context["bap_id"], context["transaction_id"], context["action"], context["message_id"])
    now = timezone.now()
    values = (context["bap_uri"].rstrip("/"), body, admitted.digest, admitted.signature, admitted.via)
    row_id = _together.put((*key, *values, departures.door.number, now + UNRELEASED, now))
    if row_id:
        return Stored("stored", row_id)
    known = Message.objects.filter(bap_id=key[0], transaction_id=key[1], action=key[2], message_id=key[3]).get()
    if known.digest != admitted.digest:
        return Stored("conflict")
    answer_again(known, now)
    return Stored("repeated")


def _insert(rows: list[Row]) -> list[int]:
    """The id of each row that is new; 0 for one whose key was there before, or stands twice among these.

    In the order of their keys, so that two processes that are sent the same never wait for each other in a circle.
    """
    ordered = sorted(rows, key=_key_of)
    found = run(_insertion(INSERT, len(rows)), [value for row in ordered for value in row])
    ids: dict[tuple[Value, ...], int] = {tuple(key): row_id for row_id, *key in found}
    departures.door.stored(ids.values())
    return [ids.pop(_key_of(row), 0) for row in rows]


@cache
def _insertion(statement: str, rows: int) -> str:
    return statement.format(", ".join([ROW] * rows))


def _key_of(row: Row) -> tuple[Value, ...]:
    return row[:4]


_together = Together(_insert, most=rows_at_once(ROW.count("%s")))


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
