"""What somebody says about money and somebody else must settle: a payment that is reported, a waiver that is asked."""

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django_fsm import ConcurrentTransitionMixin, FSMField, transition

from billing.models.ledger import Payment
from billing.models.quote import Instalment
from billing.pricing import in_words
from connections.models import Application, ProviderOfOrder


class ReportState(models.TextChoices):
    REPORTED = "REPORTED", "To be matched"
    MATCHED = "MATCHED"
    REJECTED = "REJECTED", "Not found"


class PaymentReport(ConcurrentTransitionMixin, models.Model):
    """A payment that a buyer app says it has seen. It counts only when staff match it with money that came in."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="payment_reports")
    provider = ProviderOfOrder()
    instalment = models.ForeignKey(Instalment, on_delete=models.PROTECT, related_name="reports")
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=14, decimal_places=3)
    reference = models.CharField(max_length=120, blank=True, help_text="As the buyer app gave it.")
    reported_by = models.CharField(max_length=260)
    reported_at = models.DateTimeField(auto_now_add=True)
    state = FSMField(default=ReportState.REPORTED, choices=ReportState.choices, protected=True, editable=False)
    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, null=True, related_name="report", editable=False)
    reason = models.CharField(max_length=300, blank=True, editable=False)

    class Meta:
        ordering = ["id"]
        verbose_name, verbose_name_plural = "reported payment", "reported payments"
        permissions = [("match_paymentreport", "Can match a reported payment")]
        indexes = [
            models.Index(fields=["state", "id"], name="report_list_of_state"),
            models.Index(fields=["provider", "id"], name="report_list_of_provider"),
            models.Index(fields=["reported_by", "id"], name="report_list_of_app"),
            models.Index(fields=["reported_at"], name="report_list_of_day"),
            models.Index(fields=["reference"], name="report_of_reference"),
        ]
        constraints = [
            models.CheckConstraint(name="report_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="report_state_known", condition=Q(state__in=ReportState.values)),
            models.CheckConstraint(
                name="a_match_has_its_payment", condition=~Q(state=ReportState.MATCHED) | Q(payment__isnull=False)
            ),
            models.UniqueConstraint(
                name="one_open_report_an_instalment_and_reference",
                fields=["instalment", "reference"],
                condition=~Q(state=ReportState.REJECTED),
            ),
        ]

    def __str__(self) -> str:
        return in_words(self.amount, self.currency)

    @transition(state, ReportState.REPORTED, ReportState.MATCHED, permission="billing.match_paymentreport")
    def match(self, *, payment: Payment) -> None:
        self.payment = payment

    @transition(
        state,
        ReportState.REPORTED,
        ReportState.REJECTED,
        permission="billing.match_paymentreport",
        custom={"asks_reason": True},
    )
    def reject(self, *, reason: str) -> None:
        self.reason = reason


class WaiverState(models.TextChoices):
    ASKED = "ASKED", "Waits for a second person"
    APPROVED = "APPROVED"
    REFUSED = "REFUSED"


class Waiver(ConcurrentTransitionMixin, models.Model):
    """A part of the price that is forgone: asked for by one person with a reason, decided by another (four eyes)."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="waivers")
    provider = ProviderOfOrder()
    instalment = models.ForeignKey(Instalment, on_delete=models.PROTECT, related_name="waivers")
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=14, decimal_places=3, validators=[MinValueValidator(0)])
    reason = models.CharField(max_length=300)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    state = FSMField(default=WaiverState.ASKED, choices=WaiverState.choices, protected=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    refusal = models.CharField("why not", max_length=300, blank=True, editable=False)

    class Meta:
        ordering = ["id"]
        permissions = [("approve_waiver", "Can approve a waiver that somebody else asked for")]
        indexes = [
            models.Index(fields=["state", "id"], name="waiver_list_of_state"),
            models.Index(fields=["provider", "id"], name="waiver_list_of_provider"),
            models.Index(fields=["asked_at"], name="waiver_list_of_day"),
        ]
        constraints = [
            models.CheckConstraint(name="waiver_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="waiver_state_known", condition=Q(state__in=WaiverState.values)),
            models.CheckConstraint(
                name="a_waiver_needs_four_eyes",
                condition=~Q(state=WaiverState.APPROVED) | (Q(decided_by__isnull=False) & ~Q(decided_by=F("asked_by"))),
            ),
            models.UniqueConstraint(
                name="one_open_waiver_an_instalment", fields=["instalment"], condition=Q(state=WaiverState.ASKED)
            ),
        ]

    def __str__(self) -> str:
        return in_words(self.amount, self.currency)

    @transition(state, WaiverState.ASKED, WaiverState.APPROVED, permission="billing.approve_waiver")
    def approve(self, *, by: int) -> None:
        self.decided_by_id = by

    @transition(
        state,
        WaiverState.ASKED,
        WaiverState.REFUSED,
        permission="billing.approve_waiver",
        custom={"asks_reason": True},
    )
    def refuse(self, *, reason: str) -> None:
        self.refusal = reason
