"""Money that is due back: the list of the orders, and paying it, by the terms and never more."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from unfold.admin import ModelAdmin

from billing.admin.cashier import find_order_or_404, order_address, what_stands
from billing.admin.money_pages import MoneyForm, key_in, show, with_new_key
from billing.cash_desk import orders_with_refund_due, standing_of
from billing.models import Payment
from billing.payments import return_payment
from billing.pricing import in_words, to_minor_unit
from connections.actors import Actor
from connections.lifecycle import Refused
from connections.models import Application
from connections.privacy.access import note_view


class RefundPages(ModelAdmin):
    """Adds what is due back to the admin of payments, for whoever may pay back."""

    def get_urls(self) -> list[URLPattern]:
        def page(route: str, view: Any, name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(view), name=name)

        return [
            page("refunds/", self.refunds_view, "billing_refunds"),
            page("refunds/<int:pk>/", self.refund_view, "billing_refund"),
            *super().get_urls(),
        ]

    def refunds_view(self, request: HttpRequest) -> HttpResponse:
        _check_may_refund(request)
        rows = [
            {
                "order": application,
                "why": _why(application),
                "due": in_words(account.refund_due, application.quote.currency),
                "address": refund_address(application),
            }
            for application, account in orders_with_refund_due()
        ]
        return show(self, request, "refunds", "Due back", rows=rows)

    def refund_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET asks how much and how, POST shows once more what will happen, and the second POST pays."""
        _check_may_refund(request)
        application = find_order_or_404(pk)
        note_view(request.user, application, application)
        if request.method == "POST":
            return self._pay_back(request, application)
        key = key_in(request)
        if key is None:
            return with_new_key(refund_address(application))
        known = Payment.objects.filter(key=key).first()
        if known:
            return HttpResponseRedirect(f"{reverse('admin:billing_cashier_done', args=[known.pk])}?again=1")
        due, currency = standing_of(application).account.refund_due, application.quote.currency
        initial = {"key": key, "amount": to_minor_unit(due, currency)}
        return self._show_refund(request, application, MoneyForm(initial=initial, currency=currency))

    def _pay_back(self, request: HttpRequest, application: Application) -> HttpResponse:
        form = MoneyForm(request.POST, currency=application.quote.currency)
        if "key" in form.errors:
            messages.error(request, "Nothing was paid back. Please enter it once more.")
            return with_new_key(refund_address(application))
        if not form.is_valid() or "change" in request.POST:
            return self._show_refund(request, application, form)
        given = form.cleaned_data
        was_there = Payment.objects.filter(key=given["key"]).exists()
        due = standing_of(application).account.refund_due
        if not was_there and given["amount"] <= due and given["agreed"] != given["amount"]:
            return self._ask_once_more(request, application, form)
        try:
            payment = return_payment(application, actor=Actor.staff(request.user), **form.moved)
        except Refused as refusal:
            form.add_error(None, str(refusal))
            return self._show_refund(request, application, form)
        again = was_there or payment.key != given["key"]
        address = reverse("admin:billing_cashier_done", args=[payment.pk])
        return HttpResponseRedirect(f"{address}?again=1" if again else address)

    def _ask_once_more(self, request: HttpRequest, application: Application, form: MoneyForm) -> HttpResponse:
        currency, amount = application.quote.currency, form.cleaned_data["amount"]
        left = standing_of(application).account.refund_due - amount
        how = dict(form.fields["method"].choices)[form.cleaned_data["method"]].lower()  # type: ignore[attr-defined]
        reference = f", reference {form.cleaned_data['reference']}" if form.cleaned_data["reference"] else ""
        return show(
            self,
            request,
            "cashier_check",
            "Check what is paid back",
            order=application,
            given=request.POST,
            agreed=amount,
            button=f"Pay {in_words(amount, currency)} back",
            sentences=[
                f"{in_words(amount, currency)} goes back to {application.applicant_name}: {how}{reference}.",
                f"{in_words(left, currency)} is still due back then." if left else "Nothing more is due back then.",
                "A refund note is issued, and the buyer app and the applicant's page say so.",
            ],
        )

    def _show_refund(self, request: HttpRequest, application: Application, form: MoneyForm) -> HttpResponse:
        standing = standing_of(application)
        return show(
            self,
            request,
            "refund",
            f"Pay back: {application.number}",
            order=application,
            form=form,
            why=_why(application),
            back=reverse("admin:billing_refunds"),
            at_the_cashier=order_address(application),
            **what_stands(request, application, standing),
        )


def refund_address(application: Application) -> str:
    return reverse("admin:billing_refund", args=[application.pk])


def _check_may_refund(request: HttpRequest) -> None:
    if not request.user.has_perm("billing.refund_payment"):
        raise PermissionDenied


def _why(application: Application) -> str:
    """What brought it about, as far as the order's state tells."""
    if application.fulfillment_state == "CANCELLED":
        return "The order is cancelled."
    return (
        "The utility rejected it." if application.fulfillment_state == "FAILED" else "More came in than is asked for."
    )
