"""Cancelling an order at the desk: why, who asked for it, and what that costs."""

from collections.abc import Callable
from typing import Any

from django import forms
from unfold.widgets import UnfoldBooleanWidget

from connections.admin.lifecycle_forms import ReasonForm
from connections.models import Application

Explanation = Callable[[Application], str]
_explanations: list[Explanation] = []


def explain_cancelling(function: Explanation) -> Explanation:
    """A room's sentence about what follows from who asked; it is read before the order is cancelled."""
    _explanations.append(function)
    return function


class CancelForm(ReasonForm):
    asked_by_applicant = forms.BooleanField(
        label="The applicant asked for it: keep the fee of the terms", required=False, widget=UnfoldBooleanWidget
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        told = [explain(self.thing) for explain in _explanations]
        self.fields["asked_by_applicant"].help_text = " ".join(sentence for sentence in told if sentence)
