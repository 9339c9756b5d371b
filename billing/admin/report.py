"""Payments that buyer apps reported: found among the money that came in, or not found."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from billing.admin.money_pages import SoundMoney, ask_about_surplus
from billing.admin.requests import NoForm, RequestAdmin
from billing.cash_desk import AboveDue, match_report
from billing.models import PaymentReport
from billing.pricing import to_minor_unit
from connections.actors import Actor
from connections.admin import BY_PROVIDER, ORDER_WORDS, ActionForm, KnownValues, Words, link_to, moment, stamp
from connections.privacy.access import note_view
from connections.vocabulary import PaymentMethod


class MatchForm(SoundMoney, ActionForm):
    """The money as staff found it, which may be another amount than the buyer app said."""

    amount = forms.DecimalField(
        label="Amount that came in",
        max_digits=14,
        decimal_places=3,
        widget=UnfoldAdminTextInputWidget(attrs={"autofocus": True, "inputmode": "decimal"}),
    )
    method = forms.ChoiceField(label="How", choices=PaymentMethod.choices, widget=UnfoldAdminSelectWidget)
    reference = forms.CharField(
        max_length=120,
        required=False,
        widget=UnfoldAdminTextInputWidget(),
        help_text="As it stands on the bank statement or in the buyer app's settlement.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        report: PaymentReport = self.thing
        self.currency = report.currency
        self.initial.update(
            amount=to_minor_unit(report.amount, report.currency),
            method=PaymentMethod.BUYER_APP if report.instalment.collected_by == "BAP" else PaymentMethod.BANK_TRANSFER,
            reference=report.reference,
            key=uuid4(),
        )


class NotFoundForm(NoForm):
    question = "What you looked for, and where"
    readers = "The buyer app and the applicant read it."


@admin.register(PaymentReport)
class PaymentReportAdmin(RequestAdmin):
    empty_words = "A buyer app says here that an applicant has paid it."
    action_forms = {"match": MatchForm, "reject": NotFoundForm}
    action_words = {
        "match": Words(
            "It is here",
            "The amount that you found is recorded for the instalment, with a receipt. The buyer app is told.",
            "matched.",
        ),
        "reject": Words(
            "It is not found",
            "Nothing is recorded. The instalment stays open, and the buyer app is told that the payment is missing.",
            "not found.",
            grave=True,
        ),
    }
    list_display = ["reported", "state_badge", "application", "due", "said", "reference", "reported_by"]
    list_filter = ["state", "reported_at", BY_PROVIDER, ("reported_by", KnownValues)]
    sortable_by: list[str] = []
    list_select_related = ["application", "instalment"]
    exact_fields = ("reference",)
    search_help_text = f"Reference in full, {ORDER_WORDS}"
    ordering = ["id"]  # who waits longest stands first
    fields = ["reference", "reported_by", "reason"]

    @admin.display(description="reported", ordering="reported_at")
    def reported(self, report: PaymentReport) -> str:
        return stamp(report.reported_at)

    @admin.display(description="instalment")
    def due(self, report: PaymentReport) -> str:
        return str(report.instalment)

    @admin.display(description="reported amount", ordering="amount")
    def said(self, report: PaymentReport) -> str:
        return str(report)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PaymentReport]:
        rows: QuerySet[PaymentReport] = super().get_queryset(request)
        return rows.select_related("application", "instalment", "payment")

    def what_is_asked(self, obj: PaymentReport) -> list[tuple[str, Any]]:
        return [
            ("Reported", f"{obj}{f', reference {obj.reference}' if obj.reference else ''}"),
            ("By", f"{obj.reported_by}, {moment(obj.reported_at)}"),
            ("For", obj.instalment),
        ]

    def what_came_of_it(self, obj: PaymentReport) -> list[tuple[str, Any]]:
        if obj.payment is None:
            return []
        return [("Matched with", link_to(obj.payment, f"{obj.payment}, {obj.payment.reference or 'cash'}"))]

    def _do(self, request: HttpRequest, obj: PaymentReport, action: str, form: ActionForm) -> HttpResponse:
        """With the cashier's page between, where more came in than is owed."""
        if "change" in request.POST:
            return self._ask(request, obj, action, form)
        try:
            return super()._do(request, obj, action, form)
        except AboveDue as surplus:
            note_view(request.user, obj.application, obj.application)
            return ask_about_surplus(self, request, obj.application, surplus)

    def perform_action(self, request: HttpRequest, obj: PaymentReport, action: str, details: dict[str, Any]) -> None:
        if action == "match":
            agreed: Decimal | None = details.pop("agreed")
            match_report(obj, actor=Actor.staff(request.user), over_seen=agreed, **details)
        else:
            super().perform_action(request, obj, action, details)
