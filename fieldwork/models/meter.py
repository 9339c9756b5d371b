"""Meters of the stock, on their way to a wall and off it again."""

from django.db import models
from django.db.models import Q
from django_fsm import ConcurrentTransitionMixin, FSMField, transition

from connections.models import Application, Provider
from connections.vocabulary import MeterType, Phase
from fieldwork.models.technician import Technician


class MeterState(models.TextChoices):
    IN_STOCK = "IN_STOCK", "In stock"
    ISSUED = "ISSUED"
    INSTALLED = "INSTALLED"
    REMOVED = "REMOVED"
    FAULTY = "FAULTY"


M = MeterState


class Meter(ConcurrentTransitionMixin, models.Model):
    """A meter of the utility's stock. `max_load_kw` is what it can carry. Moves only through `lifecycle.advance`."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="meters")
    serial = models.CharField(max_length=60, unique=True)
    type = models.CharField(max_length=20, choices=MeterType.choices)
    phase = models.CharField(max_length=20, choices=Phase.choices)
    max_load_kw = models.DecimalField("carries up to (kW)", max_digits=9, decimal_places=2)
    state = FSMField(default=M.IN_STOCK, choices=M.choices, protected=True, editable=False)
    technician = models.ForeignKey(
        Technician, on_delete=models.PROTECT, null=True, editable=False, related_name="meters"
    )
    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, null=True, editable=False, related_name="meters"
    )

    class Meta:
        ordering = ["serial"]
        permissions = [("issue_meter", "Can issue, take back or write off a meter")]
        indexes = [
            models.Index(fields=["state", "serial"], name="meter_list_of_state"),
            models.Index(fields=["provider", "serial"], name="meter_list_of_provider"),
        ]
        constraints = [
            models.CheckConstraint(name="meter_state_known", condition=Q(state__in=M.values)),
            models.CheckConstraint(
                name="an_installed_meter_has_its_application",
                condition=~Q(state=M.INSTALLED) | Q(application__isnull=False),
            ),
            models.UniqueConstraint(
                name="one_installed_meter_an_application", fields=["application"], condition=Q(state=M.INSTALLED)
            ),
        ]

    def __str__(self) -> str:
        return self.serial

    @transition(state, [M.IN_STOCK, M.ISSUED], M.ISSUED, permission="fieldwork.issue_meter")
    def issue(self, *, technician: Technician) -> None:
        self.technician = technician

    @transition(state, M.ISSUED, M.IN_STOCK, permission="fieldwork.issue_meter")
    def take_back(self) -> None:
        self.technician = None

    @transition(state, [M.IN_STOCK, M.ISSUED], M.INSTALLED, permission="fieldwork.complete_visit")
    def install(self, *, application: Application) -> None:
        self.application = application

    @transition(state, M.INSTALLED, M.REMOVED, permission="fieldwork.issue_meter")
    def remove(self) -> None:
        """Off the wall; the application keeps its serial as history."""

    @transition(state, [M.IN_STOCK, M.ISSUED, M.INSTALLED, M.REMOVED], M.FAULTY, permission="fieldwork.issue_meter")
    def report_faulty(self, *, reason: str = "") -> None:
        """Not to be installed any more; the reason is for the event."""
