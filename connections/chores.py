"""The long tasks: one at a time in the whole house, so that of two worker processes one is always free for the network.

That one is under way stands in the cache, which may be lost at any time: then two run at once, as without it.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from celery import Task, shared_task

from connections import marks

MARK = "chore"
LASTS = 60  # seconds; longer than a task may live (CELERY_TASK_TIME_LIMIT), should its process be killed
AGAIN = 5  # seconds after which one that found another under way is tried again, until it expires


def chore(work: Callable[[], Any]) -> Task:
    """A Celery task of this function's name that waits until no other is under way."""

    @shared_task(bind=True, name=f"{work.__module__}.{work.__name__}", max_retries=None)
    @wraps(work)
    def task(self: Task) -> Any:
        if not marks.leave(MARK, LASTS):
            raise self.retry(countdown=AGAIN)
        try:
            return work()
        finally:
            marks.wipe(MARK)

    return task
