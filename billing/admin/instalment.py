"""What is asked for: on the page of the application below its quote, and over all orders."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from unfold.decorators import display

from billing.ledger import payment_status, with_received
from billing.models import Instalment, Quote
from billing.pricing import in_words
from connections.admin import ReadOnlyAdmin, ReadOnlyInline, add_to_application_page, badge, moment
from connections.vocabulary import OPEN_STATES, ApplicationState, PaymentStatus

PAYMENT_TONES: dict[str, str] = {
    PaymentStatus.PENDING: "",
    PaymentStatus.PARTIALLY_PAID: "warning",
    PaymentStatus.PAID: "success",
    PaymentStatus.FAILED: "danger",
    PaymentStatus.REFUNDED: "",
}


ASKED_FOR = [*OPEN_STATES, ApplicationState.CONNECTION_ESTABLISHED]  # of a cancelled order nothing more is asked


def pay_link(instalment: Any) -> str:
    """Leads to the payment form while something is open."""
    if instalment.application.fulfillment_state not in ASKED_FOR or instalment.open <= 0:
        return "-"
    address = f"{reverse('admin:billing_payment_add')}?instalment={instalment.pk}"
    return format_html('<a href="{}" class="text-link whitespace-nowrap">Record a payment</a>', address)


class QuoteInline(ReadOnlyInline):
    model = Quote
    verbose_name = verbose_name_plural = "Quote"
    fields = ["priced", "total_due", "valid"]
    readonly_fields = fields
    empty_words = "No price was told yet."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Quote]:
        return super().get_queryset(request).prefetch_related("lines")

    @admin.display(description="lines")
    def priced(self, quote: Quote) -> str:
        rows = ((line.title, in_words(line.amount, quote.currency)) for line in quote.lines.all())
        return format_html_join("", '<span class="block py-1">{}: {}</span>', rows)

    @admin.display(description="total")
    def total_due(self, quote: Quote) -> str:
        return format_html('<span class="font-semibold whitespace-nowrap">{}</span>', quote)

    @admin.display(description="holds until")
    def valid(self, quote: Quote) -> str:
        return moment(quote.valid_until)


class InstalmentInline(ReadOnlyInline):
    model = Instalment
    fields = ["due", "asked", "got", "status", "collected_by", "pay"]
    readonly_fields = fields
    empty_words = "Nothing is asked for."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return with_received(super().get_queryset(request)).select_related("application")

    @admin.display(description="falls due")
    def due(self, instalment: Instalment) -> str:
        return instalment.get_type_display()

    @admin.display(description="amount")
    def asked(self, instalment: Instalment) -> str:
        return in_words(instalment.amount, instalment.currency)

    @admin.display(description="received")
    def got(self, instalment: Any) -> str:
        return in_words(instalment.received, instalment.currency)

    @admin.display(description="status")
    def status(self, instalment: Instalment) -> str:
        status = payment_status(instalment)
        return badge(status.label, PAYMENT_TONES[status])

    @admin.display(description="payment")
    def pay(self, instalment: Any) -> str:
        return pay_link(instalment) if self.request.user.has_perm("billing.add_payment") else "-"


add_to_application_page(QuoteInline, InstalmentInline)


class IsOpen(admin.SimpleListFilter):
    title = "open"
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Something is open"), ("no", "Paid in full")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        paid = Q(open__lte=0)
        if self.value() == "yes":
            return queryset.filter(~paid, application__fulfillment_state__in=ASKED_FOR)
        return queryset.filter(paid) if self.value() == "no" else queryset


@admin.register(Instalment)
class InstalmentAdmin(ReadOnlyAdmin):
    """What is asked for, over all orders: the way to record a payment without looking for the application first."""

    list_display = ["application", "due", "asked", "got", "open", "collected_by", "pay"]
    list_filter = [IsOpen, "type", "collected_by", ("application__provider", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["application"]
    search_fields = ["application__number", "application__applicant_name"]
    search_help_text = "Order id or name"
    ordering = ["-application_id", "position"]
    fields = ["application", "type", "collected_by", "asked", "got"]

    def get_list_display(self, request: HttpRequest) -> list[str]:
        may_pay = request.user.has_perm("billing.add_payment")
        return [column for column in self.list_display if column != "pay" or may_pay]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        drafts = Q(application__fulfillment_state=ApplicationState.DRAFT)
        return with_received(super().get_queryset(request)).exclude(drafts)

    @admin.display(description="falls due", ordering="type")
    def due(self, instalment: Instalment) -> str:
        return instalment.get_type_display()

    @admin.display(description="amount", ordering="amount")
    def asked(self, instalment: Instalment) -> str:
        return in_words(instalment.amount, instalment.currency)

    @admin.display(description="received", ordering="received")
    def got(self, instalment: Any) -> str:
        return in_words(instalment.received, instalment.currency)

    @display(description="status", label={"Open": "warning", "Paid": "success", "Not asked any more": ""})
    def open(self, instalment: Any) -> str:
        if instalment.open <= 0:
            return "Paid"
        return "Open" if instalment.application.fulfillment_state in ASKED_FOR else "Not asked any more"

    @admin.display(description="payment")
    def pay(self, instalment: Any) -> str:
        return pay_link(instalment)
