"""Visits: the list to plan from, and the page with the buttons."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.forms import Form
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from unfold.decorators import display

from connections.actors import Actor
from connections.admin import (
    ORDER_WORDS,
    ActionForm,
    Card,
    FoundByOrder,
    LifecycleAdmin,
    PersonalPage,
    ReadOnlyInline,
    ReasonForm,
    Words,
    add_to_application_page,
    badge,
    count_some,
    dashboard_cards,
    link_to,
    moment,
    name_events,
    shortened,
)
from connections.lifecycle import Refused
from connections.privacy.access import may_see_in_full
from connections.privacy.masking import mask_address, mask_phone
from fieldwork import services
from fieldwork.admin.visit_forms import AssignForm, NewVisitForm, NoteForm, WindowForm, say_holiday
from fieldwork.admin.when import DAYS, When
from fieldwork.models import Finding, Installation, Technician, Visit, VisitState
from fieldwork.planning import MAY_BE_MOVED, holiday_on, set_window

VISIT_TONES: dict[str, str] = {
    VisitState.SCHEDULED: "warning",
    VisitState.ASSIGNED: "info",
    VisitState.EN_ROUTE: "info",
    VisitState.ON_SITE: "info",
    VisitState.COMPLETED: "success",
    VisitState.NO_ACCESS: "danger",
    VisitState.UNSAFE: "danger",
    VisitState.INCOMPLETE: "danger",
    VisitState.CANCELLED: "",
}
VISIT_WORDS = {
    "set_out": Words("Technician sets out", "The applicant reads that the technician is on the way.", "on the way."),
    "arrive": Words("Technician is there", "The technician is at the premises.", "at the premises."),
    "complete": Words("Finish the follow-up", "What was to be done is done.", "finished."),
    "report_unsafe": Words(
        "It was not safe",
        "The visit ends, and another one is opened.",
        "ended as unsafe.",
        quiet=True,
    ),
    "assign": Words("Put a technician on it", "The visit is theirs, and the application moves along.", "assigned."),
    "set_window": Words("Set the time", "The applicant is told this window.", "the time is set.", quiet=True),
    "call_off": Words(
        "Call off the visit", "Nobody goes there. Another visit can be planned later.", "called off.", grave=True
    ),
}
name_events(
    {
        "visit.en_route": "Technician on the way",
        "visit.on_site": "Technician at the premises",
        "visit.assigned": "Technician put on the visit",
        "visit.cancelled": "Visit called off",
        "visit.no_access": "Nobody let the technician in",
        "visit.unsafe": "Visit ended: not safe",
        "visit.incomplete": "Visit ended unfinished",
        "visit.rescheduled": "Time of the visit set",
        "visit.rated": "Visit rated",
        "meter.installed": "Meter installed",
        "meter.removed": "Meter taken off",
    }
)


def window(visit: Visit) -> str:
    """Tue 12 May 2026, 14:00 PDT to 16:00 on the provider's clock, the day named again where it changes."""
    if not visit.window_start:
        return "No time yet"
    with timezone.override(visit.application.provider.zone):
        if not visit.window_end:
            return moment(visit.window_start)
        start, end = timezone.localtime(visit.window_start), timezone.localtime(visit.window_end)
        return f"{moment(start)} to {f'{end:%H:%M}' if start.date() == end.date() else moment(end)}"


def photos_of(visit: Visit) -> str:
    """Small pictures that lead to the large ones."""
    shown = ((reverse("field:photo", args=[photo.pk]), photo.get_kind_display()) for photo in visit.photos.all())
    pictures = format_html_join(
        " ",
        '<a href="{0}" target="_blank" rel="noopener"><img src="{0}" alt="{1}" title="{1}" width="96" height="72"'
        ' class="inline-block object-cover rounded-default" loading="lazy"></a>',
        shown,
    )
    return pictures or "None yet"


def _holiday(visit: Visit) -> list[str]:
    """A word of warning where a visit that can still be moved is planned on a day that is not worked."""
    if visit.window_start is None or visit.state not in MAY_BE_MOVED:
        return []
    provider = visit.application.provider
    holiday = holiday_on(provider, visit.window_start.astimezone(provider.zone).date())
    return [f"It is planned on a holiday: {say_holiday(holiday)}."] if holiday else []


class FindingInline(ReadOnlyInline):
    model = Finding
    verbose_name_plural = "Findings"
    fields = ["feasible", "phase", "load_kw", "service_drop_m", "works_needed", "notes"]
    empty_words = "Nothing was reported from the premises yet."


class InstallationInline(ReadOnlyInline):
    model = Installation
    verbose_name_plural = "Installed"
    fields = ["meter", "seal_number", "initial_reading_kwh", "distance_m"]
    empty_words = "Nothing was installed on this visit."


