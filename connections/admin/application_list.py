"""The filters of the list of applications."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest

from connections.models import Application, Hold
from connections.promises import overdue
from connections.vocabulary import OPEN_STATES


class NeedsALook(admin.SimpleListFilter):
    title = "needs a look"
    parameter_name = "look"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Needs a look"), ("no", "Nothing noted")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Application]) -> QuerySet[Application]:
        if self.value() == "yes":
            return queryset.exclude(attention="")
        return queryset.filter(attention="") if self.value() == "no" else queryset


class OnHold(admin.SimpleListFilter):
    title = "on hold"
    parameter_name = "hold"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "On hold")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Application]) -> QuerySet[Application]:
        return on_hold(queryset) if self.value() == "yes" else queryset


class Overdue(admin.SimpleListFilter):
    """By the day that a worker noted within the last minutes; the column beside it is worked out anew."""

    title = "the utility's promise"
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("over", "Overdue")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Application]) -> QuerySet[Application]:
        return overdue(queryset) if self.value() == "over" else queryset


def on_hold(applications: QuerySet[Application]) -> QuerySet[Application]:
    """The orders under way that wait for something."""
    open_hold = Hold.objects.filter(application=OuterRef("pk"), closed_at=None)
    return applications.filter(Exists(open_hold), fulfillment_state__in=OPEN_STATES)
