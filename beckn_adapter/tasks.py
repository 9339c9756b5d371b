"""The Celery tasks: thin. Each drains its box until it is empty or its time is up; the database keeps the work."""

import time

from celery import shared_task
from django.utils import timezone

from beckn_adapter import drain, outbox, refusals, sender
from beckn_adapter.announce import announce_events
from beckn_adapter.nudge import nudge, taken

SPELL = 20  # seconds that one task may work before it lets another go on
LINGER = 0.2  # seconds that a task waits for what is due in a moment instead of leaving it to the next


@shared_task
def work_inbox() -> int:
    """Handle what was received. Returns how many messages."""
    taken("inbox")
    handled, until = 0, time.monotonic() + SPELL
    while time.monotonic() < until and (rows := drain.claim()):
        for row in rows:
            drain.work(row)
        handled += len(rows)
        nudge("outbox")
    return handled


@shared_task
def work_outbox() -> int:
    """Announce events and deliver what is due. Returns how many attempts were made."""
    taken("outbox")
    tried, until = 0, time.monotonic() + SPELL
    while time.monotonic() < until:
        announced = announce_events()
        rows = outbox.claim()
        if rows:
            outbox.settle(rows, sender.send_all(rows))
            tried += len(rows)
        elif not announced:
            wait = outbox.next_due_in()
            if wait is None or wait > LINGER:
                break
            time.sleep(wait + 0.001)
    return tried


@shared_task
def clear_refusals() -> int:
    """Forget refusals that nobody will ask about any more. Returns how many rows."""
    return refusals.clear_old(timezone.now())
