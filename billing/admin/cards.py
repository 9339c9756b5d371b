"""The money's cards on the first page: what waits for somebody."""

from collections.abc import Iterable

from django.http import HttpRequest
from django.urls import reverse

from billing.cash_desk import orders_with_refund_due
from billing.closing import days_to_close
from billing.models import PaymentReport, ReportState, Waiver, WaiverState
from connections.admin import Card, count_some, dashboard_cards
from connections.models import Provider


@dashboard_cards
def what_the_money_waits_for(request: HttpRequest) -> Iterable[Card]:
    if request.user.has_perm("billing.refund_payment"):
        count = len(orders_with_refund_due())
        yield Card("Due back", count, "orders with money to pay back", reverse("admin:billing_refunds"), bool(count))
    if request.user.has_perm("billing.view_paymentreport"):
        count = count_some(PaymentReport.objects.filter(state=ReportState.REPORTED))
        address = f"{reverse('admin:billing_paymentreport_changelist')}?state__exact={ReportState.REPORTED}"
        yield Card("Reported payments", count, "to be matched with money", address, bool(count))
    if request.user.has_perm("billing.view_waiver"):
        waiting = Waiver.objects.filter(state=WaiverState.ASKED)
        others = count_some(waiting.exclude(asked_by=request.user.pk))
        address = f"{reverse('admin:billing_waiver_changelist')}?state__exact={WaiverState.ASKED}"
        may_decide = request.user.has_perm("billing.approve_waiver") and others > 0
        yield Card("Waivers to decide", count_some(waiting), "asked for, not decided yet", address, may_decide)
    if request.user.has_perm("billing.view_closing"):
        days = sum(map(len, days_to_close(Provider.objects.all()).values()))
        may_close = request.user.has_perm("billing.add_closing") and days > 0
        address = reverse("admin:billing_closing_changelist")
        yield Card("Days to close", days, "with money, over and not closed yet", address, may_close)
