"""What a provider promises about time: how many working days each stage takes, and which days are not worked."""

from django.core.validators import MaxValueValidator
from django.db import models

from connections.models.provider import Provider
from connections.vocabulary import OPEN_STATES


class ServicePromise(models.Model):
    """In how many of the provider's working days an order leaves a state; time spent waiting for applicants is none."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="promises")
    state = models.CharField(max_length=30, choices=[(state.value, state.label) for state in OPEN_STATES])
    working_days = models.PositiveSmallIntegerField(
        validators=[MaxValueValidator(260)], help_text="The day on which the order comes to it does not count."
    )

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["provider", "state"], name="one_promise_a_state")]

    def __str__(self) -> str:
        return f"{self.get_state_display()}: {self.working_days} working days"


class Holiday(models.Model):
    """A day on which the provider does not work, in its time zone."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="holidays")
    day = models.DateField()
    name = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["day"]
        constraints = [models.UniqueConstraint(fields=["provider", "day"], name="a_holiday_is_listed_once")]

    def __str__(self) -> str:
        return f"{self.day}, {self.name}" if self.name else str(self.day)
