"""Applications: the list that staff live in, and the page that tells all about one."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import InlineModelAdmin
from django.db.models import QuerySet, prefetch_related_objects
from django.forms import Form, ModelForm
from django.http import HttpRequest, HttpResponse
from unfold.decorators import display

from connections.actors import Actor
from connections.admin.application_list import NeedsALook, OnHold, Overdue
from connections.admin.application_words import (
    APPLICATION_WORDS,
    DueTone,
    application_panel,
    due_label,
    joined,
    load_of,
    next_step,
    whose,
)
from connections.admin.cancelling import CancelForm
from connections.admin.counter import CounterForm, is_counter_draft, open_from_form
from connections.admin.desk import DESK_ACTS, DESK_FORMS, DESK_WORDS, do_desk_act, open_desk_acts
from connections.admin.document import DocumentInline
from connections.admin.finding import FoundByOrder
from connections.admin.lifecycle_admin import LifecycleAdmin
from connections.admin.lifecycle_forms import ActionForm, NothingToAsk, without_side_doors
from connections.admin.long_list import KnownValues
from connections.admin.look import APPLICATION_TONES, moment, on_one_line, shortened, stamp
from connections.admin.person import PersonPages
from connections.admin.personal import PersonalPage
from connections.admin.timeline import EventInline
from connections.admin.verification import VerificationPages
from connections.admin.voices import FeedbackInline
from connections.lifecycle import Refused
from connections.models import Application, Offering
from connections.privacy.access import may_see_in_full
from connections.privacy.masking import mask_address, mask_name, mask_phone
from connections.promises import with_clock
from connections.vocabulary import COUNTER

LOADS = ("requested_load_kw", "monthly_consumption_kwh")
APPLICANT = ["applicant_name", ("applicant_phone", "applicant_email")]
PREMISES = ["address", ("postcode", "city_code")]
BILLING = [("billing_name", "tax_id"), ("billing_phone", "billing_email"), "billing_address"]
PERSONAL_FIELDS = (
    "applicant_name",
    "applicant_phone",
    "applicant_email",
    "billing_name",
    "billing_phone",
    "billing_email",
    "billing_address",
    "tax_id",
    "address",
    "postcode",
    "latitude",
    "longitude",
    "position_as_given",
)
TO_FILL_IN = [
    (None, {"fields": ["offering", LOADS, "source_reference"]}),
    ("Applicant", {"fields": APPLICANT}),
    ("Premises", {"fields": [*PREMISES, ("latitude", "longitude")]}),
    ("Billing", {"fields": BILLING}),
]
# To be read, the parts stand behind tabs: the panel above tells the most, and the documents must not be far down.
TO_READ = {
    "Asked for": ["offering", LOADS],
    "Applicant": APPLICANT,
    "Premises": [*PREMISES, "position"],
    "Billing": BILLING,
    "Source": [("source", "source_reference"), ("opened", "ordered")],
}
CONNECTED = {
    "Connection": [
        ("consumer_number", "energised"),
        ("meter_serial", "meter_type"),
        ("seal_number", "initial_reading_kwh"),
        ("sanctioned_load_kw", "grid_zone"),
        ("tariff_category", "billing_cycle"),
    ]
}


@admin.register(Application)
class ApplicationAdmin(FoundByOrder, PersonalPage, PersonPages, VerificationPages, LifecycleAdmin):
    empty_words = "An application comes from a buyer app, or is taken at the counter."
    form = CounterForm
    inlines: list[type[InlineModelAdmin]] = [DocumentInline, EventInline, FeedbackInline]
    hidden_actions = ("assign_technician", "complete_assessment", "establish_connection")  # visits bring them about
    action_forms = {"cancel": CancelForm}
    action_words = {**APPLICATION_WORDS, **DESK_WORDS}
    personal_fields = PERSONAL_FIELDS
    warn_unsaved_form = True
    list_fullwidth = True
    list_display = [
        "order_id",
        "state_badge",
        "due",
        "look",
        "applicant",
        "premises",
        "offering",
        "load",
        "ordered_on",
        "source",
    ]
    list_filter = [
        "fulfillment_state",
        ("provider", admin.RelatedFieldListFilter),
        NeedsALook,
        OnHold,
        Overdue,
        ("source", KnownValues),
        "ordered_at",
    ]
    list_select_related = ["offering", "provider"]
    sortable_by = ["ordered_on"]
    order_path = "pk"
    search_fields = ["number"]
    search_help_text = "Order id, beginning of a name, e-mail or street, telephone, or reference"

    # --- The list ---------------------------------------------------------------------------------------------------

    @admin.display(description="order", ordering="number")
    def order_id(self, application: Application) -> str:
        return on_one_line(application.number or f"Draft {application.pk}")

    @admin.display(description="applicant", ordering="applicant_name")
    def applicant(self, application: Application) -> str:
        return joined(mask_name(application.applicant_name), mask_phone(application.applicant_phone))

    @admin.display(description="address", ordering="address")
    def premises(self, application: Application) -> str:
        return shortened(mask_address(application.address))

    @display(description="state", ordering="fulfillment_state", label=APPLICATION_TONES)
    def state_badge(self, application: Application) -> tuple[str, str]:
        return application.fulfillment_state, application.get_fulfillment_state_display()

    @admin.display(description="load", ordering="requested_load_kw")
    def load(self, application: Application) -> str:
        return on_one_line(load_of(application))

    @admin.display(description="ordered", ordering="ordered_at")
    def ordered_on(self, application: Application) -> str:
        return stamp(application.ordered_at, "j M Y")

    @display(description="due", label={DueTone.LATE: "danger", DueTone.NEAR: "warning", DueTone.FAR: ""})
    def due(self, application: Application) -> tuple[str, str] | None:
        """By when the utility has done what comes next; nothing while the applicant has the ball."""
        return due_label(application)

    @display(description="attention", ordering="attention", label={"Needs a look": "warning"})
    def look(self, application: Application) -> str | None:
        return "Needs a look" if application.attention else None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Application]:
        return with_clock(super().get_queryset(request))

    # --- The page ---------------------------------------------------------------------------------------------------

    def get_fieldsets(self, request: HttpRequest, obj: Application | None = None) -> Any:
        if obj is None or self.has_change_permission(request, obj):
            return TO_FILL_IN
        parts = {**CONNECTED, **TO_READ} if obj.energised_at else TO_READ
        return [(name, {"fields": fields, "classes": ["tab"]}) for name, fields in parts.items()]

    def get_readonly_fields(self, request: HttpRequest, obj: Application | None = None) -> Any:
        if obj is None:
            return []
        own = [field.name for field in Application._meta.fields if not field.editable]
        return ["position", "opened", "ordered", "energised", "source_reference", *own]

    def get_inlines(self, request: HttpRequest, obj: Application | None) -> list[type[InlineModelAdmin]]:
        return self.inlines if obj else []

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Application | None:
        application = super().get_object(request, *args, **kwargs)
        if application:
            prefetch_related_objects([application], "holds")  # asked for by the status, the panel and the buttons
        return application

    def get_panel(self, request: HttpRequest, obj: Application) -> dict[str, Any]:
        return application_panel(obj, in_full=may_see_in_full(request.user))

    def get_next(self, request: HttpRequest, obj: Application) -> list[dict[str, Any]]:
        step = next_step(obj)
        may = step.address and request.user.has_perms(step.needs)
        return [{"button": step.button, "address": step.address, "grave": False, "quiet": False}] if may else []

    def get_facts(self, request: HttpRequest, obj: Application) -> list[tuple[str, Any]]:
        return whose(obj)

    @admin.display(description="position")
    def position(self, application: Application) -> str:
        if application.latitude is None or application.longitude is None:
            return f"Not known; given as {application.position_as_given}" if application.position_as_given else "-"
        as_kept = f"{application.latitude.normalize():f}, {application.longitude.normalize():f}"
        return f"{as_kept} (given as {application.position_as_given})" if application.position_as_given else as_kept

    @admin.display(description="opened")
    def opened(self, application: Application) -> str:
        return moment(application.created_at)

    @admin.display(description="ordered")
    def ordered(self, application: Application) -> str:
        return moment(application.ordered_at)

    @admin.display(description="power on since")
    def energised(self, application: Application) -> str:
        return moment(application.energised_at)

    # --- The counter ------------------------------------------------------------------------------------------------

    def has_change_permission(self, request: HttpRequest, obj: Application | None = None) -> bool:
        """Once ordered, or if a buyer app holds the pen, the page is only read; and nobody corrects what is masked."""
        if not super().has_change_permission(request, obj):
            return False
        return obj is None or (is_counter_draft(obj) and obj.erased_at is None and may_see_in_full(request.user))

    def has_delete_permission(self, request: HttpRequest, obj: Application | None = None) -> bool:
        return False  # its events are the audit trail

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "offering":
            kwargs["queryset"] = Offering.objects.filter(active=True, provider__active=True).select_related("provider")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        return without_side_doors(field) if db_field.name == "offering" else field

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """What the service refuses becomes an error of the same form, with everything typed still in it."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except Refused as refusal:
            request.refusal = refusal  # type: ignore[attr-defined]
            return super().changeform_view(request, *args, **kwargs)

    def get_form(self, request: HttpRequest, obj: Application | None = None, change: bool = False, **kw: Any) -> Any:
        if obj and not self.has_change_permission(request, obj):
            return super().get_form(request, obj, change, form=ModelForm, **kw)
        form = super().get_form(request, obj, change, **kw)
        form.refusal = getattr(request, "refusal", None)
        return form

    def save_model(self, request: HttpRequest, obj: Application, form: Form, change: bool) -> None:
        obj.pk = open_from_form(form, actor=Actor.staff(request.user), may_correct=change).pk  # type: ignore[arg-type]

    # --- The buttons ------------------------------------------------------------------------------------------------

    def is_offered(self, obj: Application, action: str) -> bool:
        if action == "schedule" and obj.source != COUNTER:
            return False  # the buyer app confirms its own drafts
        return action in DESK_ACTS or super().is_offered(obj, action)

    def get_open_actions(self, request: HttpRequest, obj: Application) -> list[str]:
        return super().get_open_actions(request, obj) + open_desk_acts(obj, request.user)

    def get_action_form(self, obj: Application, action: str) -> type[ActionForm]:
        if action in DESK_ACTS:
            return DESK_FORMS.get(action, NothingToAsk)
        return super().get_action_form(obj, action)

    def perform_action(self, request: HttpRequest, obj: Application, action: str, details: dict[str, Any]) -> None:
        if action in DESK_ACTS:
            do_desk_act(obj, action, actor=Actor.staff(request.user), **details)
        else:
            super().perform_action(request, obj, action, details)


def add_to_application_page(*inlines: type[InlineModelAdmin]) -> None:
    """Put a room's rows on the page of an application. To be called from the room's admin.py, once.

    The model needs a foreign key to Application. An inline with `tab = True` gets a tab beside the timeline's.
    """
    ApplicationAdmin.inlines.extend(inline for inline in inlines if inline not in ApplicationAdmin.inlines)
