"""A paper that an application needs, and the verdict on it."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django_fsm import ConcurrentTransitionMixin, FSMField, transition

from connections.models.application import Application
from connections.models.provider_of_order import ProviderOfOrder
from connections.vocabulary import DocumentState

D = DocumentState


class Document(ConcurrentTransitionMixin, models.Model):
    """One required paper of one application: the requirement as it stood when the application was opened."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="documents")
    provider = ProviderOfOrder()
    code = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    position = models.PositiveSmallIntegerField(default=0)
    state = FSMField(default=D.PENDING, choices=D.choices, protected=True, editable=False)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it was rejected, for the applicant.")
    expires_on = models.DateField("good until", null=True, blank=True, help_text="Printed on the paper, if it is.")
    waived_at = models.DateTimeField(null=True, editable=False)
    waived_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    waiver_reason = models.CharField(max_length=300, blank=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["position", "id"]
        permissions = [
            ("verify_document", "Can verify or reject a document"),
            ("waive_document", "Can waive a required document"),
        ]
        constraints = [
            models.CheckConstraint(name="document_state_known", condition=Q(state__in=D.values)),
            models.UniqueConstraint(fields=["application", "code"], name="one_document_a_requirement"),
            models.CheckConstraint(name="rejection_has_its_reason", condition=~Q(state=D.REJECTED) | ~Q(reason="")),
            models.CheckConstraint(name="waiver_has_its_reason", condition=Q(waived_at=None) | ~Q(waiver_reason="")),
        ]
        indexes = [
            models.Index(fields=["-updated_at"], name="document_list"),
            models.Index(fields=["state", "-updated_at"], name="document_list_of_state"),
            models.Index(fields=["provider", "-updated_at"], name="document_list_of_provider"),
            models.Index(fields=["expires_on"], name="document_expiring", condition=Q(expires_on__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_settled(self) -> bool:
        """Nothing more is needed of the applicant or of staff: verified, or waived."""
        return self.state == D.VERIFIED or self.waived_at is not None

    @property
    def is_wanted(self) -> bool:
        """The applicant is to hand it in, for the first time or again."""
        return self.waived_at is None and self.state in {D.PENDING, D.REJECTED, D.EXPIRED}

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


class Submission(models.Model):
    """One visit of the document form that brought papers: what a buyer app names at confirm as `submission_id`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="submissions")
    source = models.CharField(max_length=200, help_text="Who sent it: the applicant's browser, or a buyer app's id.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return str(self.id)


def private_path(version: "DocumentVersion", original_name: str) -> str:
    """A name that nobody can guess and that says nothing about the applicant."""
    return f"documents/{uuid.uuid4().hex}"


class DocumentVersion(models.Model):
    """A paper as it was handed in once: a file of ours, or a link that a buyer app sent. Old versions stay."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="versions")
    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, null=True, related_name="versions")
    number = models.PositiveSmallIntegerField()
    client_id = models.UUIDField(
        unique=True, default=uuid.uuid4, help_text="Made by the sender: sent twice, kept once."
    )
    file = models.FileField(upload_to=private_path, blank=True)
    link = models.URLField(max_length=1000, blank=True)
    text = models.CharField(max_length=500, blank=True, help_text="A number or a remark sent instead of a file.")
    original_name = models.CharField(max_length=200, blank=True)
    media_type = models.CharField(max_length=60, blank=True)
    size = models.PositiveIntegerField("bytes", default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    verdict = models.CharField(max_length=20, choices=D.choices, default=D.SUBMITTED)
    reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["document", "number"]
        indexes = [models.Index(fields=["file"], name="version_of_file")]
        constraints = [
            models.UniqueConstraint(fields=["document", "number"], name="document_versions_are_numbered"),
            models.CheckConstraint(
                name="a_version_is_a_file_a_link_or_a_text", condition=~Q(file="") | ~Q(link="") | ~Q(text="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.document}, version {self.number}"
