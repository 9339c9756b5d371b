"""A page whose buttons are the transitions that the row's state and the person's permissions allow."""

from copy import copy
from operator import itemgetter
from typing import Any, NamedTuple

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.admin import ModelAdmin

from connections.actors import Actor
from connections.admin.added_once import AddedOnce
from connections.admin.lifecycle_forms import ActionForm, NothingToAsk, ReasonForm
from connections.admin.long_list import BoundedPaginator
from connections.again import run_again
from connections.lifecycle import Refused, actions_open_to, advance, asks_reason


class Words(NamedTuple):
    """An action as a person reads it: on the button, before it is done, and after.

    `grave` ones are red and stand last; `quiet` ones are possible, but never the next step.
    """

    button: str
    means: str
    done: str
    grave: bool = False
    quiet: bool = False


class LifecycleAdmin(AddedOnce, ModelAdmin):
    """Shows a button for each action that is open, and asks once, in words, before it is done.

    A subclass names `hidden_actions` (consequences of something else, never a button), `action_forms` (what an action
    asks beside a reason) and `action_words` (the buttons stand in this order). It overrides `perform_action` where an
    act is more than `advance`, and may offer acts of its own that are no transitions.
    State moves by POST alone, and only through the one door: whatever `advance` refuses is shown and nothing changes.
    """

    hidden_actions: tuple[str, ...] = ()
    action_forms: dict[str, type[ActionForm]] = {}
    action_words: dict[str, Words] = {}
    change_form_template = "admin/lifecycle/change_form.html"
    paginator = BoundedPaginator
    show_full_result_count = False
    list_per_page = 50

    # --- What a subclass may override -------------------------------------------------------------------------------

    def is_offered(self, obj: Any, action: str) -> bool:
        """Whether the desk has this button at all, whoever asks and whatever the state."""
        return action not in self.hidden_actions and hasattr(getattr(type(obj), action, None), "_django_fsm")

    def get_open_actions(self, request: HttpRequest, obj: Any) -> list[str]:
        open_to_them = actions_open_to(obj, Actor.staff(request.user))
        return [action for action in open_to_them if self.is_offered(obj, action)]

    def perform_action(self, request: HttpRequest, obj: Any, action: str, details: dict[str, Any]) -> None:
        """Do it. Raises `Refused`."""
        advance(obj, action, actor=Actor.staff(request.user), **details)

    def get_action_form(self, obj: Any, action: str) -> type[ActionForm]:
        if action in self.action_forms:
            return self.action_forms[action]
        return ReasonForm if asks_reason(obj, action) else NothingToAsk

    def get_words(self, obj: Any, action: str) -> Words:
        name = action.replace("_", " ")
        fallback = Words(name.capitalize(), f"{str(obj).capitalize()}: {name}.", "Done.")
        return self.action_words.get(action, fallback)

    def get_page_after(self, obj: Any) -> str:
        """Where a person goes on when an action is done."""
        return self._address(obj)

    def get_panel(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """More for the panel on top of the page: `badges`, `facts`, `warnings` (see templates/admin/lifecycle)."""
        return {}

    def get_facts(self, request: HttpRequest, obj: Any) -> list[tuple[str, Any]]:
        """Whose it is, when and where: read before a person says yes. As in the panel, where nothing else is said."""
        facts: list[tuple[str, Any]] = self.get_panel(request, obj).get("facts", [])
        return facts

    def get_next(self, request: HttpRequest, obj: Any) -> list[dict[str, Any]]:
        """Buttons for what comes next on another page: they stand first, and the first of them is the filled one."""
        return []

    def show_or_mask(self, request: HttpRequest, obj: Any) -> None:
        """What a row that tells of a person needs on the way to a screen (personal.py)."""

    # --- How it works -----------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_advance"
        view = self.admin_site.admin_view(self.advance_view)
        return [path("<path:object_id>/advance/<slug:action>/", view, name=name), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Any = None, **kwargs: Any
    ) -> HttpResponse:
        if obj is not None:
            context["show_history"] = False  # the timeline tells it, with what the admin's own history never sees
            actions = sorted(self.get_open_actions(request, obj), key=self._place_in_words)
            buttons = [self._button(obj, action) for action in actions]
            context["panel"] = {
                # What comes next stands first, what can not be undone last.
                "buttons": [*self.get_next(request, obj), *sorted(buttons, key=itemgetter("grave"))],
                **self.get_panel(request, obj),
            }
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def advance_view(self, request: HttpRequest, object_id: str, action: str) -> HttpResponse:
        """GET asks, POST does. 403 without the view permission, 404 for what is no button of this page."""
        obj = self.get_object(request, object_id)
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        if obj is None or not self.is_offered(obj, action):
            raise Http404
        form = self._form(request, obj, action, request.POST if request.method == "POST" else None)
        if form.is_valid():
            return self._do(request, obj, action, form)
        if action not in self.get_open_actions(request, obj):  # what a form tells is for those who may act on it
            button = self.get_words(obj, action).button
            messages.error(request, f"“{button}” is not open to you here now. This is how it stands.")
            return HttpResponseRedirect(self._address(obj))
        return self._ask(request, obj, action, form)

    def _do(self, request: HttpRequest, obj: Any, action: str, form: ActionForm) -> HttpResponse:
        try:
            run_again(self.perform_action)(request, obj, action, form.cleaned_data)
        except Refused as refusal:
            form.ask_again(refusal)
            return self._ask(request, obj, action, form, str(refusal))
        done = self.get_words(obj, action).done
        messages.success(request, f"{self.get_object(request, str(obj.pk))}: {done}")  # as it is called now
        return HttpResponseRedirect(self.get_page_after(obj))

    def _ask(
        self, request: HttpRequest, obj: Any, action: str, form: ActionForm, refusal: str = ""
    ) -> TemplateResponse:
        shown = copy(obj)  # what is masked for the eye is not what the form works with
        self.show_or_mask(request, shown)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": obj,
            "words": self.get_words(obj, action),
            "title": self.get_words(obj, action).button,
            "facts": self.get_facts(request, shown),
            "form": form,
            "media": form.media,
            "refusal": refusal,
            "back": self._address(obj),
        }
        return TemplateResponse(request, "admin/lifecycle/confirm.html", context)

    def _form(self, request: HttpRequest, obj: Any, action: str, data: Any = None) -> ActionForm:
        return self.get_action_form(obj, action)(data, thing=obj, request=request)

    def _place_in_words(self, action: str) -> int:
        named = list(self.action_words)
        return named.index(action) if action in named else len(named)

    def _button(self, obj: Any, action: str) -> dict[str, Any]:
        words = self.get_words(obj, action)
        return {**words._asdict(), "address": self._address(obj, "advance", action)}

    def _address(self, obj: Model, page: str = "change", *more: str) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}", args=[obj.pk, *more])
