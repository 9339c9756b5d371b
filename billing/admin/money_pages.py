"""What the pages about money share: their frame, the form for money that moves, and words for what moved."""

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextInputWidget

from billing.cash_desk import AboveDue
from billing.models import Payment, Voucher
from billing.papers.links import paper_path
from billing.pricing import in_words, say_what_is_wrong
from connections.models import Application
from connections.vocabulary import PaymentMethod

AT_THE_DESK = [
    (PaymentMethod.CASH, "Cash"),
    (PaymentMethod.CARD, "Card"),
    (PaymentMethod.BANK_TRANSFER, "Bank transfer"),
]
WITH_REFERENCE = {
    PaymentMethod.CARD: "Give the number on the card slip.",
    PaymentMethod.BANK_TRANSFER: "Give the reference of the bank transfer.",
    PaymentMethod.BUYER_APP: "Give the reference of the buyer app.",
}


class SoundMoney(forms.Form):
    """What every form of money that moves asks for: an amount that its `currency` has, and the reference where the
    method has one. `key` is made with the form: sent twice, it is one payment. `agreed` is the figure that a person
    said yes to on the page between."""

    currency: str
    key = forms.UUIDField(widget=forms.HiddenInput)
    agreed = forms.DecimalField(required=False, max_digits=14, decimal_places=3, widget=forms.HiddenInput)

    def clean_amount(self) -> Decimal:
        amount: Decimal = self.cleaned_data["amount"]
        wrong = say_what_is_wrong(amount, self.currency)
        if wrong:
            raise ValidationError(wrong)
        return amount

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        missing = WITH_REFERENCE.get(given.get("method", ""))
        if missing and "reference" in given and not given["reference"]:
            self.add_error("reference", missing)
        return given


class MoneyForm(SoundMoney):
    """Amount, method and reference of what is paid at the desk."""

    amount = forms.DecimalField(
        max_digits=14,
        decimal_places=3,
        widget=UnfoldAdminTextInputWidget(
            attrs={"autofocus": True, "inputmode": "decimal", "autocomplete": "off", "size": 14}
        ),
        error_messages={"required": "Give the amount.", "invalid": "Give the amount in figures, such as 150.00."},
    )
    method = forms.ChoiceField(
        choices=AT_THE_DESK, widget=forms.RadioSelect, error_messages={"required": "Choose cash, card or transfer."}
    )
    reference = forms.CharField(
        required=False,
        max_length=120,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text="The number on the card slip, or the reference of the transfer. Cash needs none.",
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency

    @property
    def moved(self) -> dict[str, Any]:
        """What the services take."""
        return {name: self.cleaned_data[name] for name in ("amount", "method", "reference", "key")}


def show(
    pages: ModelAdmin, request: HttpRequest, template: str, title: str, *, status: int = 200, **context: Any
) -> TemplateResponse:
    """A page of money inside the desk's frame."""
    frame = {**pages.admin_site.each_context(request), "title": title}
    return TemplateResponse(request, f"admin/billing/{template}.html", {**frame, **context}, status=status)


def ask_about_surplus(
    pages: ModelAdmin, request: HttpRequest, application: Application, surplus: AboveDue
) -> TemplateResponse:
    """The page between, where more is paid than is owed: what was sent is sent again with the figure agreed to."""
    amount, owed, over = (
        in_words(money, application.quote.currency) for money in (surplus.amount, surplus.owed, surplus.over)
    )
    return show(
        pages,
        request,
        "cashier_check",
        "Check the amount",
        order=application,
        given=request.POST,
        agreed=surplus.over,
        button=f"Take {amount}",
        sentences=[
            f"{amount} is more than what is owed: {owed}.",
            f"If you take it, {over} more will be due back to {application.applicant_name}.",
        ],
    )


def key_in(request: HttpRequest) -> UUID | None:
    """The key that stands in the page's address, so that going back leads to the same form."""
    try:
        return UUID(request.GET.get("key", ""))
    except ValueError:
        return None


def with_new_key(address: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(f"{address}?key={uuid4()}")


def linked_paper(voucher: Voucher | None) -> str:
    """A paper's name, leading to its page."""
    return format_html('<a href="{}" class="text-link">{}</a>', paper_path(voucher), voucher) if voucher else "-"


def paper_of(payment: Payment) -> Voucher | None:
    """The receipt or the refund note."""
    voucher: Voucher | None = getattr(payment, "voucher", None)
    return voucher
