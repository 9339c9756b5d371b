"""Personal data on the desk: lists mask it for everybody, a row's page shows it to those who may, and notes it.

Nobody works on fifty people at once: initials, the last digits and the street are enough to find the one. Whoever works
on that one has `connections.view_personal_data`, sees the page in full, and is written down, once an hour.
"""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin
from unfold.decorators import display

from connections.admin.finding import ORDER_WORDS, FoundByOrder
from connections.admin.look import link_to, stamp
from connections.admin.read_only import ReadOnlyAdmin
from connections.models import Application, PersonalDataView
from connections.privacy.access import may_see_in_full, note_view
from connections.privacy.masking import mask_value


class PersonalPage(ModelAdmin):
    """A page that tells of a person; its row knows on the way to the screen whether it `is_shown_in_full`.

    `personal_fields` are masked for those who may not see them, `is_about` says whose person it is.
    """

    personal_fields: tuple[str, ...] = ()

    def is_about(self, obj: Any) -> Application | None:
        application: Application | None = obj.application
        return application

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Any = None, **kwargs: Any
    ) -> HttpResponse:
        if obj is not None:
            self.show_or_mask(request, obj)
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def show_or_mask(self, request: HttpRequest, obj: Any) -> None:
        obj.is_shown_in_full = may_see_in_full(request.user)
        if obj.is_shown_in_full:
            note_view(request.user, obj, self.is_about(obj))
        else:
            mask_row(obj, self.personal_fields)


def mask_row(row: Model, fields: tuple[str, ...]) -> None:
    """Mask a row that is only looked at and never saved."""
    for field in fields:
        value = getattr(row, field)
        setattr(row, field, mask_value(field, value) if isinstance(value, str) else None)


@admin.register(PersonalDataView)
class PersonalDataViewAdmin(FoundByOrder, ReadOnlyAdmin):
    """Who saw whom, for those who watch over it."""

    empty_words = "A line is written when somebody sees or hands out a person's data in full."
    list_display = ["seen", "user", "what_happened", "order", "thing", "reason"]
    list_filter = ["what", "at", ("user", admin.RelatedFieldListFilter)]
    sortable_by: list[str] = []
    list_select_related = ["application", "user"]
    exact_fields = ("thing",)
    search_help_text = f"User, row (application-12), {ORDER_WORDS}"
    fields = ["seen", "user", "what", "order", "thing", "reason"]
    readonly_fields = fields

    @admin.display(description="first seen", ordering="at")
    def seen(self, view: PersonalDataView) -> str:
        return stamp(view.at)

    @display(description="what", label={"SEEN": "info", "EXPORTED": "warning"})
    def what_happened(self, view: PersonalDataView) -> tuple[str, str]:
        return view.what, view.get_what_display()

    @admin.display(description="order")
    def order(self, view: PersonalDataView) -> str:
        return link_to(view.application)
