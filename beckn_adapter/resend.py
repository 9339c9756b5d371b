"""Sending a callback again, because a person asks for it."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from beckn_adapter.models import Callback
from beckn_adapter.nudge import nudge


@transaction.atomic
def send_again(callbacks: QuerySet[Callback]) -> int:
    """Make these callbacks due now, with a new life to be delivered in; says how many. Their attempts are kept.

    The bytes stay the same: a buyer app that has the message already will know it by its message_id. A callback without
    bytes, never built or erased by now, stays as it is.
    """
    now = timezone.now()
    count = (
        callbacks.exclude(body=b"")
        .order_by()
        .update(
            state=Callback.State.DUE,
            due_at=now,
            give_up_at=now + timedelta(seconds=settings.BECKN_CALLBACK_MIN_LIFE),
            delivered_at=None,
        )
    )
    transaction.on_commit(lambda: nudge("outbox"))
    return count
