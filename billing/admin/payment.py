"""What came in and what went back."""

from django.contrib import admin

from billing.models import Payment
from connections.admin import ReadOnlyAdmin, link_to, moment, name_events

name_events(
    {
        "payment.recorded": "Payment received",
        "payment.returned": "Paid back",
        "payment.reversed": "Payment taken back",
        "voucher.issued": "Issued: {subject}",
        "waiver.asked": "Waiver asked for",
        "waiver.approved": "Waiver approved",
        "waiver.refused": "Waiver refused",
        "paymentreport.reported": "Payment reported by the buyer app",
        "paymentreport.matched": "Reported payment matched",
        "paymentreport.rejected": "Reported payment not found",
    }
)


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    """Payments are added, never changed; each through billing.payments, so that the ledger and the timeline know."""

    list_display = ["when", "order", "amount_in_words", "method", "reference"]
    list_filter = ["at", "method", "is_refund", ("provider", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["application"]
    search_fields = ["reference", "application__number", "application__applicant_name"]
    ordering = ["-id"]
    fields = ["order", "amount_in_words", "method", "reference", "note", "when", "actor"]

    @admin.display(description="when", ordering="at")
    def when(self, payment: Payment) -> str:
        return moment(payment.at)

    @admin.display(description="application")
    def order(self, payment: Payment) -> str:
        return link_to(payment.application)

    @admin.display(description="amount", ordering="amount")
    def amount_in_words(self, payment: Payment) -> str:
        return f"{payment} paid back" if payment.is_refund else str(payment)
