"""What came in."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.admin import ModelAdmin

from billing.models import Instalment, Payment
from billing.pricing import to_minor_unit
from billing.services import paid, record_payment
from connections.actors import Actor
from connections.admin import link_to, moment, name_events, without_side_doors

name_events({"payment.recorded": "Payment received"})


class InstalmentChoice(forms.ModelChoiceField):
    def label_from_instance(self, instalment: Instalment) -> str:
        return f"{instalment.application}: {instalment}"


class PaymentForm(forms.ModelForm):
    class Meta:
        model = Payment
        fields = ["instalment", "amount", "reference"]
        field_classes = {"instalment": InstalmentChoice}

    def clean_amount(self) -> Decimal:
        amount: Decimal = self.cleaned_data["amount"]
        if amount <= 0:
            raise forms.ValidationError("The amount must be more than nothing.")
        return amount


@admin.register(Payment)
class PaymentAdmin(ModelAdmin):
    """Payments are added, never changed; each through `record_payment`, so that the timeline knows."""

    form = PaymentForm
    list_display = ["received", "application", "sum", "reference"]
    list_filter = ["received_at", ("instalment__application__provider", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["instalment__application"]
    search_fields = [
        "reference",
        "instalment__application__number",
        "instalment__application__applicant_name",
    ]
    ordering = ["-id"]
    show_full_result_count = False

    @admin.display(description="received", ordering="received_at")
    def received(self, payment: Payment) -> str:
        return moment(payment.received_at)

    @admin.display(description="application")
    def application(self, payment: Payment) -> str:
        return link_to(payment.application)

    @admin.display(description="amount", ordering="amount")
    def sum(self, payment: Payment) -> str:
        return str(payment)

    def get_fields(self, request: HttpRequest, obj: Payment | None = None) -> list[str]:
        if obj is None:
            return ["instalment", "amount", "reference"]
        return ["application", "instalment", "sum", "reference", "received"]

    def get_readonly_fields(self, request: HttpRequest, obj: Payment | None = None) -> list[str]:
        return ["application", "sum", "received"]

    def has_change_permission(self, request: HttpRequest, obj: Payment | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Payment | None = None) -> bool:
        return False

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A payment is always for something: without an instalment named, it is chosen from those open."""
        if self.has_add_permission(request) and not _instalment_named(request):
            messages.info(request, "Choose what was paid for.")
            return HttpResponseRedirect(f"{reverse('admin:billing_instalment_changelist')}?open=yes")
        return super().add_view(request, *args, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "instalment":
            same_order = Q(application__instalments=_instalment_named(request))
            kwargs["queryset"] = Instalment.objects.filter(same_order).select_related("application").distinct()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        return without_side_doors(field) if db_field.name == "instalment" else field

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What is still open of the instalment."""
        instalment = Instalment.objects.filter(pk=_instalment_named(request)).first()
        if instalment is None:
            return {}
        still_open = max(instalment.amount - paid(instalment), Decimal(0))
        return {"instalment": instalment.pk, "amount": to_minor_unit(still_open, instalment.currency)}

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        context.update(show_save_and_add_another=False, show_save_and_continue=False, show_history=False)
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Payment, form: forms.Form, change: bool) -> None:
        actor = Actor.staff(request.user)
        payment = record_payment(obj.instalment, amount=obj.amount, reference=obj.reference, actor=actor)
        obj.pk = payment.pk

    def response_add(self, request: HttpRequest, obj: Payment, *args: Any, **kwargs: Any) -> HttpResponse:
        messages.success(request, f"{obj} received for {obj.application}.")
        return HttpResponseRedirect(reverse("admin:connections_application_change", args=[obj.application.pk]))


def _instalment_named(request: HttpRequest) -> int:
    """The instalment that the page is about, 0 if none."""
    named = request.POST.get("instalment") or request.GET.get("instalment", "")
    return int(named) if named.isascii() and named.isdigit() and len(named) < 19 else 0
