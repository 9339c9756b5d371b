"""What a technician found, and what was installed."""

from django.db import models
from django.db.models import Q

from connections.vocabulary import Phase
from fieldwork.models.meter import Meter
from fieldwork.models.visit import Visit


class Finding(models.Model):
    """The result of an assessment: whether the connection can be made, and with what. Loads kW, lengths metres."""

    visit = models.OneToOneField(Visit, on_delete=models.CASCADE, related_name="finding")
    feasible = models.BooleanField()
    phase = models.CharField("phase available", max_length=20, choices=Phase.choices)
    load_kw = models.DecimalField("load the service can carry (kW)", max_digits=9, decimal_places=2)
    service_drop_m = models.DecimalField("length of the service drop (m)", max_digits=7, decimal_places=1)
    works_needed = models.TextField(blank=True)
    notes = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="finding_not_negative", condition=Q(load_kw__gte=0, service_drop_m__gte=0))
        ]

    def __str__(self) -> str:
        return "Feasible" if self.feasible else "Not feasible"


class Installation(models.Model):
    """What hangs on the wall since a visit: meter, seal, first reading (kWh), and how far from the premises it was."""

    visit = models.OneToOneField(Visit, on_delete=models.CASCADE, related_name="installation")
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="installations")
    seal_number = models.CharField(max_length=60, unique=True)
    initial_reading_kwh = models.DecimalField("initial reading (kWh)", max_digits=12, decimal_places=3)
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    distance_m = models.PositiveIntegerField("from the premises (m)", null=True)

    class Meta:
        constraints = [models.CheckConstraint(name="seal_is_given", condition=~Q(seal_number=""))]

    def __str__(self) -> str:
        return f"Meter {self.meter}, seal {self.seal_number}"
