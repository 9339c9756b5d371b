"""A paper that an application needs, and the verdict on it."""

from django.db import models
from django.db.models import Q
from django_fsm import ConcurrentTransitionMixin, FSMField, transition

from connections.models.application import Application
from connections.vocabulary import DocumentState

D = DocumentState


class Document(ConcurrentTransitionMixin, models.Model):
    """One required paper of one application: the requirement as it stood when the application was opened."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="documents")
    code = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    position = models.PositiveSmallIntegerField(default=0)
    state = FSMField(default=D.PENDING, choices=D.choices, protected=True, editable=False)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it was rejected, for the applicant.")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["position", "id"]
        permissions = [("verify_document", "Can verify or reject a document")]
        constraints = [
            models.CheckConstraint(name="document_state_known", condition=Q(state__in=D.values)),
            models.UniqueConstraint(fields=["application", "code"], name="one_document_a_requirement"),
            models.CheckConstraint(name="rejection_has_its_reason", condition=~Q(state=D.REJECTED) | ~Q(reason="")),
        ]

    def __str__(self) -> str:
        return self.name

    @transition(
        state,
        [D.PENDING, D.REJECTED, D.EXPIRED],
        D.SUBMITTED,
        permission="connections.verify_document",
        custom={"network": True},
    )
    def submit(self) -> None:
        self.reason = ""

    @transition(state, D.SUBMITTED, D.VERIFIED, permission="connections.verify_document")
    def verify(self) -> None:
        """Seen and good."""

    @transition(state, D.SUBMITTED, D.REJECTED, permission="connections.verify_document", custom={"asks_reason": True})
    def reject(self, *, reason: str) -> None:
        self.reason = reason

    @transition(state, D.VERIFIED, D.EXPIRED)
    def expire(self) -> None:
        """Its date has passed."""
