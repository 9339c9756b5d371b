"""The numbered papers that the books keep: demand note, invoice, receipt, refund note."""

import secrets

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from billing.models.ledger import Payment
from billing.pricing import in_words
from connections.models import Application, Provider


def new_code() -> str:
    """Sixteen characters (96 bits) that nobody can guess: who has the paper can ask whether it is genuine."""
    return secrets.token_urlsafe(12)


class VoucherKind(models.TextChoices):
    DEMAND_NOTE = "DEMAND_NOTE", "Demand note"
    INVOICE = "INVOICE", "Invoice"
    RECEIPT = "RECEIPT", "Receipt"
    REFUND_NOTE = "REFUND_NOTE", "Refund note"


class Series(models.Model):
    """Where a provider's numbers of one kind of paper stand in a year. Locked while a number is taken: no gaps."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="series")
    kind = models.CharField(max_length=12, choices=VoucherKind.choices)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "series"
        constraints = [models.UniqueConstraint(fields=["provider", "kind", "year"], name="one_series_a_year")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.year}: {self.last}"


class Voucher(models.Model):
    """A paper as it was issued. What it says is frozen in `content`, whom it names in `addressee`.

    `content`: issuer (name, legal_name, address, tax_number, phone, email, payment_instructions, logo_url, colour),
    order, offering, consumer_number, issued_on (ISO, the provider's day), lines [[title, amount]]; a demand note's
    asked [[title, amount]], instalments (their ids), total and due; an invoice's total, received, waived, due and
    refund; a receipt's method and reference. Amounts are texts with the currency's minor unit. `addressee`: name,
    address, tax_id, premises.
    """

    Kind = VoucherKind

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="vouchers", db_index=False)
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="vouchers")
    kind = models.CharField(max_length=12, choices=VoucherKind.choices)
    number = models.CharField(max_length=40)
    code = models.CharField(max_length=24, unique=True, default=new_code, editable=False)
    currency = models.CharField(max_length=3)
    total = models.DecimalField(max_digits=14, decimal_places=3, help_text="What it asks for, or what it confirms.")
    due_on = models.DateField(null=True, blank=True)
    content = models.JSONField(encoder=DjangoJSONEncoder)
    addressee = models.JSONField(default=dict)
    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, null=True, related_name="voucher")
    issued_at = models.DateTimeField(auto_now_add=True)
    issued_by = models.CharField(max_length=260)

    class Meta:
        ordering = ["id"]
        verbose_name, verbose_name_plural = "paper", "invoices and receipts"
        constraints = [
            models.UniqueConstraint(fields=["provider", "number"], name="a_number_is_given_once"),
            models.CheckConstraint(name="voucher_not_negative", condition=Q(total__gte=0)),
            models.UniqueConstraint(
                name="one_invoice_an_application", fields=["application"], condition=Q(kind=VoucherKind.INVOICE)
            ),
        ]
        indexes = [
            models.Index(fields=["kind", "-id"], name="voucher_list_of_kind"),
            models.Index(fields=["provider", "-id"], name="voucher_list_of_provider"),
            models.Index(fields=["issued_at"], name="voucher_list_of_day"),
            models.Index(fields=["number"], name="voucher_of_number"),
        ]
        permissions = [("issue_voucher", "Can issue a demand note")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"

    @property
    def amount(self) -> str:
        return in_words(self.total, self.currency)
