"""What is offered, at what price, on what terms, against which documents."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from connections.models.edition import Catalogued
from connections.models.provider import WIRE_ID, Provider
from connections.vocabulary import BillingCycle, CollectedBy, MeterType, PaymentType, Phase, PropertyType, UserType

POSITIVE_OR_ZERO = [MinValueValidator(0)]


class Offering(Catalogued):
    """A kind of connection that an applicant can order. Loads are kW."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="offerings")
    code = models.CharField(max_length=80, validators=[WIRE_ID], help_text="The item id buyer apps order by.")
    name = models.CharField(max_length=200)
    description = models.CharField(max_length=500, blank=True)
    property_type = models.CharField(max_length=20, choices=PropertyType.choices)
    phase = models.CharField(max_length=20, choices=Phase.choices)
    user_type = models.CharField(max_length=20, choices=UserType.choices, default=UserType.CONSUMER)
    min_load_kw = models.DecimalField(
        "smallest load (kW)", max_digits=9, decimal_places=2, default=0, validators=POSITIVE_OR_ZERO
    )
    max_load_kw = models.DecimalField("largest load (kW)", max_digits=9, decimal_places=2, validators=POSITIVE_OR_ZERO)
    meter_type = models.CharField(max_length=20, choices=MeterType.choices, default=MeterType.SMART_METER)
    tariff_category = models.CharField(max_length=60, blank=True, help_text="For example Residential-A.")
    billing_cycle = models.CharField(max_length=12, choices=BillingCycle.choices, default=BillingCycle.MONTHLY)
    subsidy_eligible = models.BooleanField(default=False)
    active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0, help_text="Smaller numbers are listed first.")

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "code"], name="offering_code_once_a_provider"),
            models.CheckConstraint(
                name="offering_load_range", condition=Q(min_load_kw__gte=0, max_load_kw__gte=F("min_load_kw"))
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if None not in (self.min_load_kw, self.max_load_kw) and self.max_load_kw < self.min_load_kw:
            raise ValidationError({"max_load_kw": "The largest load must not be smaller than the smallest."})


class PriceLine(Catalogued):
    """One line of the quote: a fixed amount, or an amount for each kW above an included load."""

    class Kind(models.TextChoices):
        FIXED = "FIXED", "Fixed amount"
        PER_KW = "PER_KW", "For each kW above the included load"

    offering = models.ForeignKey(Offering, on_delete=models.CASCADE, related_name="price_lines")
    title = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.FIXED)
    amount = models.DecimalField(max_digits=14, decimal_places=3, validators=POSITIVE_OR_ZERO)
    included_kw = models.DecimalField(
        "included load (kW)", max_digits=9, decimal_places=2, default=0, validators=POSITIVE_OR_ZERO
    )
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(name="price_line_not_negative", condition=Q(amount__gte=0, included_kw__gte=0))
        ]

    def __str__(self) -> str:
        return self.title


class PaymentTerm(Catalogued):
    """An instalment that the utility asks for: an amount, or a share of the quote. Without any, the full quote."""

    offering = models.ForeignKey(Offering, on_delete=models.CASCADE, related_name="payment_terms")
    type = models.CharField("falls due", max_length=20, choices=PaymentType.choices)
    collected_by = models.CharField(max_length=10, choices=CollectedBy.choices, default=CollectedBy.BPP)
    amount = models.DecimalField(max_digits=14, decimal_places=3, null=True, blank=True, validators=POSITIVE_OR_ZERO)
    percent = models.DecimalField(
        "share of the quote (%)",
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                name="payment_term_amount_or_share",
                condition=Q(amount__isnull=False, percent=None, amount__gte=0)
                | Q(amount=None, percent__isnull=False, percent__gte=0, percent__lte=100),
            )
        ]

    def __str__(self) -> str:
        how_much = f"{self.percent:g} %" if self.percent is not None else f"{self.amount}"
        return f"{how_much} {self.get_type_display().lower()}"

    def clean(self) -> None:
        if (self.amount is None) == (self.percent is None):
            raise ValidationError({"amount": "Give an amount or a share of the quote, one of the two."})


class RequiredDocument(Catalogued):
    """A paper that the utility must see before it approves."""

    offering = models.ForeignKey(Offering, on_delete=models.CASCADE, related_name="required_documents")
    code = models.SlugField(max_length=60)
    name = models.CharField(max_length=120, help_text="As the applicant reads it: ID proof.")
    hint = models.CharField(max_length=300, blank=True, help_text="What is accepted, for the applicant.")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["offering", "code"], name="document_required_once"),
        ]

    def __str__(self) -> str:
        return self.name
