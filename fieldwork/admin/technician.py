"""Technicians, when they work, and the windows of the day."""

import calendar
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from connections.admin import AddedOnce, ListField
from fieldwork.crew import let_work
from fieldwork.models import PENDING_VISITS, Skill, Slot, Technician
from fieldwork.models.technician import working_week
from fieldwork.planning import promised_to

DAYS = list(enumerate(calendar.day_name))  # 0 is Monday


class TechnicianEntry(forms.ModelForm):
    skills = forms.MultipleChoiceField(
        choices=Skill.choices, required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )
    working_days = forms.TypedMultipleChoiceField(
        choices=DAYS, coerce=int, required=False, initial=working_week, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )
    zones = ListField(
        example='["94110", "NANP:628"]',
        help_text='Postcodes or city codes in quotation marks: ["94110", "NANP:628"]. Empty: everywhere.',
    )

    class Meta:
        model = Technician
        fields = ["provider", "name", "phone"]

    def clean_zones(self) -> list[str]:
        zones = self.cleaned_data["zones"]
        if not isinstance(zones, list) or not all(isinstance(zone, str) and zone for zone in zones):
            raise forms.ValidationError('Write a list of texts, for example ["94110", "NANP:628"].')
        return zones


@admin.register(Technician)
class TechnicianAdmin(AddedOnce, ModelAdmin):
    empty_words = "Without technicians nobody can be sent to a visit."
    form = TechnicianEntry
    list_display = ["name", "provider", "phone", "can_do", "daily_capacity", "user", "active"]
    list_filter = [("provider", admin.RelatedOnlyFieldListFilter), "active"]
    list_select_related = ["provider", "user"]
    search_fields = ["name", "phone"]
    autocomplete_fields = ["user"]
    fieldsets = [
        (None, {"fields": ["provider", ("name", "phone"), ("user", "active")]}),
        ("Work", {"fields": [("skills", "working_days"), ("daily_capacity", "zones")]}),
        ("Place", {"fields": [("base_latitude", "base_longitude"), "shares_position"]}),
    ]

    def save_model(self, request: HttpRequest, obj: Technician, form: forms.Form, change: bool) -> None:
        super().save_model(request, obj, form, change)
        let_work(obj)  # whoever is named here may work their visits
        if not obj.active and (promised := promised_to(obj).count()):
            messages.warning(request, _still_promised(obj, promised))

    @admin.display(description="skills")
    def can_do(self, technician: Technician) -> str:
        labels: dict[Any, str] = dict(Skill.choices)
        return ", ".join(labels.get(skill, str(skill)) for skill in technician.skills) or "-"


def _still_promised(technician: Technician, count: int) -> SafeString:
    """Nobody takes the visits of who does not work any more from them: somebody must be put on each."""
    query = urlencode({"technician__id__exact": technician.pk, "state__in": ",".join(PENDING_VISITS)})
    return format_html(
        "{} is not active and still has <a href='{}' class='text-link'>{}</a> to make. Put somebody else on {}.",
        technician,
        f"{reverse('admin:fieldwork_visit_changelist')}?{query}",
        "1 visit" if count == 1 else f"{count} visits",
        "it" if count == 1 else "each of them",
    )


class SlotEntry(forms.ModelForm):
    """Times as the browser asks for them: unfold's own shortcuts have no name that can be read out."""

    class Meta:
        model = Slot
        fields = ["provider", "name", "starts", "ends"]
        widgets = {name: UnfoldAdminTextInputWidget(attrs={"type": "time"}) for name in ("starts", "ends")}


@admin.register(Slot)
class SlotAdmin(AddedOnce, ModelAdmin):
    empty_words = "Applicants choose among these windows; without them the office names each time."
    form = SlotEntry
    list_display = ["name", "starts", "ends", "provider"]
    list_filter = [("provider", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["provider"]
