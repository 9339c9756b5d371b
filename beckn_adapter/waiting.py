"""What waits for a worker: one cheap question, so that a look costs little where there is nothing to do."""

from typing import NamedTuple

from django.db import connection
from django.utils import timezone

from beckn_adapter.circuit import FAR

# Each reads the first entry of a partial index. What was planned FAR ahead was planned before our clock was set back.
LOOK = """
    SELECT
        EXISTS (SELECT 1 FROM beckn_adapter_message
                WHERE state = 'RECEIVED' AND (due_at <= %(now)s OR due_at > %(far)s)),
        EXISTS (SELECT 1 FROM connections_event WHERE announced_at IS NULL),
        EXISTS (SELECT 1 FROM beckn_adapter_callback
                WHERE state = 'DUE' AND (due_at <= %(now)s OR due_at > %(far)s)
                AND (lease_until IS NULL OR lease_until <= %(now)s OR lease_until > %(far)s))
        OR EXISTS (SELECT 1 FROM beckn_adapter_circuit WHERE probe_at <= %(now)s OR probe_at > %(far)s)
"""


class Waiting(NamedTuple):
    """Whether there are messages to handle, events to announce, callbacks to send or hosts to probe."""

    messages: bool
    events: bool
    callbacks: bool


def look() -> Waiting:
    """What waits now."""
    now, adapt = timezone.now(), connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.execute(LOOK, {"now": adapt(now), "far": adapt(now + FAR)})
        return Waiting(*map(bool, cursor.fetchone()))
