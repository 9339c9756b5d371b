"""What a person is asked before something moves."""

from typing import Any

from django import forms
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextareaWidget

from connections.lifecycle import Refused


def without_side_doors(field: Any) -> Any:
    """Choose a row, and do not add, change or delete rows of its table on the way."""
    for door in ("add", "change", "delete", "view"):
        setattr(field.widget, f"can_{door}_related", False)
    return field


class ActionForm(forms.Form):
    """The details of an action; its cleaned data are the details of `perform_action`. Knows the row and who asks."""

    def __init__(self, *args: Any, thing: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.thing = thing
        self.request = request

    def ask_again(self, refusal: Refused) -> None:
        """Called before the form is shown once more because the act was refused."""

    def show_instead(self, values: dict[str, str]) -> None:
        """Show these in place of what was sent, by the names of their inputs: sent once more, they come back."""
        sent: Any = self.data
        self.data = shown = sent.copy()
        for name, value in values.items():
            shown[name] = value


class NothingToAsk(ActionForm):
    """Yes or back."""


class ReasonForm(ActionForm):
    reason = forms.CharField(
        label="Reason",
        max_length=300,  # the shortest of the columns that keep a reason
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4, "autofocus": True}),
        help_text="The applicant will read it.",
        error_messages={"required": "Say why: the applicant will read it."},
    )
