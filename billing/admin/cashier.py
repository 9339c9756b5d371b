"""The cashier's screen: find an order, see what is due, take the payment, hand out the receipt."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextInputWidget

from billing.admin.find_order import AT_MOST, find_orders
from billing.admin.money_pages import MoneyForm, ask_about_surplus, key_in, paper_of, show, with_new_key
from billing.cash_desk import AboveDue, Standing, standing_of, take_payment
from billing.ledger import is_taken_back
from billing.models import Payment, ReportState, WaiverState
from billing.papers.links import paper_path
from billing.pricing import in_words, to_minor_unit
from connections.actors import Actor
from connections.admin import moment
from connections.lifecycle import Refused
from connections.models import Application
from connections.privacy.access import note_view
from connections.privacy.masking import mask_address, mask_name
from connections.vocabulary import ApplicationState


class FindForm(forms.Form):
    q = forms.CharField(
        label="Order",
        max_length=200,
        widget=UnfoldAdminTextInputWidget(attrs={"autofocus": True, "autocomplete": "off", "type": "search"}),
        help_text="Order id, name, telephone, or the number of a paper or a payment. Enter looks for it.",
    )


class CashierPages(ModelAdmin):
    """Adds the cashier's screen to the admin of payments. Open to whoever may view or add payments."""

    def get_urls(self) -> list[URLPattern]:
        def page(route: str, view: Any, name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(view), name=name)

        return [
            page("cashier/", self.find_view, "billing_cashier"),
            page("cashier/<int:pk>/", self.order_view, "billing_cashier_order"),
            page("cashier/done/<int:pk>/", self.done_view, "billing_cashier_done"),
            *super().get_urls(),
        ]

    # --- Which order ------------------------------------------------------------------------------------------------

    def find_view(self, request: HttpRequest) -> HttpResponse:
        _check_may_look(request)
        form = FindForm(request.GET if "q" in request.GET else None)
        found = find_orders(form.cleaned_data["q"]) if form.is_valid() else []
        if len(found) == 1:
            return with_new_key(order_address(found[0]))
        return show(self, request, "cashier_find", "Cashier", form=form, rows=_rows(found), at_most=AT_MOST)

    # --- What is due, and taking it ---------------------------------------------------------------------------------

    def order_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET shows, POST takes the payment. The key of the payment to be taken stands in the address."""
        _check_may_look(request)
        application = find_order_or_404(pk)
        if application.fulfillment_state == ApplicationState.DRAFT:
            messages.info(request, f"{application} is not ordered yet: nothing is asked for.")
            return HttpResponseRedirect(reverse("admin:billing_cashier"))
        note_view(request.user, application, application)
        if request.method == "POST":
            return self._take(request, application)
        key = key_in(request)
        if key is None:
            return with_new_key(order_address(application))
        standing = standing_of(application)
        currency = application.quote.currency
        proposed = to_minor_unit(standing.proposed, currency)
        form = MoneyForm(initial={"key": key, "amount": proposed or ""}, currency=currency)
        return self._show_order(request, application, standing, form, Payment.objects.filter(key=key).first())

    def _take(self, request: HttpRequest, application: Application) -> HttpResponse:
        if not request.user.has_perm("billing.add_payment"):
            raise PermissionDenied
        form = MoneyForm(request.POST, currency=application.quote.currency)
        if "key" in form.errors:
            messages.error(request, "Nothing was recorded. Please enter it once more.")
            return with_new_key(order_address(application))
        if not form.is_valid() or "change" in request.POST:
            return self._show_order(request, application, standing_of(application), form)
        agreed = form.cleaned_data["agreed"]
        try:
            outcome = take_payment(application, actor=Actor.staff(request.user), over_seen=agreed, **form.moved)
        except AboveDue as surplus:
            return ask_about_surplus(self, request, application, surplus)
        except Refused as refusal:
            form.add_error(None, str(refusal))
            return self._show_order(request, application, standing_of(application), form)
        address = reverse("admin:billing_cashier_done", args=[outcome.payment.pk])
        return HttpResponseRedirect(address if outcome.is_new else f"{address}?again=1")

    def _show_order(
        self,
        request: HttpRequest,
        application: Application,
        standing: Standing,
        form: MoneyForm,
        recorded: Payment | None = None,
    ) -> HttpResponse:
        return show(
            self,
            request,
            "cashier_order",
            f"Cashier: {application.number}",
            order=application,
            back=reverse("admin:billing_cashier"),
            form=form if request.user.has_perm("billing.add_payment") else None,
            recorded=recorded,
            recorded_words=_sentence(recorded) if recorded else "",
            another=f"{order_address(application)}",
            **what_stands(request, application, standing),
        )

    # --- What was done ----------------------------------------------------------------------------------------------

    def done_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        _check_may_look(request)
        payment = Payment.objects.select_related("application__provider", "voucher").filter(pk=pk).first()
        if payment is None:
            raise Http404
        order, standing, paper = payment.application, standing_of(payment.application), paper_of(payment)
        return show(
            self,
            request,
            "cashier_done",
            "Already recorded" if "again" in request.GET else "Recorded",
            payment=payment,
            order=order,
            sentence=_sentence(payment),
            again="again" in request.GET,
            taken_back=is_taken_back(payment),
            paper=paper,
            paper_link=paper_path(paper) if paper else "",
            order_address=order_address(order),
            next_order=reverse("admin:billing_cashier"),
            **what_stands(request, order, standing),
        )


def order_address(application: Application) -> str:
    return reverse("admin:billing_cashier_order", args=[application.pk])


def _check_may_look(request: HttpRequest) -> None:
    if not (request.user.has_perm("billing.view_payment") or request.user.has_perm("billing.add_payment")):
        raise PermissionDenied


def find_order_or_404(pk: int) -> Application:
    application = Application.objects.select_related("provider", "offering", "quote").filter(pk=pk).first()
    if application is None:
        raise Http404
    return application


def _rows(found: list[Application]) -> list[dict[str, Any]]:
    """Masked as every list is: the order's own page shows who it is, and that is noted."""
    return [
        {
            "order": application,
            "name": mask_name(application.applicant_name),
            "place": mask_address(application.address),
            "address": order_address(application),
        }
        for application in found
    ]


