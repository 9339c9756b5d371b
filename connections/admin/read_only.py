"""Rows that are looked at and never typed over."""

from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from connections.admin.long_list import BoundedPaginator


class ReadOnly:
    """Seen by whoever has the view permission; nobody adds, changes or deletes here."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyAdmin(ReadOnly, ModelAdmin):
    paginator = BoundedPaginator
    show_full_result_count = False
    list_per_page = 50
    show_add_link = False

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        # The admin's own history knows only what is typed into its forms: here it would always be empty.
        context["show_history"] = False
        return super().render_change_form(request, context, *args, **kwargs)


class ReadOnlyInline(ReadOnly, TabularInline):
    """A table on another row's page. `empty_words` says why it is empty and what fills it."""

    extra = 0
    can_delete = False
    hide_title = True
    empty_words = "Nothing yet."
    template_after = "admin/lifecycle/inline_empty.html"
    request: HttpRequest  # of this page: an inline is made anew for every request

    def get_formset(self, request: HttpRequest, obj: Model | None = None, **kwargs: Any) -> Any:
        self.request = request
        return super().get_formset(request, obj, **kwargs)
