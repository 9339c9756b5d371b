"""The Celery tasks: thin. Each drains its box until it is empty or its time is up; the database keeps the work."""

import time

from celery import shared_task
from django.utils import timezone

from beckn_adapter import drain, outbox, refusals
from beckn_adapter.announce import announce_events
from beckn_adapter.nudge import nudge, taken
from beckn_adapter.sender import Postman

SPELL = 8  # seconds that one task takes up new work, so that a worker asked to stop is soon done
LINGER = 0.2  # seconds that a task waits for what is due in a moment instead of leaving it to the next
GLANCE = 0.05  # seconds between two looks for new work while slow buyer apps have something in hand


@shared_task
def work_inbox() -> int:
    """Handle what was received. Returns how many messages."""
    taken("inbox")
    handled, until = 0, time.monotonic() + SPELL
    while rows := drain.claim():
        for row in rows:
            drain.work(row)
        handled += len(rows)
        nudge("outbox")
        if time.monotonic() > until:
            nudge("inbox")
            break
    return handled


@shared_task
def work_outbox() -> int:
    """Announce events and deliver what is due. Returns how many attempts were made."""
    taken("outbox")
    postman, until, tried = Postman(), time.monotonic() + SPELL, 0
    while time.monotonic() < until:
        announced = announce_events()
        rows = outbox.claim(outbox.SENDERS - postman.in_hand.total(), postman.in_hand)
        postman.take(rows)
        tried += len(rows)
        if postman.in_hand:
            outbox.settle(*postman.bring(GLANCE))
        elif not announced and not wait_for_more():
            return tried
    while postman.in_hand:
        outbox.settle(*postman.bring(1))
    nudge("outbox")
    return tried


def wait_for_more() -> bool:
    """Until the next callback is due, if that is in a moment."""
    wait = outbox.next_due_in()
    if wait is None or wait > LINGER:
        return False
    time.sleep(wait + 0.001)
    return True


@shared_task
def clear_refusals() -> int:
    """Forget refusals that nobody will ask about any more. Returns how many rows."""
    return refusals.clear_old(timezone.now())
