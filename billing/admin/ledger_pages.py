"""The ledger at the desk: every line of every order, and the file for the accountants."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.http import content_disposition_header
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminSelectWidget

from billing.admin.money_pages import show
from billing.ledger_file import entries_between, ledger_lines, sums_of
from billing.models import Entry
from billing.pricing import in_words
from connections.admin import BY_PROVIDER, FoundByOrder, ReadOnlyAdmin, link_to, on_one_line, stamp
from connections.models import Provider
from connections.vocabulary import EntryKind


class PeriodForm(forms.Form):
    provider = forms.ModelChoiceField(Provider.objects.all(), empty_label=None, widget=UnfoldAdminSelectWidget)
    first = forms.DateField(label="From", widget=UnfoldAdminDateWidget(attrs={"type": "date"}))
    last = forms.DateField(label="To, that day included", widget=UnfoldAdminDateWidget(attrs={"type": "date"}))

    def clean(self) -> dict[str, Any]:
        period: dict[str, Any] = super().clean() or {}
        if period.get("first") and period.get("last") and period["last"] < period["first"]:
            self.add_error("last", "The last day must not come before the first.")
        return period


@admin.register(Entry)
class EntryAdmin(FoundByOrder, ReadOnlyAdmin):
    empty_words = "A line is written when an order is charged, and whenever money moves."
    list_display = ["when", "order", "kind", "title", "owed", "settled", "who"]
    list_filter = ["kind", "at", BY_PROVIDER]
    sortable_by: list[str] = []
    list_select_related = ["application", "reverses"]
    ordering = ["-id"]
    fields = ["when", "order", "instalment", "kind", "title", "owed", "settled", "payment", "reverses", "who"]
    readonly_fields = ["when", "order", "owed", "settled", "who"]
    change_list_template = "admin/billing/entries.html"

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.period_view)
        file = self.admin_site.admin_view(self.file_view)
        return [
            path("period/", page, name="billing_ledger"),
            path("ledger.csv", file, name="billing_ledger_file"),
            *super().get_urls(),
        ]

    @admin.display(description="when", ordering="at")
    def when(self, entry: Entry) -> str:
        return stamp(entry.at)

    @admin.display(description="order")
    def order(self, entry: Entry) -> str:
        return link_to(entry.application)

    @admin.display(description="debit")
    def owed(self, entry: Entry) -> str:
        return on_one_line(in_words(entry.amount, entry.currency)) if entry.is_debit else ""

    @admin.display(description="credit")
    def settled(self, entry: Entry) -> str:
        return "" if entry.is_debit else on_one_line(in_words(entry.amount, entry.currency))

    @admin.display(description="who")
    def who(self, entry: Entry) -> str:
        return entry.actor

    # --- For the accountants ----------------------------------------------------------------------------------------

    def period_view(self, request: HttpRequest) -> HttpResponse:
        """Which period, what it adds up to, and the way to the file."""
        self._check_may_look(request)
        form = PeriodForm(request.GET) if request.GET else PeriodForm(initial=_this_month())
        context: dict[str, Any] = {"form": form, "entries": reverse("admin:billing_entry_changelist")}
        if form.is_bound and form.is_valid():
            rows = entries_between(**form.cleaned_data)
            file = f"{reverse('admin:billing_ledger_file')}?{request.GET.urlencode()}"
            context |= {"lines": rows.count(), "sums": sums_of(rows), "kinds": EntryKind.choices, "file": file}
        return show(self, request, "ledger", "The ledger as a file", **context)

    def file_view(self, request: HttpRequest) -> HttpResponseBase:
        self._check_may_look(request)
        form = PeriodForm(request.GET)
        if not form.is_valid():
            return self.period_view(request)
        period = form.cleaned_data
        provider: Provider = period["provider"]
        lines: Iterator[str] = ledger_lines(entries_between(**period), provider.zone)
        name = f"ledger-{provider.code}-{period['first']}-{period['last']}.csv"
        answer = StreamingHttpResponse((line.encode() for line in lines), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
        return answer

    def _check_may_look(self, request: HttpRequest) -> None:
        if not request.user.has_perm("billing.view_entry"):
            raise PermissionDenied


def _this_month() -> dict[str, Any]:
    provider = Provider.objects.first()
    today = provider.today() if provider else date.today()  # noqa: DTZ011 - nothing is asked of nobody
    return {"provider": provider, "first": today.replace(day=1), "last": today}
