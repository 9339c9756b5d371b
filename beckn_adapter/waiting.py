"""What waits for a worker: one cheap question, so that a look costs little where there is nothing to do."""

from datetime import timedelta
from typing import NamedTuple

from django.db import connection
from django.utils import timezone

from beckn_adapter.departures import UNRELEASED
from beckn_adapter.models import Callback, Circuit, Message

SOON = timedelta(seconds=0.2)  # what is due by then is waited for
FAR = timedelta(seconds=1200)  # nothing is ever planned so far ahead: then our clock was set back
# Each reads the first or the last entry of a partial index: by its order, for "is there one" may read all that waits.
LOOK = """
    SELECT
        (SELECT due_at FROM beckn_adapter_message AS m WHERE state = 'RECEIVED' AND due_at <= %(stored)s
         AND (due_at <= %(now)s OR attempts = 0
              AND EXISTS (SELECT 1 FROM beckn_adapter_departure AS d WHERE d.door = m.door AND d.upto > m.id))
         ORDER BY due_at LIMIT 1) IS NOT NULL,
        EXISTS (SELECT 1 FROM connections_event WHERE announced_at IS NULL),
        (SELECT due_at FROM beckn_adapter_callback WHERE state = 'DUE' AND due_at <= %(now)s
         AND (lease_until IS NULL OR lease_until <= %(now)s OR lease_until > %(far)s)
         ORDER BY due_at LIMIT 1) IS NOT NULL
        OR EXISTS (SELECT 1 FROM beckn_adapter_circuit WHERE probe_at <= %(now)s),
        (SELECT due_at FROM beckn_adapter_callback WHERE state = 'DUE' AND due_at > %(now)s AND due_at <= %(soon)s
         ORDER BY due_at LIMIT 1) IS NOT NULL,
        (SELECT due_at FROM beckn_adapter_message WHERE state = 'RECEIVED' AND due_at > %(far)s
         ORDER BY due_at DESC LIMIT 1) IS NOT NULL
        OR (SELECT due_at FROM beckn_adapter_callback WHERE state = 'DUE' AND due_at > %(far)s
            ORDER BY due_at DESC LIMIT 1) IS NOT NULL
        OR EXISTS (SELECT 1 FROM beckn_adapter_circuit WHERE probe_at > %(far)s)
"""


class Waiting(NamedTuple):
    """Whether there are messages to handle, events to announce, callbacks to send or hosts to probe; whether a callback
    is due in a moment; and whether something was planned by a clock that has been set back since."""

    messages: bool
    events: bool
    callbacks: bool
    soon: bool
    astray: bool


def look() -> Waiting:
    """What waits now."""
    now, adapt = timezone.now(), connection.ops.adapt_datetimefield_value
    times = {"now": adapt(now), "soon": adapt(now + SOON), "far": adapt(now + FAR)}
    times["stored"] = adapt(now + UNRELEASED)
    with connection.cursor() as cursor:
        cursor.execute(LOOK, times)
        return Waiting(*map(bool, cursor.fetchone()))


def set_right() -> None:
    """Our clock was set back: what it had planned FAR ahead is due now. A lease from then is over (outbox.py)."""
    now = timezone.now()
    Message.objects.filter(state="RECEIVED", due_at__gt=now + FAR).update(due_at=now)
    Callback.objects.filter(state="DUE", due_at__gt=now + FAR).update(due_at=now)
    Circuit.objects.filter(probe_at__gt=now + FAR).update(probe_at=now)
