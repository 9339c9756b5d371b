"""Technicians, their visits, and the meters that they install."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django_fsm import ConcurrentTransitionMixin, FSMField, transition

from connections.models import Application, Provider
from connections.vocabulary import MeterType, Phase


class Technician(models.Model):
    """A person who visits premises for a provider."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="technicians")
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    name = models.CharField(max_length=120)
    phone = models.CharField(max_length=30)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


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


class Visit(ConcurrentTransitionMixin, models.Model):
    """A technician's visit to the premises, in a window of time. `state` moves only through `lifecycle.advance`."""

    class Kind(models.TextChoices):
        ASSESSMENT = "ASSESSMENT"
        INSTALLATION = "INSTALLATION"

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="visits")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    state = FSMField(default=V.SCHEDULED, choices=V.choices, protected=True, editable=False, db_index=True)
    technician = models.ForeignKey(Technician, on_delete=models.PROTECT, null=True, blank=True, related_name="visits")
    window_start = models.DateTimeField("from", null=True, blank=True)
    window_end = models.DateTimeField("to", null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it did not come about.")
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
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} visit"

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
    def complete(self) -> None:
        self.completed_at = timezone.now()

    @transition(state, PENDING_VISITS, V.CANCELLED, permission="fieldwork.assign_visit")
    def call_off(self, *, reason: str) -> None:
        self.reason = reason


class MeterState(models.TextChoices):
    IN_STOCK = "IN_STOCK", "In stock"
    ISSUED = "ISSUED"
    INSTALLED = "INSTALLED"
    REMOVED = "REMOVED"
    FAULTY = "FAULTY"


class Meter(models.Model):
    """A meter of the utility's stock."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="meters")
    serial = models.CharField(max_length=60, unique=True)
    type = models.CharField(max_length=20, choices=MeterType.choices)
    phase = models.CharField(max_length=20, choices=Phase.choices)
    state = FSMField(default=MeterState.IN_STOCK, choices=MeterState.choices, protected=True, editable=False)

    class Meta:
        ordering = ["serial"]
        constraints = [models.CheckConstraint(name="meter_state_known", condition=Q(state__in=MeterState.values))]

    def __str__(self) -> str:
        return self.serial