def _sentence(payment: Payment) -> str:
    """150.00 USD received in cash, Tue 12 May 2026, 14:00 PDT, by staff anna."""
    moved = "paid back" if payment.is_refund else "received"
    how = payment.get_method_display().lower()
    reference = f", reference {payment.reference}" if payment.reference else ""
    return f"{payment} {moved} ({how}{reference}), {moment(payment.at)}, by {payment.actor}."


# --- How the order stands -------------------------------------------------------------------------------------------


def what_stands(request: HttpRequest, application: Application, standing: Standing) -> dict[str, Any]:
    """The answer in the first line, the account's sums, the instalments, the payments and what waits for somebody."""
    currency, account = application.quote.currency, standing.account

    def say(amount: Decimal) -> str:
        return in_words(amount, currency)

    may_refund = account.refund_due and request.user.has_perm("billing.refund_payment")
    payments = application.payments.select_related("voucher").prefetch_related("entries__reversal")
    return {
        "due_now": say(standing.now) if standing.now else "",
        "due_later": say(standing.later) if standing.later else "",
        "refund_due": say(account.refund_due) if account.refund_due else "",
        "refund_address": reverse("admin:billing_refund", args=[application.pk]) if may_refund else "",
        "sums": [
            ("Asked for", say(account.charged)),
            ("Waived", say(account.waived)),
            ("Received", say(account.received)),
            ("Paid back", say(account.returned)),
            ("Open", say(account.open)),
        ],
        "instalments": [
            (row.get_type_display(), say(part.charged), say(part.kept), say(part.waived), say(part.open))
            for row, part in standing.rows
        ],
        "fee": say(standing.fee.charged) if standing.fee.charged else "",
        "payments": [_payment_row(application, payment) for payment in payments],
        "reports": _waiting_reports(request, application),
        "waivers": _waiting_waivers(request, application),
        "state": application.get_fulfillment_state_display(),
    }


def _payment_row(application: Application, payment: Payment) -> dict[str, Any]:
    payment.application = application  # known already
    voucher = paper_of(payment)
    if voucher:
        voucher.application = application
    return {
        "payment": payment,
        "when": moment(payment.at),
        "taken_back": is_taken_back(payment),
        "paper": voucher,
        "paper_link": paper_path(voucher) if voucher else "",
        "address": reverse("admin:billing_payment_change", args=[payment.pk]),
    }


def _waiting_reports(request: HttpRequest, application: Application) -> list[tuple[str, str]]:
    """A sentence for each, with the way to settle it where the person may."""
    may = request.user.has_perm("billing.match_paymentreport") and request.user.has_perm("billing.view_paymentreport")
    rows = []
    for report in application.payment_reports.filter(state=ReportState.REPORTED):
        reference = f", reference {report.reference}" if report.reference else ""
        address = reverse("admin:billing_paymentreport_change", args=[report.pk]) if may else ""
        rows.append((f"{report.reported_by} says that {report} was paid{reference}.", address))
    return rows


def _waiting_waivers(request: HttpRequest, application: Application) -> list[tuple[str, str]]:
    may = request.user.has_perm("billing.view_waiver")
    return [
        (
            f"{waiver.asked_by} asked to waive {waiver}: “{waiver.reason}”. It is not decided yet.",
            reverse("admin:billing_waiver_change", args=[waiver.pk]) if may else "",
        )
        for waiver in application.waivers.filter(state=WaiverState.ASKED).select_related("asked_by")
    ]
