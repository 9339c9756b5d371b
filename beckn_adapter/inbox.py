"""The inbox: a message is stored, once, before it is acknowledged."""

from datetime import datetime, timedelta
from typing import Literal

from django.conf import settings
from django.db import connection
from django.utils import timezone

from beckn_adapter import signing
from beckn_adapter.gate import Admitted
from beckn_adapter.models import Message

Outcome = Literal["stored", "repeated", "conflict"]

# One statement, one round trip, in a transaction of its own; the unique key, not a look-up, decides who was first.
INSERT = """
    INSERT INTO beckn_adapter_message
        (bap_id, transaction_id, action, message_id, bap_uri, body, digest, signature, via,
         state, attempts, due_at, error, received_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 'RECEIVED', 0, %s, '', %s)
    ON CONFLICT (bap_id, transaction_id, action, message_id) DO NOTHING
    RETURNING id
"""


def store(admitted: Admitted, body: bytes) -> Outcome:
    """Keep the raw bytes. The same message again is `repeated`; the same id with other content is a `conflict`."""
    context = admitted.context
    key = (context["bap_id"], context["transaction_id"], context["action"], context["message_id"])
    body_digest = signing.digest(body)
    now = timezone.now()
    values = (context["bap_uri"].rstrip("/"), body, body_digest, admitted.signature, admitted.via)
    if _insert((*key, *values, now, now)):
        return "stored"
    known = Message.objects.filter(bap_id=key[0], transaction_id=key[1], action=key[2], message_id=key[3]).get()
    if known.digest != body_digest:
        return "conflict"
    answer_again(known, now)
    return "repeated"


def _insert(values: tuple[str | bytes | datetime, ...]) -> bool:
    with connection.cursor() as cursor:
        adapt = connection.ops.adapt_datetimefield_value
        cursor.execute(INSERT, [adapt(value) if isinstance(value, datetime) else value for value in values])
        return cursor.fetchone() is not None


def answer_again(message: Message, now: datetime) -> None:
    """Send the stored answer once more: the buyer app asks again, so perhaps it never got it.

    What was erased when its time was over is not told again.
    """
    message.callbacks.exclude(state="DUE").exclude(body=b"").update(
        state="DUE",
        due_at=now + timedelta(milliseconds=settings.BECKN_ACK_HEADSTART_MS),
        give_up_at=now + timedelta(seconds=settings.BECKN_CALLBACK_MIN_LIFE),
    )
