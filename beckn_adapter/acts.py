"""Which events belong together: those of one database transaction, for a buyer app is told once what was done at once.

A rejection and the hold that it brings are two events and one piece of news.
"""

import threading
from typing import Any
from uuid import uuid4

from django.db import connection, transaction
from django.db.models.signals import post_save
from django.dispatch import receiver

from beckn_adapter.models import Act
from beckn_adapter.nudge import nudge
from connections.models import Event

_thread = threading.local()


@receiver(post_save, sender=Event, dispatch_uid="note what was done at once, and nudge the worker")
def an_event_is_stored(instance: Event, created: bool, **_: Any) -> None:
    """Number the event with its transaction. After a rollback the next transaction may get the same number: what had
    it before is gone. What is nobody's news wakes nobody."""
    if instance.announced_at:
        return
    if created and connection.in_atomic_block:
        _thread.number = getattr(_thread, "number", None) or uuid4()
        Act.objects.create(event=instance, number=_thread.number)
    transaction.on_commit(the_act_is_over)


def the_act_is_over() -> None:
    _thread.number = None
    nudge()
