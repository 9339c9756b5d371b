"""What was quoted, what is asked for, and what was paid."""

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from billing.pricing import in_words
from connections.models import Application
from connections.vocabulary import CollectedBy, PaymentType


class Quote(models.Model):
    """The price an applicant was told, frozen with its lines when the application was opened or last revised."""

    application = models.OneToOneField(Application, on_delete=models.CASCADE, related_name="quote")
    currency = models.CharField(max_length=3)
    total = models.DecimalField(max_digits=14, decimal_places=3)
    valid_until = models.DateTimeField()
    quoted_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.CheckConstraint(name="quote_not_negative", condition=Q(total__gte=0))]

    def __str__(self) -> str:
        return in_words(self.total, self.currency)


class QuoteLine(models.Model):
    """One line of a quote, worded and rounded as the applicant was told it."""

    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="lines")
    title = models.CharField(max_length=200)
    amount = models.DecimalField(max_digits=14, decimal_places=3)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return self.title


class Instalment(models.Model):
    """A part of the quote that is asked for at a given moment."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="instalments")
    type = models.CharField("falls due", max_length=20, choices=PaymentType.choices)
    collected_by = models.CharField(max_length=10, choices=CollectedBy.choices)
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=14, decimal_places=3)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.CheckConstraint(name="instalment_not_negative", condition=Q(amount__gte=0)),
            models.UniqueConstraint(fields=["application", "position"], name="instalments_are_numbered"),
        ]

    def __str__(self) -> str:
        return f"{in_words(self.amount, self.currency)}, {self.get_type_display().lower()}"


class Settlement(models.Model):
    """How an ended application stands: the fee that is kept of what was paid. `due` below zero is a refund."""

    application = models.OneToOneField(Application, on_delete=models.CASCADE, related_name="settlement")
    currency = models.CharField(max_length=3)
    fee = models.DecimalField(max_digits=14, decimal_places=3)
    paid = models.DecimalField(max_digits=14, decimal_places=3)
    settled_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.CheckConstraint(name="settlement_not_negative", condition=Q(fee__gte=0, paid__gte=0))]

    def __str__(self) -> str:
        return f"Fee {self.fee} {self.currency}, paid {self.paid}"

    @property
    def due(self) -> Decimal:
        return self.fee - self.paid


class Payment(models.Model):
    """Money that came in for an instalment. Rows are added, never changed."""

    instalment = models.ForeignKey(Instalment, on_delete=models.PROTECT, related_name="payments")
    amount = models.DecimalField(max_digits=14, decimal_places=3, validators=[MinValueValidator(0)])
    reference = models.CharField(max_length=120, unique=True, help_text="Receipt, transfer or card reference.")
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(name="payment_positive", condition=Q(amount__gt=0))]

    def __str__(self) -> str:
        return in_words(self.amount, self.instalment.currency)

    @property
    def application(self) -> Application:
        return self.instalment.application
