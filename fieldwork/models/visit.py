"""A visit to the premises, and the acts by which a technician moves it."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django_fsm import ConcurrentTransitionMixin, FSMField, transition

from connections.models import Application
from connections.worded import Worded
from fieldwork.models.technician import Technician


class VisitState(models.TextChoices):
    SCHEDULED = "SCHEDULED"
    ASSIGNED = "ASSIGNED"
    EN_ROUTE = "EN_ROUTE", "On the way"
    ON_SITE = "ON_SITE", "On site"
    COMPLETED = "COMPLETED"
    NO_ACCESS = "NO_ACCESS", "No access"
    UNSAFE = "UNSAFE"
    INCOMPLETE = "INCOMPLETE"
    CANCELLED = "CANCELLED"


V = VisitState
PENDING_VISITS = [V.SCHEDULED, V.ASSIGNED, V.EN_ROUTE, V.ON_SITE]


class Visit(ConcurrentTransitionMixin, Worded):
    """A technician's visit to the premises, in a window of time. `state` moves only through `lifecycle.advance`."""

    class Kind(models.TextChoices):
        ASSESSMENT = "ASSESSMENT"
        INSTALLATION = "INSTALLATION"
        REVISIT = "REVISIT", "Follow-up"

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="visits")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    state = FSMField(default=V.SCHEDULED, choices=V.choices, protected=True, editable=False)
    technician = models.ForeignKey(Technician, on_delete=models.PROTECT, null=True, blank=True, related_name="visits")
    window_start = models.DateTimeField("from", null=True, blank=True)
    window_end = models.DateTimeField("to", null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it did not come about.")
    follows = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="follow_up"
    )
    rating = models.DecimalField(max_digits=2, decimal_places=1, null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    completed_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["id"]
        permissions = [("assign_visit", "Can assign a visit"), ("complete_visit", "Can work a visit")]
        constraints = [
            models.CheckConstraint(name="visit_state_known", condition=Q(state__in=V.values)),
            models.CheckConstraint(
                name="visit_window_in_order",
                condition=Q(window_start=None) | Q(window_end=None) | Q(window_end__gt=F("window_start")),
            ),
            models.CheckConstraint(
                name="a_visit_under_way_has_a_technician",
                condition=~Q(state__in=[V.ASSIGNED, V.EN_ROUTE, V.ON_SITE, V.COMPLETED]) | Q(technician__isnull=False),
            ),
            models.UniqueConstraint(
                name="one_pending_visit_a_kind",
                fields=["application", "kind"],
                condition=Q(state__in=PENDING_VISITS),
            ),
            models.UniqueConstraint(
                name="one_technician_one_place_at_a_time",
                fields=["technician", "window_start"],
                condition=Q(state__in=[V.ASSIGNED, V.EN_ROUTE, V.ON_SITE]),
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="visit_list_of_state"),
            models.Index(fields=["-id"], name="visit_list_of_follow_ups", condition=Q(kind="REVISIT")),
            models.Index(fields=["window_start"], name="visit_of_day"),
            models.Index(fields=["technician"], name="visit_to_make", condition=Q(state__in=PENDING_VISITS)),
            models.Index(fields=["technician", "completed_at"], name="visit_made"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} visit"

    @property
    def is_pending(self) -> bool:
        """Still to come, or under way."""
        return self.state in PENDING_VISITS

    @transition(state, [V.SCHEDULED, V.ASSIGNED], V.ASSIGNED, permission="fieldwork.assign_visit")
    def assign(self, *, technician: Technician) -> None:
        self.technician = technician

    @transition(state, V.ASSIGNED, V.EN_ROUTE, permission="fieldwork.complete_visit")
    def set_out(self) -> None:
        """On the way."""

    @transition(state, [V.ASSIGNED, V.EN_ROUTE], V.ON_SITE, permission="fieldwork.complete_visit")
    def arrive(self) -> None:
        """At the premises."""

    @transition(state, V.ON_SITE, V.COMPLETED, permission="fieldwork.complete_visit")
    def complete(self, **circumstances: str) -> None:
        """Done. The circumstances (how far from the premises, a remark) are for the event."""
        self.completed_at = timezone.now()

    @transition(state, [V.ASSIGNED, V.EN_ROUTE, V.ON_SITE], V.NO_ACCESS, permission="fieldwork.complete_visit")
    def report_no_access(self, *, reason: str) -> None:
        self.reason = reason

    @transition(state, [V.EN_ROUTE, V.ON_SITE], V.UNSAFE, permission="fieldwork.complete_visit")
    def report_unsafe(self, *, reason: str) -> None:
        self.reason = reason

    @transition(state, V.ON_SITE, V.INCOMPLETE, permission="fieldwork.complete_visit")
    def leave_incomplete(self, *, reason: str) -> None:
        self.reason = reason

    @transition(state, PENDING_VISITS, V.CANCELLED, permission="fieldwork.assign_visit")
    def call_off(self, *, reason: str) -> None:
        self.reason = reason


class FieldAct(models.Model):
    """One act of a technician under the id that the phone made for it: sent twice, done once."""

    client_id = models.UUIDField(unique=True)
    technician = models.ForeignKey(Technician, on_delete=models.PROTECT, related_name="acts")
    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, related_name="acts")
    action = models.CharField(max_length=40)
    happened_at = models.DateTimeField(help_text="By the phone's clock.")
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.action} on {self.visit}"


def private_path(photo: "Photo", original_name: str) -> str:
    """A name that nobody can guess and that says nothing about the applicant."""
    return f"photos/{uuid.uuid4().hex}"


class Photo(models.Model):
    """A picture taken on a visit. Its place is kept in columns; the file itself carries no metadata."""

    class Kind(models.TextChoices):
        PREMISES = "PREMISES"
        METER = "METER"
        REASON = "REASON", "Why it did not come about"

    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, related_name="photos")
    client_id = models.UUIDField(unique=True, default=uuid.uuid4)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    file = models.FileField(upload_to=private_path)
    media_type = models.CharField(max_length=60)
    taken_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.visit}"
