"""The inbox: a message is stored, once, before it is acknowledged, and worked once its ACK has left the house."""

from datetime import datetime, timedelta
from functools import cache
from typing import Literal, NamedTuple

from django.conf import settings
from django.utils import timezone

from beckn_adapter import departures
from beckn_adapter.departures import UNRELEASED
from beckn_adapter.gate import Admitted
from beckn_adapter.together import Together
from connections.statement import Shared, Value, rows_at_once

Outcome = Literal["stored", "repeated", "conflict"]
Row = tuple[Value, ...]  # as in ROW, the unique key first
DIGEST = 6  # its place in a row
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
KNOWN = """
    SELECT id, digest FROM beckn_adapter_message
    WHERE bap_id = %s AND transaction_id = %s AND action = %s AND message_id = %s
"""
AGAIN = """
    UPDATE beckn_adapter_callback SET state = 'DUE', due_at = %s, life_seconds = %s, waited_seconds = 0
    WHERE request_id = %s AND state <> 'DUE' AND body <> %s
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
    return _together.put((*key, *values, departures.door.number, now + UNRELEASED, now))


def _insert(rows: list[Row]) -> list[Stored]:
    """What became of each row; one whose key was there before, or stands twice among these, is no new one.

    In the order of their keys, so that two processes that are sent the same never wait for each other in a circle.
    """
    ordered = sorted(rows, key=_key_of)
    found = line.run(_insertion(INSERT, len(rows)), [value for row in ordered for value in row])
    ids: dict[tuple[Value, ...], int] = {tuple(key): row_id for row_id, *key in found}
    departures.door.stored(ids.values())
    return [Stored("stored", ids.pop(_key_of(row))) if _key_of(row) in ids else _known(row) for row in rows]


def _known(row: Row) -> Stored:
    """What is said of a message whose key was there before. The same one is answered again: perhaps it never got it."""
    found = line.run(KNOWN, _key_of(row))
    if not found:  # it was thrown away this very moment
        return _insert([row])[0]
    row_id, digest = found[0]
    if digest != row[DIGEST]:
        return Stored("conflict")
    answer_again(row_id, timezone.now())
    return Stored("repeated")


@cache
def _insertion(statement: str, rows: int) -> str:
    return statement.format(", ".join([ROW] * rows))


def _key_of(row: Row) -> tuple[Value, ...]:
    return row[:4]


def answer_again(row_id: int, now: datetime) -> None:
    """Send the stored answer of this message once more. What was erased when its time was over is not told again."""
    due_at = now + timedelta(milliseconds=settings.BECKN_ACK_HEADSTART_MS)
    line.run(AGAIN, [due_at, settings.BECKN_CALLBACK_MIN_LIFE, row_id, b""])


line = Shared()  # one for all threads, since `Together` writes one statement at a time
_together = Together(_insert, most=rows_at_once(ROW.count("%s")))
