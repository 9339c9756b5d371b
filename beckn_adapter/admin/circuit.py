"""The hosts that take callbacks: which of them fail, since when, and trying one again at once."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.decorators import display

from beckn_adapter.circuit import probe_now, state_of
from beckn_adapter.models import Callback, Circuit
from connections.actors import Actor
from connections.admin import ActionForm, LifecycleAdmin, NothingToAsk, ReadOnlyAdmin, Words, moment, shortened, stamp
from connections.lifecycle import Refused

WORDS = {"CLOSED": "Answers", "OPEN": "Paused", "HALF_OPEN": "Next one is the probe"}
TONES = {"CLOSED": "success", "OPEN": "danger", "HALF_OPEN": "warning"}


class PausedFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("paused", "Paused or probed"), ("answers", "Answers")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Circuit]) -> QuerySet[Circuit]:
        wanted = {"paused": Q(probe_at__isnull=False), "answers": Q(probe_at__isnull=True)}
        return queryset.filter(wanted[str(self.value())]) if self.value() in wanted else queryset


@admin.register(Circuit)
class CircuitAdmin(ReadOnlyAdmin, LifecycleAdmin):
    """Only hosts that have failed at least once are here."""

    empty_words = "No host has failed to take a callback."
    list_display = ["host", "state_badge", "failures", "why", "failed", "next_probe"]
    list_filter = [PausedFilter]
    search_fields = ["host"]
    fields = ["host", "failures", "reason", "failed", "next_probe", "waiting"]

    @display(description="state", label={WORDS[state]: tone for state, tone in TONES.items()})
    def state_badge(self, row: Circuit) -> str:
        return WORDS[state_of(row, timezone.now())]

    @admin.display(description="last failure")
    def why(self, row: Circuit) -> str:
        return shortened(row.reason)

    @admin.display(description="last failed", ordering="failed_at")
    def failed(self, row: Circuit) -> str:
        return stamp(row.failed_at) if row.failed_at else "Never"

    @admin.display(description="next probe", ordering="probe_at")
    def next_probe(self, row: Circuit) -> str:
        return moment(row.probe_at) if row.probe_at else "Not paused: callbacks go out as they come"

    @admin.display(description="callbacks waiting")
    def waiting(self, row: Circuit) -> str:
        counts = Callback.objects.filter(host=row.host).aggregate(
            due=Count("pk", filter=Q(state="DUE")), dead=Count("pk", filter=Q(state="DEAD"))
        )
        return f"{counts['due']} waiting, {counts['dead']} given up"

    def get_panel(self, request: HttpRequest, obj: Circuit) -> dict[str, Any]:
        state = state_of(obj, timezone.now())
        return {
            "badges": [(WORDS[state], TONES[state], state)],
            "facts": [("Last failure", obj.reason), ("Callbacks", self.waiting(obj))],
        }

    def is_offered(self, obj: Circuit, action: str) -> bool:
        return action == "probe_now"

    def get_open_actions(self, request: HttpRequest, obj: Circuit) -> list[str]:
        return ["probe_now"] if obj.probe_at and self._may_probe(request) else []

    def get_action_form(self, obj: Circuit, action: str) -> type[ActionForm]:
        return NothingToAsk

    def get_words(self, obj: Circuit, action: str) -> Words:
        means = "One waiting callback tries at once. If the host answers, all the others follow."
        return Words("Probe now", means, "will be tried at once.")

    def perform_action(self, request: HttpRequest, obj: Circuit, action: str, details: dict[str, Any]) -> None:
        if not self._may_probe(request):
            raise Refused("not_allowed", f"{Actor.staff(request.user)} may not probe a host.")
        probe_now([obj])

    def _may_probe(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("beckn_adapter.change_circuit"))
