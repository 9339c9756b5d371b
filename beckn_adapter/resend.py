"""Sending a callback again, because a person asks for it."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from beckn_adapter.models import Callback
from beckn_adapter.nudge import nudge

JUST_NOW = timedelta(seconds=10)


@transaction.atomic
def send_again(callbacks: QuerySet[Callback]) -> int:
    """Make these callbacks due now, with a new life to be delivered in; says how many. Attempts are kept, and when
    they arrived: an answer is timed once.

    The bytes stay the same: a buyer app that has the message already will know it by its message_id. What was delivered
    JUST_NOW is left alone (somebody pressed twice), and so is a callback without bytes, never built or erased by now.
    """
    now = timezone.now()
    pressed_twice = callbacks.filter(state=Callback.State.DELIVERED, delivered_at__gt=now - JUST_NOW)
    wanted = callbacks.exclude(pk__in=pressed_twice.order_by().values("pk")).exclude(body=b"")
    count = wanted.order_by().update(
        state=Callback.State.DUE,
        due_at=now,
        life_seconds=settings.BECKN_CALLBACK_MIN_LIFE,
        waited_seconds=0,
    )
    transaction.on_commit(nudge)
    return count
