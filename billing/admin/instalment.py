"""What is due, over all orders: the oldest first, each with the way to take it, and to ask that it be waived."""

from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from billing.accounts import Account
from billing.cash_desk import orders_with_fee_open
from billing.ledger import accounts_of, accounts_of_all, payment_status
from billing.models import Instalment, WaiverState
from billing.owing import ASKED_FOR
from billing.payments import ask_waiver
from billing.pricing import in_words, to_minor_unit
from connections.actors import Actor
from connections.admin import ActionForm, FoundByOrder, LifecycleAdmin, OfProvider, Words, link_to, on_one_line, stamp
from connections.admin.read_only import ReadOnly
from connections.models import Application
from connections.vocabulary import ApplicationState, PaymentStatus

PAYMENT_TONES: dict[str, str] = {
    PaymentStatus.PENDING: "",
    PaymentStatus.PARTIALLY_PAID: "warning",
    PaymentStatus.PAID: "success",
    PaymentStatus.FAILED: "danger",
    PaymentStatus.REFUNDED: "",
}


def cashier_link(application: Application, text: str = "Take a payment") -> str:
    """Leads to the order at the cashier's screen, with a form of its own."""
    address = f"{reverse('admin:billing_cashier_order', args=[application.pk])}?key={uuid4()}"
    return format_html('<a href="{}" class="text-link whitespace-nowrap">{}</a>', address, text)


class IsOpen(admin.SimpleListFilter):
    """What is open, unless all is asked for: whoever opens the list wants to know what is due."""

    title = "open"
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Something is open"), ("no", "Paid or waived in full"), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        """Without Django's own first choice, All: here it is one of ours."""
        return list(super().choices(changelist))[1:]

    def value(self) -> str:
        return super().value() or "yes"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "all":
            return queryset
        asked_for = queryset.filter(application__fulfillment_state__in=ASKED_FOR)
        if self.value() == "yes":
            return asked_for.filter(balance__gt=0, application__owes=True)
        return asked_for.filter(balance__lte=0)


