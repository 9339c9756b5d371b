"""Celery tasks: thin, safe to run twice, and one at a time (chores.py)."""

import logging
from datetime import timedelta

from django.utils import timezone

from connections import figures, post
from connections.audit.verify import verify_since
from connections.chores import chore
from connections.documents import ageing
from connections.models import SentForm
from connections.privacy import retention

log = logging.getLogger(__name__)
A_DAY = timedelta(days=1)
TWO_NIGHTS = timedelta(hours=50)  # so that one night without a worker leaves nothing out


@chore
def expire_documents() -> int:
    return ageing.expire_documents()


@chore
def clear_stray_files() -> int:
    return ageing.clear_stray_files()


@chore
def clear_sent_forms() -> int:
    """Forget the forms that nobody will send a second time any more."""
    return SentForm.objects.filter(at__lt=timezone.now() - A_DAY).delete()[0]


@chore
def check_audit() -> int:
    """Prove the chains that were written to lately; returns how many are broken. All of them: `verify_audit`."""
    broken = list(verify_since(timezone.now() - TWO_NIGHTS))
    for one in broken:
        log.critical("the audit trail is broken: %s, event %s: %s", one.chain, one.number, one.why)
    return len(broken)


@chore
def keep_retention() -> int:
    """Erase what the rules say is over, for as long as one task may work; returns how many rows of work were done."""
    done = retention.keep_retention(timezone.now(), seconds=40)
    if done:
        log.info("kept to the rules of retention: %s", dict(done))
    return done.total()


@chore
def sweep_messages() -> int:
    return retention.sweep_messages_of_no_order(timezone.now(), seconds=30)


@chore
def work_post() -> int:
    return post.work_post()


@chore
def count_orders() -> dict[str, tuple[int, int]]:
    return figures.count_orders()
