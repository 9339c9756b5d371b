"""Who visits, when they work, and the windows that visits are offered in."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from connections.models import Provider

WEEK = [0, 1, 2, 3, 4]


class Skill(models.TextChoices):
    ASSESSMENT = "ASSESSMENT", "Assessment"
    INSTALLATION = "INSTALLATION", "Installation"
    THREE_PHASE = "THREE_PHASE", "Three-phase work"


def working_week() -> list[int]:
    return list(WEEK)


class Technician(models.Model):
    """A person who visits premises for a provider. Positions are WGS 84, shared only where the technician agrees."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="technicians")
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="technician"
    )
    name = models.CharField(max_length=120)
    phone = models.CharField(max_length=30)
    skills = models.JSONField(default=list, blank=True, help_text="What this person may do.")
    zones = models.JSONField(default=list, blank=True, help_text="Postcodes or city codes; empty: everywhere.")
    working_days = models.JSONField(default=working_week, blank=True, help_text="0 is Monday, 6 is Sunday.")
    daily_capacity = models.PositiveSmallIntegerField("visits a day", default=6)
    base_latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    base_longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    shares_position = models.BooleanField(
        default=False, help_text="Applicants may see where they are while on the way."
    )
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, editable=False)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, editable=False)
    position_at = models.DateTimeField(null=True, editable=False)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Slot(models.Model):
    """A window of the day in which the provider's visits take place, in the provider's time zone."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="slots")
    name = models.CharField(max_length=60, help_text="For example Morning.")
    starts = models.TimeField()
    ends = models.TimeField()

    class Meta:
        ordering = ["starts"]
        verbose_name, verbose_name_plural = "window of the day", "windows of the day"
        constraints = [
            models.CheckConstraint(name="slot_in_order", condition=Q(ends__gt=F("starts"))),
            models.UniqueConstraint(fields=["provider", "starts"], name="one_slot_a_start"),
        ]

    def __str__(self) -> str:
        return f"{self.starts:%H:%M}–{self.ends:%H:%M}"

    def clean(self) -> None:
        if self.starts and self.ends and self.ends <= self.starts:
            raise ValidationError({"ends": "The end must come after the beginning, on the same day."})