class WaiveForm(ActionForm):
    amount = forms.DecimalField(
        label="Amount to waive",
        max_digits=14,
        decimal_places=3,
        widget=UnfoldAdminTextInputWidget(attrs={"autofocus": True, "inputmode": "decimal"}),
    )
    reason = forms.CharField(
        label="Why",
        max_length=150,  # stands in the title of the entry, after the instalment's words
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="The second person will read it, and it stands in the ledger.",
        error_messages={"required": "Say why it should be waived: the second person will read it."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        still_open = accounts_of(self.thing.application)[self.thing.pk].open
        self.initial["amount"] = to_minor_unit(still_open, self.thing.currency)


@admin.register(Instalment)
class InstalmentAdmin(FoundByOrder, ReadOnly, LifecycleAdmin):
    empty_words = "What is due comes with an order, by the payment terms of its offering."
    action_forms = {"waive": WaiveForm}
    action_words = {
        "waive": Words(
            "Ask for a waiver",
            "You ask that a part of it be forgone. Nothing changes until somebody else approves it.",
            "the waiver is asked for. Somebody else must decide.",
            quiet=True,
        )
    }
    show_add_link = False
    list_before_template = "admin/billing/fees_open.html"
    list_display = ["application", "since", "due", "asked", "got", "forgone", "rest", "standing", "pay"]
    list_filter = [IsOpen, ("application__provider", OfProvider)]
    sortable_by: list[str] = []
    list_select_related = ["application"]
    ordering = ["application_id", "position"]
    fields = ["collected_by"]

    class Media:
        css = {"all": ["servicedrop/money.css"]}

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Above the instalments the fees of orders that ended: no instalment asks for them, and they are due too."""
        asks_for_all = set(request.GET) <= {IsOpen.parameter_name} and request.GET.get(IsOpen.parameter_name) != "no"
        may_pay = request.user.has_perm("billing.add_payment")
        fees = [_fee(order, account, may_pay) for order, account in (orders_with_fee_open() if asks_for_all else [])]
        return super().changelist_view(request, {**(extra_context or {}), "fees": fees})

    def get_list_display(self, request: HttpRequest) -> list[str]:
        may_pay = request.user.has_perm("billing.add_payment")
        return [column for column in self.list_display if column != "pay" or may_pay]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        drafts = Q(application__fulfillment_state=ApplicationState.DRAFT)
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.exclude(drafts)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The accounts of the orders on this page at once."""
        listed = super().get_changelist_instance(request)
        accounts = accounts_of_all(row.application_id for row in listed.result_list)
        for row in listed.result_list:
            account = accounts[row.application_id][row.pk]
            row.received, row.waived, row.open = account.kept, account.waived, account.open
        return listed

    @admin.display(description="ordered")
    def since(self, instalment: Instalment) -> str:
        return stamp(instalment.application.ordered_at, "j M Y")

    @admin.display(description="falls due")
    def due(self, instalment: Instalment) -> str:
        return instalment.get_type_display()

    @admin.display(description="amount")
    def asked(self, instalment: Instalment) -> str:
        return _say(instalment, instalment.amount)

    @admin.display(description="received")
    def got(self, instalment: Any) -> str:
        return _say(instalment, instalment.received)

    @admin.display(description="waived")
    def forgone(self, instalment: Any) -> str:
        return _say(instalment, instalment.waived) if instalment.waived else "-"

    @admin.display(description="open")
    def rest(self, instalment: Any) -> str:
        is_open = instalment.open > 0 and instalment.application.fulfillment_state in ASKED_FOR
        return _say(instalment, instalment.open) if is_open else "-"

    @display(description="standing", label={"Open": "warning", "Settled": "success", "Not asked any more": ""})
    def standing(self, instalment: Any) -> str:
        if instalment.application.fulfillment_state not in ASKED_FOR:
            return "Not asked any more"
        return "Open" if instalment.open > 0 else "Settled"

    @admin.display(description="payment")
    def pay(self, instalment: Any) -> str:
        return cashier_link(instalment.application) if self.standing(instalment) == "Open" else "-"

    # --- The page of one --------------------------------------------------------------------------------------------

    def get_panel(self, request: HttpRequest, obj: Instalment) -> dict[str, Any]:
        account, status = accounts_of(obj.application)[obj.pk], payment_status(obj)
        facts = [
            ("Order", link_to(obj.application)),
            ("Falls due", obj.get_type_display()),
            ("Amount", in_words(obj.amount, obj.currency)),
            ("Received", in_words(account.kept, obj.currency)),
            ("Waived", in_words(account.waived, obj.currency)),
            ("Open", in_words(account.open, obj.currency)),
        ]
        if account.open and request.user.has_perm("billing.add_payment"):
            facts.append(("Payment", cashier_link(obj.application)))
        waiting = obj.waivers.filter(state=WaiverState.ASKED).first()
        warnings = [f"A waiver of {waiting} waits for a second person."] if waiting else []
        badges = [(status.label, PAYMENT_TONES[status], status.value)]
        return {"badges": badges, "facts": facts, "warnings": warnings}

    def is_offered(self, obj: Instalment, action: str) -> bool:
        return action == "waive"

    def get_open_actions(self, request: HttpRequest, obj: Instalment) -> list[str]:
        may = request.user.has_perm("billing.add_waiver") and obj.application.fulfillment_state in ASKED_FOR
        sensible = may and accounts_of(obj.application)[obj.pk].open > 0
        return ["waive"] if sensible and not obj.waivers.filter(state=WaiverState.ASKED).exists() else []

    def perform_action(self, request: HttpRequest, obj: Instalment, action: str, details: dict[str, Any]) -> None:
        ask_waiver(obj, actor=Actor.staff(request.user), **details)


def _fee(order: Application, account: Account, may_pay: bool) -> dict[str, Any]:
    """A row of the fees: what was asked for, what of it came in, and what is open."""
    currency = order.quote.currency
    return {
        "order": link_to(order),
        "ended": stamp(order.ended_at, "j M Y"),
        "asked": in_words(account.asked, currency),
        "kept": in_words(account.kept, currency),
        "open": in_words(account.open, currency),
        "pay": cashier_link(order) if may_pay else "",
    }


def _say(instalment: Instalment, amount: Any) -> str:
    return on_one_line(in_words(amount, instalment.currency))
