"""What happened, and what stands still."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from connections.models.application import Application
from connections.vocabulary import Ball
from connections.worded import Worded


class Hold(models.Model):
    """Why an application waits and who has the ball. While one is open the connection-status is ON_HOLD.

    A hold that a rule opened names its subject in `about`, and the rule closes it again; a person's hold has none.
    """

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="holds")
    reason = models.CharField(max_length=300)
    ball = models.CharField("who acts next", max_length=12, choices=Ball.choices)
    about = models.CharField(max_length=20, blank=True, editable=False)
    opened_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(
                name="one_open_hold_a_subject",
                fields=["application", "about"],
                condition=Q(closed_at=None) & ~Q(about=""),
            )
        ]
        indexes = [models.Index(fields=["application"], name="hold_open", condition=Q(closed_at=None))]

    def __str__(self) -> str:
        return self.reason


class Event(Worded):
    """Something that happened to an application: timeline, audit trail and source of callbacks in one.

    `kind` is `<thing>.<participle>` (application.approved), `state` the application's state when it happened. A row is
    never changed except for `announced_at`, set when whoever must hear of it has a callback, or nobody must.

    Events stand in chains, one for each application and one for each thing that has none: `number` counts from 1, and
    `hash` covers the row and the hash before it (connections.audit.chain). `facts` are the details that the books
    keep; words that tell of a person stand in EventWords, which may be erased, and here only as their `seal`.
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="events", null=True)
    chain = models.CharField(max_length=60)
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=60)
    state = models.CharField(max_length=30, blank=True)
    subject = models.CharField(max_length=120, blank=True)
    actor = models.CharField(max_length=260)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    facts = models.JSONField(default=dict)
    seal = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)
    announced_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["id"], name="event_unannounced", condition=Q(announced_at=None)),
            models.Index(fields=["application", "id"], name="event_untold", condition=Q(announced_at=None)),
            models.Index(fields=["at"], name="event_since"),  # the nightly proof reads the chains of two nights
        ]
        constraints = [
            models.UniqueConstraint(fields=["chain", "number"], name="one_event_a_link"),
            models.CheckConstraint(name="an_event_stands_in_a_chain", condition=~Q(chain="") & Q(number__gte=1)),
        ]

    def __str__(self) -> str:
        return self.kind

    @property
    def data(self) -> dict[str, Any]:
        """All details as they were given; without the personal words once those are erased."""
        if not self.seal:
            return dict(self.facts)
        try:
            return {**self.facts, **self.words.words}
        except EventWords.DoesNotExist:
            return dict(self.facts)


class EventWords(Worded):
    """What an event's details say of a person, apart from the event so that it can be erased.

    The event's `seal` is the digest of `salt` and `words`: with the row gone, nothing of them can be found out.
    """

    event = models.OneToOneField(Event, on_delete=models.PROTECT, primary_key=True, related_name="words")
    salt = models.CharField(max_length=32)
    words = models.JSONField()

    class Meta:
        verbose_name_plural = "event words"

    def __str__(self) -> str:
        return f"Words of event {self.event_id}"
