"""The money on the page of an application: the quote with the account's sums, the instalments, the ledger."""

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from billing.accounts import Account
from billing.admin.instalment import PAYMENT_TONES, cashier_link
from billing.ledger import account_of, statuses_of, with_received
from billing.models import Entry, Instalment, Quote
from billing.owing import ASKED_FOR
from billing.pricing import in_words
from billing.services import preview_settlement
from connections.admin import ReadOnlyInline, add_to_application_page, badge, explain_cancelling, moment
from connections.models import Application
from connections.vocabulary import ApplicationState, PaymentStatus


class QuoteInline(ReadOnlyInline):
    model = Quote
    verbose_name = verbose_name_plural = "Money"
    fields = ["priced", "total_due", "valid", "account", "acts"]
    readonly_fields = fields
    empty_words = "No price was told yet."
    accounts: dict[int, Account]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Quote]:
        self.accounts = {}
        return super().get_queryset(request).select_related("application").prefetch_related("lines")

    @admin.display(description="quote")
    def priced(self, quote: Quote) -> str:
        rows = ((line.title, in_words(line.amount, quote.currency)) for line in quote.lines.all())
        return format_html_join("", '<span class="block py-1">{}: {}</span>', rows)

    @admin.display(description="total")
    def total_due(self, quote: Quote) -> str:
        return format_html('<span class="font-semibold whitespace-nowrap">{}</span>', quote)

    @admin.display(description="holds until")
    def valid(self, quote: Quote) -> str:
        return moment(quote.valid_until)

    @admin.display(description="account")
    def account(self, quote: Quote) -> str:
        """The sums that are not nothing, from the ledger."""
        if quote.application.fulfillment_state == ApplicationState.DRAFT:
            return "Nothing is asked for before the order."
        account = self._account(quote)
        sums = {
            "Asked for": account.charged,
            "Waived": account.waived,
            "Received": account.received,
            "Paid back": account.returned,
            "Open": account.open,
            "Due back": account.refund_due,
        }
        rows = ((name, in_words(amount, quote.currency)) for name, amount in sums.items() if amount)
        told = format_html_join("", '<span class="block py-1 whitespace-nowrap">{}: {}</span>', rows)
        return told or "Nothing is asked for, nothing came in."

    @admin.display(description="at the cashier's")
    def acts(self, quote: Quote) -> str:
        """What this person may do with the order's money now."""
        order, user = quote.application, self.request.user
        if order.fulfillment_state == ApplicationState.DRAFT:
            return "-"
        account, links = self._account(quote), []
        if user.has_perm("billing.add_payment") and account.open:
            links.append(cashier_link(order))
        elif user.has_perm("billing.view_payment") or user.has_perm("billing.add_payment"):
            links.append(cashier_link(order, "The account"))
        if user.has_perm("billing.refund_payment") and account.refund_due:
            address = reverse("admin:billing_refund", args=[order.pk])
            links.append(format_html('<a href="{}" class="text-link whitespace-nowrap">Pay back</a>', address))
        return format_html_join("", '<span class="block py-1">{}</span>', ((link,) for link in links)) or "-"

    def _account(self, quote: Quote) -> Account:
        """Added up once, though the page asks several times for each of its fields."""
        if quote.application_id not in self.accounts:
            self.accounts[quote.application_id] = account_of(quote.application)
        return self.accounts[quote.application_id]


class InstalmentInline(ReadOnlyInline):
    model = Instalment
    fields = ["due", "asked", "got", "forgone", "status", "collected_by", "waive"]
    readonly_fields = fields
    empty_words = "Nothing is asked for."
    statuses: dict[int, PaymentStatus]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        self.statuses = {}
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

    @admin.display(description="waived")
    def forgone(self, instalment: Any) -> str:
        return in_words(instalment.waived, instalment.currency) if instalment.waived else "-"

    @admin.display(description="status")
    def status(self, instalment: Instalment) -> str:
        if instalment.pk not in self.statuses:
            self.statuses.update(statuses_of(instalment.application))  # of all its rows at once
        status = self.statuses[instalment.pk]
        return badge(status.label, PAYMENT_TONES[status])

    @admin.display(description="waiver")
    def waive(self, instalment: Any) -> str:
        may = self.request.user.has_perm("billing.add_waiver") and self.request.user.has_perm("billing.view_instalment")
        if not may or instalment.open <= 0 or instalment.application.fulfillment_state not in ASKED_FOR:
            return "-"
        address = reverse("admin:billing_instalment_advance", args=[instalment.pk, "waive"])
        return format_html('<a href="{}" class="text-link whitespace-nowrap">Ask for one</a>', address)


class EntryInline(ReadOnlyInline):
    model = Entry
    fk_name = "application"
    verbose_name_plural = "Ledger"
    per_page = 30
    fields = ["when", "kind", "title", "owed", "settled", "who"]
    readonly_fields = fields
    empty_words = "Nothing was charged yet: that begins with the order."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        return super().get_queryset(request).select_related("reverses").order_by("-id")

    @admin.display(description="time")
    def when(self, entry: Entry) -> str:
        return moment(entry.at)

    @admin.display(description="owed")
    def owed(self, entry: Entry) -> str:
        return in_words(entry.amount, entry.currency) if entry.is_debit else ""

    @admin.display(description="settled")
    def settled(self, entry: Entry) -> str:
        return "" if entry.is_debit else in_words(entry.amount, entry.currency)

    @admin.display(description="who")
    def who(self, entry: Entry) -> str:
        return entry.actor


@explain_cancelling
def what_cancelling_costs(application: Application) -> str:
    """The fee that is kept and what goes back, if the applicant asked for it and if not."""
    asked, not_asked = (
        preview_settlement(application, at_state=application.fulfillment_state, by_applicant=by_applicant)
        for by_applicant in (True, False)
    )

    def say(amount: Decimal) -> str:
        return in_words(amount, asked.currency)

    if not asked.fee:
        back = f"{say(-asked.due)} is due back" if asked.due < 0 else "nothing is due back"
        return f"By the terms nothing is kept now, whoever asked: {back}."
    rest = f"{say(-asked.due)} is due back" if asked.due <= 0 else f"{say(asked.due)} is still to be paid"
    kept = f"The fee is {say(asked.fee)}: {rest}."
    return f"{kept} If the applicant did not ask, there is no fee: {say(max(-not_asked.due, Decimal(0)))} is due back."


add_to_application_page(QuoteInline, InstalmentInline, EntryInline)
