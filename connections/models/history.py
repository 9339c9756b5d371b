"""What happened, and what stands still."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from connections.models.application import Application
from connections.vocabulary import Ball


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

    def __str__(self) -> str:
        return self.reason


class Event(models.Model):
    """Something that happened to an application: timeline, audit trail and source of callbacks in one.

    `kind` is `<thing>.<participle>` (application.approved), `state` the application's state when it happened. A row is
    never changed except for `announced_at`, set when whoever must hear of it has a callback, or nobody must.
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="events", null=True)
    kind = models.CharField(max_length=60)
    state = models.CharField(max_length=30, blank=True)
    subject = models.CharField(max_length=120, blank=True)
    actor = models.CharField(max_length=260)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    data = models.JSONField(default=dict)
    at = models.DateTimeField(auto_now_add=True)
    announced_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["id"], name="event_unannounced", condition=Q(announced_at=None))]

    def __str__(self) -> str:
        return self.kind
