"""The catalogue, as staff keep it: who serves where, what is offered, at what price, against which documents."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin, StackedInline, TabularInline
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminURLInputWidget

from connections.admin.added_once import AddedOnce
from connections.currencies import CURRENCIES
from connections.models import (
    CancellationReason,
    CancellationTerm,
    Holiday,
    Offering,
    PaymentTerm,
    PriceLine,
    Provider,
    RequiredDocument,
    ServiceArea,
    ServicePromise,
)
from connections.models.application import PHONE
from connections.models.provider import working_week


class ListField(forms.JSONField):
    """A JSON list; nothing typed is the empty list."""

    def __init__(self, *, example: str, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("widget", UnfoldAdminTextareaWidget(attrs={"rows": 2, "spellcheck": "false"}))
        kwargs["error_messages"] = {
            "invalid": f"This can not be read as a list. Mind brackets, commas and quotation marks: {example}"
        }
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Any:
        return [] if value in self.empty_values else super().to_python(value)

    def prepare_value(self, value: Any) -> Any:
        return "" if value in ([], "[]", None) else super().prepare_value(value)


class ServiceAreaForm(forms.ModelForm):
    city_codes = ListField(
        example='["NANP:628"]',
        help_text='City codes of the network, in quotation marks: ["NANP:628", "NANP:415"].',
    )
    postcodes = ListField(
        example='["94110", "94112"]', help_text='In quotation marks, with commas between: ["94110", "94112"].'
    )
    polygon = ListField(
        example="[[37.81, -122.52], [37.81, -122.35], [37.70, -122.35]]",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4, "spellcheck": "false"}),
        help_text="The corners, at least three, each as [latitude, longitude] in WGS 84:"
        " [[37.81, -122.52], [37.81, -122.35], [37.70, -122.35]]. The last corner joins the first.",
    )

    class Meta:
        model = ServiceArea
        fields = [
            "code",
            "name",
            "grid_zone",
            "city_codes",
            "postcodes",
            "polygon",
            "centre_latitude",
            "centre_longitude",
            "radius_km",
        ]


class ServiceAreaInline(StackedInline):
    model = ServiceArea
    form = ServiceAreaForm
    extra = 0
    tab = True
    fields = [
        ("code", "name"),
        "grid_zone",
        ("city_codes", "postcodes"),
        "polygon",
        ("centre_latitude", "centre_longitude", "radius_km"),
    ]


class ProviderForm(forms.ModelForm):
    logo_url = forms.URLField(required=False, assume_scheme="https", widget=UnfoldAdminURLInputWidget)
    working_weekdays = ListField(
        required=True,
        initial=working_week,
        example="[0, 1, 2, 3, 4]",
        help_text="The office's: 0 is Monday, 6 is Sunday. Due dates count working days.",
    )

    def clean_currency(self) -> str:
        """Buyer apps and banks are told it: three letters are not enough."""
        currency: str = self.cleaned_data["currency"]
        if currency not in CURRENCIES:
            raise forms.ValidationError(f"{currency} is no currency of ISO 4217 that people pay in; USD is one.")
        return currency

    def clean_support_phone(self) -> str:
        """Applicants and buyer apps are given it: what nobody can ring is refused."""
        phone: str = self.cleaned_data["support_phone"]
        if phone:
            PHONE(phone)
        return phone


class CancellationTermInline(TabularInline):
    model = CancellationTerm
    extra = 0
    tab = True
    hide_title = True


class ServicePromiseInline(TabularInline):
    model = ServicePromise
    extra = 0
    tab = True
    hide_title = True


class HolidayInline(TabularInline):
    model = Holiday
    extra = 0
    tab = True
    hide_title = True


class CancellationReasonInline(TabularInline):
    model = CancellationReason
    extra = 0
    tab = True
    hide_title = True


@admin.register(Provider)
class ProviderAdmin(AddedOnce, ModelAdmin):
    empty_words = "A provider is who connects houses: without one nothing can be offered."
    form = ProviderForm
    inlines = [
        ServiceAreaInline,
        ServicePromiseInline,
        HolidayInline,
        CancellationTermInline,
        CancellationReasonInline,
    ]
    list_display = ["name", "code", "currency", "order_prefix", "quote_valid_days", "active"]
    list_filter = ["active"]
    search_fields = ["name", "code"]
    warn_unsaved_form = True
    fieldsets = [
        (None, {"fields": [("name", "code"), "active", "short_description", "long_description"]}),
        ("Look", {"fields": [("logo_url", "brand_colour")]}),
        ("Help for applicants", {"fields": [("support_phone", "support_email")]}),
        ("Visits and working days", {"fields": [("onsite_service_id", "time_zone"), "working_weekdays"]}),
        ("Orders and quotes", {"fields": [("order_prefix", "consumer_prefix"), ("currency", "quote_valid_days")]}),
        (
            "Invoices and payment",
            {"fields": [("legal_name", "tax_number"), "postal_address", "payment_instructions", "payment_days"]},
        ),
        (
            "How long personal data is kept",
            {"fields": [("keep_files_days", "keep_messages_days"), ("keep_personal_days", "keep_drafts_days")]},
        ),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Provider | None = None) -> list[str]:
        """Quotes, ledger and till count in the currency of the first quote on: from then it stays."""
        return ["currency"] if obj and obj.applications.exists() else []

    def get_form(self, request: HttpRequest, obj: Provider | None = None, **kwargs: Any) -> Any:
        if "currency" in self.get_readonly_fields(request, obj):
            kwargs["help_texts"] = {"currency": "It stays: applications are quoted in it."}
        return super().get_form(request, obj, **kwargs)


class PriceLineInline(TabularInline):
    model = PriceLine
    extra = 0
    tab = True
    hide_title = True


class PaymentTermInline(TabularInline):
    model = PaymentTerm
    extra = 0
    tab = True
    hide_title = True


class RequiredDocumentInline(TabularInline):
    model = RequiredDocument
    extra = 0
    tab = True
    hide_title = True


@admin.register(Offering)
class OfferingAdmin(AddedOnce, ModelAdmin):
    empty_words = "An offering is what people can order: without one no buyer app finds anything."
    inlines = [PriceLineInline, PaymentTermInline, RequiredDocumentInline]
    list_display = ["name", "code", "provider", "property_type", "phase", "user_type", "loads", "active"]
    list_filter = [
        ("provider", admin.RelatedOnlyFieldListFilter),
        "active",
        "property_type",
        "phase",
        "user_type",
    ]
    list_select_related = ["provider"]
    search_fields = ["name", "code", "description"]
    save_as = True  # a new offering is mostly an old one with another load
    warn_unsaved_form = True
    fieldsets = [
        (None, {"fields": ["provider", ("name", "code"), "description", ("active", "position")]}),
        ("Who it is for", {"fields": [("property_type", "phase"), ("min_load_kw", "max_load_kw"), "user_type"]}),
        ("What it leads to", {"fields": [("meter_type", "billing_cycle"), ("tariff_category", "subsidy_eligible")]}),
    ]

    @admin.display(description="loads (kW)", ordering="max_load_kw")
    def loads(self, offering: Offering) -> str:
        return f"{offering.min_load_kw.normalize():f} to {offering.max_load_kw.normalize():f}"
