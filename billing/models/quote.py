"""What was quoted, and what is asked for of it."""

from decimal import Decimal

from django.db import models
from django.db.models import Q

from billing.pricing import in_words
from connections.models import Application
from connections.vocabulary import CollectedBy, PaymentType


class Quote(models.Model):
    """The price an applicant was told, frozen with its lines when the application was opened or last revised.

    Its total is kept nowhere: it is the sum of its lines, so the two can not differ.
    """

    application = models.OneToOneField(Application, on_delete=models.CASCADE, related_name="quote")
    currency = models.CharField(max_length=3)
    valid_until = models.DateTimeField()
    quoted_at = models.DateTimeField(auto_now=True)
    balance = models.DecimalField(
        max_digits=14,
        decimal_places=3,
        default=0,
        db_default=0,
        editable=False,
        help_text="What the order's ledger adds up to, below zero where it may hold too much: lists find it by this.",
    )

    class Meta:
        indexes = [models.Index(fields=["application"], name="quote_due_back", condition=Q(balance__lt=0))]

    def __str__(self) -> str:
        return in_words(self.total, self.currency)

    @property
    def total(self) -> Decimal:
        return sum((line.amount for line in self.lines.all()), Decimal(0))


class QuoteLine(models.Model):
    """One line of a quote, worded and rounded as the applicant was told it."""

    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="lines")
    title = models.CharField(max_length=200)
    amount = models.DecimalField(max_digits=14, decimal_places=3)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.CheckConstraint(name="quote_line_not_negative", condition=Q(amount__gte=0)),
            models.UniqueConstraint(fields=["quote", "position"], name="quote_lines_are_numbered"),
        ]

    def __str__(self) -> str:
        return self.title


class Instalment(models.Model):
    """A part of the price that is asked for at a given moment: `term` is the payment term it comes from.

    From the order on its amount is what the ledger charged for it. A dearer order raises what is not paid yet; what
    is paid stays as it is, and the difference becomes an instalment of its own under the same term.
    """

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="instalments")
    type = models.CharField("falls due", max_length=20, choices=PaymentType.choices)
    collected_by = models.CharField(max_length=10, choices=CollectedBy.choices)
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=14, decimal_places=3)
    position = models.PositiveSmallIntegerField()
    term = models.PositiveSmallIntegerField()
    balance = models.DecimalField(
        max_digits=14,
        decimal_places=3,
        default=0,
        db_default=0,
        editable=False,
        help_text="What is still open of it, by the ledger; of a draft, what will be. Lists find it by this.",
    )

    class Meta:
        ordering = ["position"]
        indexes = [models.Index(fields=["application", "position"], name="instalment_open", condition=Q(balance__gt=0))]
        constraints = [
            models.CheckConstraint(name="instalment_not_negative", condition=Q(amount__gte=0)),
            models.UniqueConstraint(fields=["application", "position"], name="instalments_are_numbered"),
        ]

    def __str__(self) -> str:
        return f"{in_words(self.amount, self.currency)}, {self.get_type_display().lower()}"
