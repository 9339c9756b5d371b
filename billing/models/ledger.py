"""The ledger: what was charged, what came in, what went back, what was taken back, what was waived."""

import uuid
from typing import Any, NoReturn

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from billing.models.quote import Instalment
from billing.pricing import in_words
from connections.models import Application, Provider, ProviderOfOrder
from connections.vocabulary import EntryKind, PaymentMethod
from connections.worded import Worded


class AppendedOnly(models.QuerySet[Any]):
    """Rows that are added and read. A mistake is put right by a further row that says so."""

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("The books are never changed: add a row that puts it right.")

    update = delete = bulk_update = _refuse


class AppendOnlyModel(Worded):
    """A row of the books: saved once, never again."""

    objects = AppendedOnly.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("The books are never changed: add a row that puts it right.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("The books are never changed: add a row that puts it right.")


class Payment(AppendOnlyModel):
    """Money that moved at once: it came in, or went back to the applicant. The entries say what for.

    `key` is made by whoever asks, once for each act: the same key again is the same payment.
    """

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="payments", db_index=False)
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="payments")
    is_refund = models.BooleanField("paid back", default=False)
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=14, decimal_places=3, validators=[MinValueValidator(0)])
    method = models.CharField(max_length=20, choices=PaymentMethod.choices)
    reference = models.CharField(max_length=120, blank=True, help_text="Of the card payment or the bank transfer.")
    key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    note = models.CharField(max_length=300, blank=True)
    actor = models.CharField(max_length=260)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(name="payment_positive", condition=Q(amount__gt=0)),
            models.UniqueConstraint(
                name="one_payment_a_reference",
                fields=["provider", "is_refund", "method", "reference"],
                condition=~Q(reference=""),
            ),
        ]
        indexes = [
            models.Index(fields=["method", "-id"], name="payment_list_of_method"),
            models.Index(fields=["provider", "-id"], name="payment_list_of_provider"),
            models.Index(fields=["-id"], name="payment_list_of_refunds", condition=Q(is_refund=True)),
            models.Index(fields=["reference"], name="payment_of_reference"),
        ]
        permissions = [
            ("refund_payment", "Can pay back what is due back"),
            ("reverse_payment", "Can take back a payment that was recorded"),
        ]

    def __str__(self) -> str:
        return in_words(self.amount, self.currency)


class Entry(AppendOnlyModel):
    """One line of an application's account. Every amount is above zero; the kind says which way it counts.

    CHARGE and REFUND raise what the applicant owes, PAYMENT and WAIVER lower it, REVERSAL undoes the entry that it
    names, whole and once. Without an instalment it is about the order as a whole (a cancellation fee). `till` is the
    provider whose till felt it, and so the payment's; it is kept here to find a provider's day by an index.
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="entries")
    provider = ProviderOfOrder()
    instalment = models.ForeignKey(Instalment, on_delete=models.PROTECT, null=True, related_name="entries")
    kind = models.CharField(max_length=10, choices=EntryKind.choices)
    title = models.CharField(max_length=200)
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=14, decimal_places=3)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True, related_name="entries")
    till = models.ForeignKey(Provider, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="reversal")
    actor = models.CharField(max_length=260)
    at = models.DateTimeField(default=timezone.now, db_index=True, editable=False)

    class Meta:
        ordering = ["id"]
        verbose_name, verbose_name_plural = "ledger entry", "ledger entries"
        indexes = [
            models.Index(fields=["kind", "-id"], name="entry_list_of_kind"),
            models.Index(fields=["provider", "-id"], name="entry_list_of_provider"),
            models.Index(fields=["application"], name="entry_fee", condition=Q(kind="CHARGE", instalment=None)),
            models.Index(fields=["till", "at"], name="entry_day_of_till", condition=Q(till__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(name="entry_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="entry_kind_known", condition=Q(kind__in=EntryKind.values)),
            models.CheckConstraint(
                name="a_reversal_names_what_it_undoes",
                condition=Q(kind=EntryKind.REVERSAL, reverses__isnull=False)
                | (~Q(kind=EntryKind.REVERSAL) & Q(reverses=None)),
            ),
            models.CheckConstraint(
                name="money_that_moved_has_its_payment",
                condition=~Q(kind__in=[EntryKind.PAYMENT, EntryKind.REFUND]) | Q(payment__isnull=False),
            ),
            models.CheckConstraint(
                name="money_that_moved_has_its_till",
                condition=Q(payment=None, till=None) | Q(payment__isnull=False, till__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {in_words(self.amount, self.currency)}"

    @property
    def is_debit(self) -> bool:
        """True where the line raises what the applicant owes; a reversal counts against what it undoes."""
        if self.reverses:
            return not self.reverses.is_debit
        return self.kind in {EntryKind.CHARGE, EntryKind.REFUND}
