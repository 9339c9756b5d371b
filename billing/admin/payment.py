"""What came in and what went back: the list, the page, and taking one back. The cashier's screens hang here too."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from billing.admin.cashier import CashierPages
from billing.admin.money_pages import linked_paper, paper_of
from billing.admin.refunds import RefundPages
from billing.ledger import is_taken_back, payments_that_count
from billing.models import Payment
from billing.payments import reverse_payment
from connections.actors import Actor
from connections.admin import (
    ORDER_WORDS,
    ActionForm,
    FoundByOrder,
    LifecycleAdmin,
    Words,
    link_to,
    moment,
    name_events,
    on_one_line,
    stamp,
)
from connections.admin.read_only import ReadOnly

name_events(
    {
        "payment.recorded": "Payment received",
        "payment.returned": "Paid back",
        "payment.reversed": "Payment taken back",
        "voucher.issued": "Paper issued",
        "waiver.asked": "Waiver asked for",
        "waiver.approved": "Waiver approved",
        "waiver.refused": "Waiver refused",
        "paymentreport.reported": "Payment reported by the buyer app",
        "paymentreport.matched": "Reported payment matched",
        "paymentreport.rejected": "Reported payment not found",
    }
)


class TakeBackForm(ActionForm):
    reason = forms.CharField(
        label="Why",
        max_length=150,  # stands in the title of each entry, after the instalment's words
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "autofocus": True}),
        help_text="For example: the transfer was returned by the bank; typed for the wrong order.",
        error_messages={"required": "Say why the payment is taken back."},
    )


@admin.register(Payment)
class PaymentAdmin(FoundByOrder, ReadOnly, CashierPages, RefundPages, LifecycleAdmin):
    """Payments are added, never changed; each through billing.payments, so that the ledger and the timeline know."""

    empty_words = "Payments are taken at the cashier's."
    action_forms = {"take_back": TakeBackForm}
    list_display = ["when", "order", "amount_in_words", "method", "reference", "standing", "who"]
    list_filter = ["at", "method", "is_refund", ("provider", admin.RelatedFieldListFilter)]
    sortable_by: list[str] = []
    list_select_related = ["application"]
    exact_fields = ("reference",)
    search_help_text = f"Reference in full, {ORDER_WORDS}"
    ordering = ["-id"]
    fields = ["note"]
    show_add_link = False

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Which payments of this page count, at once; asked beside each row, PostgreSQL may read the whole ledger."""
        listed = super().get_changelist_instance(request)
        counting = payments_that_count(row.pk for row in listed.result_list)
        for row in listed.result_list:
            row.counts = row.pk in counting
        return listed

    @admin.display(description="when", ordering="at")
    def when(self, payment: Payment) -> str:
        return stamp(payment.at)

    @admin.display(description="application")
    def order(self, payment: Payment) -> str:
        return link_to(payment.application)

    @admin.display(description="amount", ordering="amount")
    def amount_in_words(self, payment: Payment) -> str:
        return on_one_line(f"{payment} paid back" if payment.is_refund else str(payment))

    @display(description="standing", label={"Counts": "success", "Taken back": "danger"})
    def standing(self, payment: Any) -> str:
        return "Counts" if payment.counts else "Taken back"

    @admin.display(description="by", ordering="actor")
    def who(self, payment: Payment) -> str:
        return payment.actor

    def get_panel(self, request: HttpRequest, obj: Payment) -> dict[str, Any]:
        gone = is_taken_back(obj)
        how = f"{obj.get_method_display()}{f', {obj.reference}' if obj.reference else ''}"
        return {
            "badges": [("Taken back", "danger", "") if gone else ("Counts", "success", "")],
            "facts": [
                ("Amount", f"{obj} {'paid back' if obj.is_refund else 'received'}"),
                ("Order", link_to(obj.application)),
                ("How", how),
                ("When", moment(obj.at)),
                ("Who", obj.actor),
                ("Paper", linked_paper(paper_of(obj))),
            ],
        }

    # --- Taking one back --------------------------------------------------------------------------------------------

    def is_offered(self, obj: Payment, action: str) -> bool:
        return action == "take_back"

    def get_open_actions(self, request: HttpRequest, obj: Payment) -> list[str]:
        may = request.user.has_perm("billing.reverse_payment") and not is_taken_back(obj)
        return ["take_back"] if may else []

    def get_words(self, obj: Payment, action: str) -> Words:
        if obj.is_refund:
            means = f"The refund did not arrive: {obj} is due back to the applicant again."
        else:
            means = f"The payment turned out to be none: {obj} does not count any more, and is owed again."
        return Words(
            "Take it back",
            f"{means} Both lines stay in the ledger, with your name and the reason. This can not be undone.",
            "taken back.",
            grave=True,
        )

    def perform_action(self, request: HttpRequest, obj: Payment, action: str, details: dict[str, Any]) -> None:
        reverse_payment(obj, actor=Actor.staff(request.user), **details)
