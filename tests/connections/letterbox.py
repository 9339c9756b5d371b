"""What the letters' tests share: events that lie behind us, the post at work, and what was written."""

from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.utils import timezone

from connections.models import Application, Letter
from connections.post import AWAY, work_post


def deliver() -> None:
    """Let all patience be over, with the mail server too, then let the post work."""
    cache.delete(AWAY)
    Letter.objects.filter(sent_at=None).update(due_at=timezone.now() - timedelta(seconds=1))
    work_post()


def forget() -> None:
    """What was to be written so far is none of this test's business."""
    Letter.objects.all().delete()


def written(application: Application | None = None) -> list[Any]:
    rows = Letter.objects.exclude(text="").order_by("id")
    return list(rows.filter(application=application) if application else rows)


def only(application: Application | None = None) -> Letter:
    (letter,) = written(application)
    assert isinstance(letter, Letter)
    return letter
