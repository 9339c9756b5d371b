"""The Celery tasks: thin. The database keeps the work; a task that is lost or comes twice loses and doubles nothing."""

import time

from celery import shared_task
from django.utils import timezone

from beckn_adapter import outbox, refusals
from beckn_adapter.announce import announce_events
from beckn_adapter.nudge import nudge
from beckn_adapter.questions import work_some
from beckn_adapter.sender import Postman
from beckn_adapter.settling import settle
from beckn_adapter.waiting import Waiting, look, set_right
from beckn_adapter.watch import Watch

SPELL = 3  # seconds that one task takes up new work, so that a worker asked to stop is soon done
LONG_SPELL = 10  # while somebody is slow to take a callback: rather than wait for that alone
GLANCE = 0.01  # seconds between two looks for new work
LINGER = 0.05  # the same while a buyer app has something in hand: what it brings back ends the wait
REST = 0.05  # seconds without work after which a watch ends: what comes so soon needs no task of its own


@shared_task
def work() -> int:
    """Handle what was received, announce what happened and deliver what is due, in turns, until nothing is left.

    One task for all three: whatever there is most of, no process of a worker is lost to the others. Returns how many
    messages, events, callbacks taken and callbacks back it were.
    """
    watch, postman = Watch(), Postman()
    watch.begin()
    try:
        done, is_over = take_turns(watch, postman)
    except Exception:  # whatever it was, what is in hand is written down; only who is told to end leaves it to others
        bring_home(postman)
        raise
    finally:
        watch.end()
    done += bring_home(postman)
    if not is_over:
        nudge()
    return done


def take_turns(watch: Watch, postman: Postman) -> tuple[int, bool]:
    """Until nothing is left or the spell is over; returns how much it was, and whether nothing is left."""
    done, begun = 0, time.monotonic()
    busy_at = begun
    while time.monotonic() < begun + (LONG_SPELL if postman.in_hand else SPELL):
        waiting, turn_at = look(), time.monotonic()
        if waiting.astray:
            set_right()
            continue
        moved = take_turn(waiting, postman)
        done += moved
        if moved:
            busy_at = time.monotonic()
            watch.keep(busy_at - turn_at)
        elif postman.in_hand:
            done += write_down(postman, LINGER)
        elif watch.is_mine and (waiting.soon or time.monotonic() - busy_at < REST):
            time.sleep(GLANCE)
        elif watch.is_mine:
            watch.end()  # and look once more, for what came before that was not nudged for
        else:
            return done, True
    return done, False


def bring_home(postman: Postman) -> int:
    """Wait for all that is in hand; returns how many callbacks."""
    back = 0
    while postman.in_hand:
        back += write_down(postman, 1)
    return back


def take_turn(waiting: Waiting, postman: Postman) -> int:
    """A batch of each kind that waits; returns how many."""
    moved = work_some(postman) if waiting.messages else 0
    moved += announce_events() if waiting.events else 0
    moved += send_some(postman) if waiting.callbacks else 0
    return moved + write_down(postman, 0)


def send_some(postman: Postman) -> int:
    """Give the postman what is due; returns how many callbacks."""
    rows = outbox.claim(outbox.SENDERS - postman.in_hand.total(), postman.in_hand)
    postman.take(rows)
    return len(rows)


def write_down(postman: Postman, wait: float) -> int:
    """What has come back, or comes back within so many seconds; returns how many callbacks."""
    rows, results = postman.bring(wait)
    settle(rows, results)
    return len(results)


@shared_task
def clear_refusals() -> int:
    """Forget refusals that nobody will ask about any more. Returns how many rows."""
    return refusals.clear_old(timezone.now())
