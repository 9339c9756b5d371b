"""An e-mail to an applicant: first a note that something is to be told, then the words, then what came of it."""

from django.db import models
from django.db.models import Q

from connections.models.application import Application
from connections.models.history import Event
from connections.models.provider_of_order import ProviderOfOrder
from connections.worded import Worded


class Letter(Worded):
    """What an event gives to write to its applicant about. Laid down in the event's transaction, worded and sent later.

    `due_at` is when the next step is due: wording it (NEW) or sending it (READY); a worker that takes it puts this off,
    so that nobody else does. MERGED: told by the letter `told_in`. DROPPED: outdated before it was written. The words
    are kept as they were sent.
    """

    class State(models.TextChoices):
        NEW = "NEW", "To be written"
        READY = "READY", "To be sent"
        SENT = "SENT"
        MERGED = "MERGED", "Told in another letter"
        DROPPED = "DROPPED", "Outdated, not sent"
        DEAD = "DEAD", "Given up"

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="letters")
    provider = ProviderOfOrder()
    event = models.OneToOneField(Event, on_delete=models.PROTECT, related_name="letter")
    told_in = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="also_tells")
    state = models.CharField(max_length=10, choices=State.choices, default=State.NEW)
    to = models.EmailField(blank=True)
    subject = models.CharField(max_length=300, blank=True)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    problem = models.CharField("last problem", max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        permissions = [("send_letter", "Can send a letter again")]
        constraints = [
            models.CheckConstraint(
                name="letter_state_known",
                condition=Q(state__in=["NEW", "READY", "SENT", "MERGED", "DROPPED", "DEAD"]),
            ),
            models.CheckConstraint(
                name="a_letter_that_goes_out_has_words",
                condition=~Q(state__in=["READY", "SENT"]) | (~Q(to="") & ~Q(subject="") & ~Q(text="")),
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="letter_due", condition=Q(state__in=["NEW", "READY"])),
            models.Index(fields=["state", "-id"], name="letter_list_of_state", condition=~Q(state="SENT")),
            models.Index(fields=["created_at"], name="letter_list_of_day"),
            models.Index(fields=["provider", "-id"], name="letter_list_of_provider"),
        ]

    def __str__(self) -> str:
        return self.subject or str(self.event)
