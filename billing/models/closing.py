"""A day's closing: what moved, counted, compared with the cash in the till, and frozen."""

from decimal import Decimal

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from billing.models.ledger import AppendOnlyModel
from connections.models import Provider


class Closing(AppendOnlyModel):
    """A provider's day (of its own time zone), closed once and never changed.

    `figures`: rows [{currency, method, who, count, taken, paid_back, taken_back, net}], receipts and refund_notes
    {count, first, last}; amounts are texts with the currency's minor unit. `expected_cash` is the net of the cash in
    the provider's currency, `counted_cash` what was counted; both without what was in the till that morning.
    """

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="closings")
    day = models.DateField()
    currency = models.CharField(max_length=3)
    figures = models.JSONField(encoder=DjangoJSONEncoder)
    expected_cash = models.DecimalField(max_digits=14, decimal_places=3)
    counted_cash = models.DecimalField(max_digits=14, decimal_places=3)
    note = models.CharField(max_length=300, blank=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-day", "provider_id"]
        indexes = [models.Index(fields=["-day", "provider"], name="closing_list")]
        constraints = [
            models.UniqueConstraint(fields=["provider", "day"], name="a_day_is_closed_once"),
            models.CheckConstraint(
                name="a_difference_is_explained", condition=Q(counted_cash=models.F("expected_cash")) | ~Q(note="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider}, {self.day:%d %b %Y}"

    @property
    def difference(self) -> Decimal:
        """Below zero where cash is missing."""
        return self.counted_cash - self.expected_cash