@admin.register(Visit)
class VisitAdmin(FoundByOrder, PersonalPage, LifecycleAdmin):
    empty_words = "A visit opens with an order, and when one could not be finished."
    form = NewVisitForm
    inlines = [FindingInline, InstallationInline]
    hidden_actions = ("report_no_access", "leave_incomplete")  # they need a photo: said on the phone page
    action_forms = {
        "assign": AssignForm,
        "set_window": WindowForm,
        "complete": NoteForm,
        "call_off": ReasonForm,
        "report_unsafe": ReasonForm,
    }
    action_words = VISIT_WORDS
    list_fullwidth = True
    list_display = ["visit", "state_badge", "when", "technician", "application", "address"]
    list_filter = ["state", "kind", ("technician", admin.RelatedFieldListFilter), When]
    sortable_by: list[str] = []
    list_select_related = ["application__provider", "technician"]
    search_help_text = f"Technician, {ORDER_WORDS}"
    autocomplete_fields = ["application"]
    ordering: list[str] = ["-id"]

    def get_ordering(self, request: HttpRequest) -> list[str]:
        """The day's visits as they are driven to; else the newest first."""
        return ["window_start", "id"] if request.GET.get(When.parameter_name) in DAYS else self.ordering

    def search_more(self, term: str) -> Q:
        """A crew is a few hundred people: its table may be read."""
        return Q(technician__in=list(Technician.objects.filter(name__icontains=term).values_list("pk", flat=True)))

    @admin.display(description="visit", ordering="kind")
    def visit(self, visit: Visit) -> str:
        return str(visit)

    @display(description="state", ordering="state", label=VISIT_TONES)
    def state_badge(self, visit: Visit) -> tuple[str, str]:
        return visit.state, visit.get_state_display()

    @admin.display(description="when", ordering="window_start")
    def when(self, visit: Visit) -> str:
        return window(visit)

    @admin.display(description="address")
    def address(self, visit: Visit) -> str:
        return shortened(mask_address(visit.application.address))

    @admin.display(description="finished")
    def finished(self, visit: Visit) -> str:
        return moment(visit.completed_at)

    def get_fields(self, request: HttpRequest, obj: Visit | None = None) -> list[Any]:
        if obj is None:
            return ["application", "kind"]
        return ["kind", "technician", "finished", "reason"]

    def get_readonly_fields(self, request: HttpRequest, obj: Visit | None = None) -> list[str]:
        return ["finished"]

    def has_change_permission(self, request: HttpRequest, obj: Visit | None = None) -> bool:
        return False  # the buttons change it

    def has_delete_permission(self, request: HttpRequest, obj: Visit | None = None) -> bool:
        return False

    def get_inlines(self, request: HttpRequest, obj: Visit | None) -> list[Any]:
        return self.inlines if obj else []

    def get_panel(self, request: HttpRequest, obj: Visit) -> dict[str, Any]:
        who = obj.technician or "nobody yet"
        in_full, phone = may_see_in_full(request.user), obj.application.applicant_phone
        return {
            "badges": [(obj.get_state_display(), VISIT_TONES[obj.state], obj.state)],
            "facts": [
                ("When", window(obj)),
                ("Technician", who),
                ("Order", link_to(obj.application)),
                ("Address", obj.application.address if in_full else mask_address(obj.application.address)),
                ("Telephone", (phone if in_full else mask_phone(phone)) or "-"),
                ("Photos", photos_of(obj)),
            ],
            "warnings": _holiday(obj),
        }

    def is_offered(self, obj: Visit, action: str) -> bool:
        if action == "complete":
            return obj.kind == Visit.Kind.REVISIT  # the others end with findings or a meter, at the premises
        return action == "set_window" or super().is_offered(obj, action)

    def get_open_actions(self, request: HttpRequest, obj: Visit) -> list[str]:
        may_plan = obj.state in MAY_BE_MOVED and request.user.has_perm("fieldwork.assign_visit")
        return super().get_open_actions(request, obj) + (["set_window"] if may_plan else [])

    def get_action_form(self, obj: Visit, action: str) -> type[ActionForm]:
        return self.action_forms[action] if action in self.action_forms else super().get_action_form(obj, action)

    def perform_action(self, request: HttpRequest, obj: Visit, action: str, details: dict[str, Any]) -> None:
        actor = Actor.staff(request.user)
        acts: dict[str, Callable[..., Any]] = {
            "assign": services.assign_visit,
            "set_window": set_window,
            "set_out": services.set_out,
            "arrive": services.arrive,
            "complete": services.complete_revisit,
            "report_unsafe": services.report_unsafe,
        }
        if action not in acts:
            super().perform_action(request, obj, action, details)
            return
        try:
            with transaction.atomic():
                acts[action](obj, actor=actor, **details)
        except IntegrityError:  # one_technician_one_place_at_a_time
            raise Refused("not_free", "The technician has another visit at that time.") from None

    def save_model(self, request: HttpRequest, obj: Visit, form: Form, change: bool) -> None:
        obj.pk = services.open_visit(obj.application, obj.kind, actor=Actor.staff(request.user)).pk


class VisitInline(ReadOnlyInline):
    model = Visit
    fields = ["visit", "state_badge", "when", "who", "why"]
    readonly_fields = fields
    empty_words = "No visit yet: the first is planned when the order is submitted."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Visit]:
        return super().get_queryset(request).select_related("technician", "application__provider")

    @admin.display(description="visit")
    def visit(self, visit: Visit) -> str:
        return link_to(visit)

    @admin.display(description="state")
    def state_badge(self, visit: Visit) -> str:
        return badge(visit.get_state_display(), VISIT_TONES[visit.state])

    @admin.display(description="when")
    def when(self, visit: Visit) -> str:
        return window(visit)

    @admin.display(description="technician")
    def who(self, visit: Visit) -> str:
        return str(visit.technician or "Nobody yet")

    @admin.display(description="why not")
    def why(self, visit: Visit) -> str:
        return visit.reason or "-"


add_to_application_page(VisitInline)


@dashboard_cards
def what_the_field_waits_for(request: HttpRequest) -> Iterable[Card]:
    if request.user.has_perm("fieldwork.view_visit"):
        address = reverse("admin:fieldwork_visit_changelist")
        count = count_some(Visit.objects.filter(state=VisitState.SCHEDULED))
        where = f"{address}?state__exact={VisitState.SCHEDULED}"
        yield Card("Without a technician", count, "visits that nobody is on", where, bool(count))
