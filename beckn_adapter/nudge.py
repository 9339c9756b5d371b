"""Waking the workers. A nudge may be lost, doubled or late: the sweep in config/celery.py is the guarantee."""

import logging
from typing import Any, Literal

from celery import current_app
from django.core.cache import cache
from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver

from connections.models import Event

log = logging.getLogger(__name__)
Box = Literal["inbox", "outbox"]
PENDING_SECONDS = 2  # a nudge that nobody took by then is worth another


def nudge(box: Box) -> None:
    """Ask for a drain of the box unless one is already asked for. Never raises: the work is stored already."""
    try:
        if cache.add(f"nudge-{box}", 1, timeout=PENDING_SECONDS):
            current_app.send_task(f"beckn_adapter.tasks.work_{box}", retry=False, expires=PENDING_SECONDS * 5)
    except Exception as problem:  # noqa: BLE001 - whatever a broker or a cache may raise, the sweep makes it good
        log.warning("nudge for the %s failed (%s); the sweep will find the work", box, type(problem).__name__)


def taken(box: Box) -> None:
    """A drain begins: what is stored from now on needs a nudge of its own. To be called before it claims."""
    try:
        cache.delete(f"nudge-{box}")
    except Exception as problem:  # noqa: BLE001 - see above
        log.warning("the nudge mark of the %s could not be cleared (%s)", box, type(problem).__name__)


@receiver(post_save, sender=Event, dispatch_uid="nudge the outbox when something happens")
def an_event_is_stored(**_: Any) -> None:
    transaction.on_commit(lambda: nudge("outbox"))
