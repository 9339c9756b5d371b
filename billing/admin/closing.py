"""A day's closing at the desk: its figures while they grow, the cash that was counted, and the paper to print."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from billing.admin.money_pages import show
from billing.closing import close_day, days_to_close, expected_cash, figures_of, is_over, totals_of
from billing.models import Closing
from billing.pricing import in_words
from connections.actors import Actor
from connections.admin import ReadOnlyAdmin, moment, on_one_line
from connections.lifecycle import Refused
from connections.models import Provider
from connections.vocabulary import PaymentMethod


class DayForm(forms.Form):
    """Which day of which provider; a provider's oldest day that nobody closed where none is named."""

    provider = forms.ModelChoiceField(Provider.objects.all(), empty_label=None, widget=UnfoldAdminSelectWidget)
    day = forms.DateField(required=False, widget=UnfoldAdminDateWidget(attrs={"type": "date"}))


class CountForm(forms.Form):
    counted_cash = forms.DecimalField(
        label="Cash counted",
        max_digits=14,
        decimal_places=3,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal", "autocomplete": "off", "autofocus": True}),
        help_text="Without what was in the till that morning. With a minus where more went out than came in.",
        error_messages={"required": "Count the cash, and give the sum.", "invalid": "Give the sum in figures."},
    )
    note = forms.CharField(
        required=False,
        max_length=300,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text="Where the cash differs: why.",
    )


@admin.register(Closing)
class ClosingAdmin(ReadOnlyAdmin):
    empty_words = "A day is closed when it is over and its cash is counted."
    sortable_by: list[str] = []
    list_display = ["when", "provider", "expected", "counted", "difference_badge", "closed_by", "note"]
    list_filter = [("provider", admin.RelatedOnlyFieldListFilter), "day"]
    list_select_related = ["provider", "closed_by"]
    change_list_template = "admin/billing/closings.html"
    actions = None

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.day_view)
        return [path("day/", view, name="billing_closing_day"), *super().get_urls()]

    # --- The list ---------------------------------------------------------------------------------------------------

    @admin.display(description="day", ordering="day")
    def when(self, closing: Closing) -> str:
        return on_one_line(_in_words(closing.day))

    @admin.display(description="cash expected", ordering="expected_cash")
    def expected(self, closing: Closing) -> str:
        return on_one_line(in_words(closing.expected_cash, closing.currency))

    @admin.display(description="cash counted", ordering="counted_cash")
    def counted(self, closing: Closing) -> str:
        return on_one_line(in_words(closing.counted_cash, closing.currency))

    @display(description="cash", label={"It adds up": "success", "It differs": "danger"})
    def difference_badge(self, closing: Closing) -> str:
        return "It differs" if closing.difference else "It adds up"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Above the closings, the days that nobody closed."""
        waiting = [
            {"provider": provider, "day": _in_words(day), "address": day_address(provider, day)}
            for provider, days in days_to_close(Provider.objects.all()).items()
            for day in days
        ]
        more = {"days_to_close": waiting, "day_page": reverse("admin:billing_closing_day")}
        return super().changelist_view(request, {**(extra_context or {}), **more})

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """A closing is shown as its day."""
        closing = self.get_object(request, object_id)
        if not self.has_view_permission(request, closing):
            raise PermissionDenied
        if closing is None:
            raise Http404
        return HttpResponseRedirect(day_address(closing.provider, closing.day))

    # --- The day ----------------------------------------------------------------------------------------------------

    def day_view(self, request: HttpRequest) -> HttpResponse:
        """GET shows the day, as it stands or as it was frozen; POST closes it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        asked = DayForm(request.GET if request.GET else None)
        if asked.is_bound and not asked.is_valid():
            return show(self, request, "closing_day", "A day's closing", choose=asked)
        provider = asked.cleaned_data["provider"] if asked.is_bound else Provider.objects.first()
        if provider is None:
            messages.info(request, "There is no provider yet, and so no day to close.")
            return HttpResponseRedirect(reverse("admin:billing_closing_changelist"))
        named = asked.cleaned_data["day"] if asked.is_bound else None
        day = named or next(iter(days_to_close([provider])[provider]), None) or provider.today()
        if request.method == "POST":
            return self._close(request, provider, day)
        return self._show_day(request, provider, day, CountForm())

    def _close(self, request: HttpRequest, provider: Provider, day: date) -> HttpResponse:
        form = CountForm(request.POST)
        if not form.is_valid():
            return self._show_day(request, provider, day, form)
        try:
            close_day(provider, day, actor=Actor.staff(request.user), **form.cleaned_data)
        except Refused as refusal:
            if refusal.code in {"not_allowed", "not_over", "already_closed"}:  # the page has no form then
                messages.error(request, str(refusal))
                return HttpResponseRedirect(day_address(provider, day))
            form.add_error(None, str(refusal))
            return self._show_day(request, provider, day, form)
        messages.success(request, f"{_in_words(day)} is closed. Its figures stand as they are now.")
        return HttpResponseRedirect(day_address(provider, day))

    def _show_day(self, request: HttpRequest, provider: Provider, day: date, form: CountForm) -> HttpResponse:
        closing = self._closings(request).filter(provider=provider, day=day).first()
        figures = closing.figures if closing else figures_of(provider, day)
        currency = closing.currency if closing else provider.currency
        expected = closing.expected_cash if closing else expected_cash(provider, figures)
        over, may_close = is_over(provider, day), request.user.has_perm("billing.add_closing")
        return show(
            self,
            request,
            "closing_day",
            f"{_in_words(day)}: {provider}",
            choose=DayForm(initial={"provider": provider, "day": day}),
            form=form if over and may_close and not closing else None,
            provider=provider,
            closing=closing,
            closed_at=moment(closing.closed_at) if closing else "",
            is_over=over,
            may_close=may_close,
            rows=[_told(row) for row in figures["rows"]],
            by_method=[_told(row) for row in totals_of(figures["rows"], "currency", "method")],
            totals=[_told(row) for row in totals_of(figures["rows"], "currency")],
            papers=[("Receipts", figures["receipts"]), ("Refund notes", figures["refund_notes"])],
            expected=in_words(expected, currency),
            counted=in_words(closing.counted_cash, currency) if closing else "",
            difference=in_words(closing.difference, currency) if closing and closing.difference else "",
            closings=reverse("admin:billing_closing_changelist"),
        )

    def _closings(self, request: HttpRequest) -> QuerySet[Closing]:
        rows: QuerySet[Closing] = self.get_queryset(request)
        return rows.select_related("closed_by")


def day_address(provider: Provider, day: date) -> str:
    return f"{reverse('admin:billing_closing_day')}?provider={provider.pk}&day={day.isoformat()}"


def _in_words(day: date) -> str:
    return date_format(day, "D j M Y")


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the figures with its amounts and its method in words."""
    amounts = {
        name: in_words(Decimal(row[name]), row["currency"]) for name in ("taken", "paid_back", "taken_back", "net")
    }
    method = PaymentMethod(row["method"]).label if "method" in row else ""
    return {**row, **amounts, "method": method}
