"""By when the list of visits is narrowed: to the days that a dispatcher plans, each on its provider's own clock."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from connections.models import Provider
from fieldwork.models import PENDING_VISITS, Visit
from fieldwork.planning import day_bounds

DAYS = {"today": (0, 1), "tomorrow": (1, 1), "week": (0, 7)}  # the first day from today on, and how many


class When(admin.SimpleListFilter):
    title = "when"
    parameter_name = "when"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("today", "Today"), ("tomorrow", "Tomorrow"), ("week", "Next 7 days"), ("none", "No time yet")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Visit]) -> QuerySet[Visit]:
        if self.value() == "none":
            return queryset.filter(window_start=None, state__in=PENDING_VISITS)
        return visits_of_days(queryset, *DAYS[str(self.value())]) if self.value() in DAYS else queryset


def visits_of_days(visits: QuerySet[Visit], first: int, days: int) -> QuerySet[Visit]:
    """Those that begin on so many days from the `first` on, which 0 is today where their provider is.

    The span of all zones together stands beside them, so that the index of the time finds the rows.
    """
    wanted, spans = Q(pk__in=[]), []
    for name in Provider.objects.order_by().values_list("time_zone", flat=True).distinct():
        zone = ZoneInfo(name)
        today: date = timezone.now().astimezone(zone).date()
        begins, _ = day_bounds(today + timedelta(days=first), zone)
        _, ends = day_bounds(today + timedelta(days=first + days - 1), zone)
        wanted |= Q(application__provider__time_zone=name, window_start__gte=begins, window_start__lt=ends)
        spans.append((begins, ends))
    if not spans:
        return visits.none()
    return visits.filter(
        wanted,
        window_start__gte=min(begins for begins, _ in spans),
        window_start__lt=max(ends for _, ends in spans),
    )
