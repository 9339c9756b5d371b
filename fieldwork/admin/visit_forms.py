"""What is asked when a visit is planned."""

from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import (
    BASE_INPUT_CLASSES,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from connections.admin import ActionForm
from connections.lifecycle import Refused
from connections.models import Holiday, Provider
from connections.promises import say_day
from connections.vocabulary import OPEN_STATES
from fieldwork.models import PENDING_VISITS, Technician, Visit
from fieldwork.planning import Window, next_free_windows
from fieldwork.suggestion import Suggestion, suggest_technicians


class AssignForm(ActionForm):
    """The technicians, who fits before who does not, with what speaks for or against each.

    `seen` is who was on the visit when this page was made: nobody is replaced unseen (`assign_visit` looks).
    """

    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)
    technician = forms.ModelChoiceField(queryset=Technician.objects.none(), widget=UnfoldAdminRadioSelectWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["technician"]
        suggestions = suggest_technicians(self.thing)
        field.queryset = Technician.objects.filter(pk__in=[one.technician.pk for one in suggestions])
        field.choices = [(one.technician.pk, _in_words(one)) for one in suggestions]
        self.initial["technician"] = self.initial["seen"] = self.thing.technician_id
        if not suggestions:
            field.help_text = "The provider has no active technician yet. Add one under Technicians."

    def clean_seen(self) -> int:
        """0 where nobody was."""
        return self.cleaned_data["seen"] or 0

    def ask_again(self, refusal: Refused) -> None:
        if refusal.code == "changed":  # it says who is on it: sent once more, they have been seen
            self.show_instead({"seen": str(Visit.objects.get(pk=self.thing.pk).technician_id)})


def _in_words(suggestion: Suggestion) -> SafeString:
    """The name, and below it all that speaks for or against, unshortened."""
    name = f"{suggestion.technician}{'' if suggestion.fits else ' – not fit'}"
    return format_html('{}: <span class="block whitespace-normal text-sm">{}</span>', name, suggestion.reasons)


class NoteForm(ActionForm):
    note = forms.CharField(
        label="What was done",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "autofocus": True}),
        error_messages={"required": "Say what was done."},
    )


class LocalTime(forms.DateTimeInput):
    """The browser's own picker."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__({"class": " ".join(BASE_INPUT_CLASSES)}, format="%Y-%m-%dT%H:%M")


class ProviderTime(forms.DateTimeField):
    """A moment on the provider's clock, wherever the screen is. `zone` is set by the form."""

    widget = LocalTime
    zone: ZoneInfo

    def to_python(self, value: Any) -> Any:
        with timezone.override(self.zone):
            return super().to_python(value)

    def prepare_value(self, value: Any) -> Any:
        with timezone.override(self.zone):
            return super().prepare_value(value)


class WindowForm(ActionForm):
    """One of the windows that have a technician to spare, or any other time."""

    window = forms.ChoiceField(label="Free windows", required=False, widget=UnfoldAdminSelectWidget)
    window_start = ProviderTime(label="Or from", required=False)
    window_end = ProviderTime(label="To", required=False)

    def __init__(self, *args: Any, thing: Visit, **kwargs: Any) -> None:
        super().__init__(*args, thing=thing, **kwargs)
        provider = thing.application.provider
        fields: Any = self.fields
        self.windows = {window.starts.isoformat(): window for window in next_free_windows(provider, with_begun=True)}
        fields["window"].choices = [("", "Another time"), *((key, _of(one)) for key, one in self.windows.items())]
        if not self.windows:
            fields["window"].help_text = "Nothing is free in the next 14 days: every window is full, or there is none."
        for name in ("window_start", "window_end"):
            fields[name].zone = provider.zone
        fields["window_start"].help_text = f"On the provider's clock: {provider.time_zone}.{_not_worked(provider)}"
        self.initial.update(window_start=thing.window_start, window_end=thing.window_end)

    def clean(self) -> dict[str, Any]:
        wanted: dict[str, Any] = super().clean() or {}
        chosen = self.windows.get(wanted.pop("window", ""))
        if chosen:
            return {"window_start": chosen.starts, "window_end": chosen.ends}
        start, end = wanted.get("window_start"), wanted.get("window_end")
        for name in ("window_start", "window_end"):
            if wanted.get(name) is None and name not in self.errors:
                self.add_error(name, "Choose a free window, or give a time.")
        if start and end and end <= start:
            self.add_error("window_end", "The end must come after the beginning.")
        return wanted


def _of(window: Window) -> str:
    """Tue 24 November, 09:00–12:00: 2 visits more."""
    more = "1 visit more" if window.free == 1 else f"{window.free} visits more"
    return f"{date_format(window.day, 'D j F')}, {window.slot}: {more}"


def _not_worked(provider: Provider) -> str:
    """The next holidays, which have no free windows: whoever plans by hand may still choose them."""
    coming = provider.holidays.filter(day__gte=provider.today())[:3]
    return format_html(" Holidays: {}.", "; ".join(map(say_holiday, coming))) if coming else ""


def say_holiday(holiday: Holiday) -> str:
    """`Thursday 26 November, Thanksgiving`."""
    return f"{say_day(holiday.day)}, {holiday.name}" if holiday.name else say_day(holiday.day)


class NewVisitForm(forms.ModelForm):
    """A further visit, beside those that follow from the application's life."""

    class Meta:
        model = Visit
        fields = ["application", "kind"]

    def clean(self) -> dict[str, Any]:
        wanted: dict[str, Any] = super().clean() or {}
        application, kind = wanted.get("application"), wanted.get("kind")
        if application and application.fulfillment_state not in OPEN_STATES:
            self.add_error("application", "Visits are made to orders that are under way.")
        elif application and application.visits.filter(kind=kind, state__in=PENDING_VISITS).exists():
            self.add_error("kind", "Such a visit is planned already. Finish it or call it off first.")
        return wanted
