"""Meters, from the stock to a wall and off it again."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from connections.admin import ORDER_WORDS, ActionForm, FoundByOrder, LifecycleAdmin, NothingToAsk, Words, link_to
from fieldwork.models import Meter, MeterState, Technician

METER_TONES: dict[str, str] = {
    MeterState.IN_STOCK: "",
    MeterState.ISSUED: "info",
    MeterState.INSTALLED: "success",
    MeterState.REMOVED: "",
    MeterState.FAULTY: "danger",
}


class IssueForm(ActionForm):
    technician = forms.ModelChoiceField(
        queryset=Technician.objects.none(), widget=UnfoldAdminSelectWidget, empty_label="Select value"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["technician"]
        field.queryset = Technician.objects.filter(provider=self.thing.provider_id, active=True)


class FaultForm(ActionForm):
    reason = forms.CharField(
        label="What is wrong with it",
        max_length=300,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "autofocus": True}),
        error_messages={"required": "Say what is wrong with it."},
    )


@admin.register(Meter)
class MeterAdmin(FoundByOrder, LifecycleAdmin):
    empty_words = "A meter is entered when it is bought; technicians install those in the stock."
    hidden_actions = ("install",)  # installing is part of a visit
    action_forms = {"issue": IssueForm, "report_faulty": FaultForm}
    action_words = {
        "issue": Words("Issue to a technician", "The technician has the meter from now on.", "issued."),
        "take_back": Words("Take it back", "From the technician's car into the stock.", "back in the stock."),
        "remove": Words("Take it off the wall", "The order keeps its serial as history.", "removed.", quiet=True),
        "report_faulty": Words("Faulty", "The meter is not installed any more.", "marked as faulty.", grave=True),
    }
    list_display = ["serial", "type", "phase", "max_load_kw", "state_badge", "technician", "provider"]
    list_filter = ["state", ("provider", admin.RelatedFieldListFilter)]
    sortable_by: list[str] = []
    list_select_related = ["provider", "technician"]
    exact_fields = ("serial",)
    search_help_text = f"Serial in full, {ORDER_WORDS}"
    fields = ["provider", "serial", ("type", "phase"), "max_load_kw"]

    @display(description="state", ordering="state", label=METER_TONES)
    def state_badge(self, meter: Meter) -> tuple[str, str]:
        return meter.state, meter.get_state_display()

    def get_panel(self, request: HttpRequest, obj: Meter) -> dict[str, Any]:
        facts = [("Technician", obj.technician or "Nobody"), ("Order", link_to(obj.application))]
        return {"badges": [(obj.get_state_display(), METER_TONES[obj.state], obj.state)], "facts": facts}

    def get_action_form(self, obj: Meter, action: str) -> type[ActionForm]:
        return self.action_forms.get(action, NothingToAsk)

    def has_change_permission(self, request: HttpRequest, obj: Meter | None = None) -> bool:
        """A meter that has left the stock is what its papers say."""
        return super().has_change_permission(request, obj) and (obj is None or obj.state == MeterState.IN_STOCK)

    def has_delete_permission(self, request: HttpRequest, obj: Meter | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or obj.state == MeterState.IN_STOCK)
