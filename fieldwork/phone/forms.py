"""What is typed at the premises, with a thumb. The cleaned data of each form are the details of its act."""

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib.auth.forms import AuthenticationForm

from connections.vocabulary import Phase
from fieldwork.models import MeterState, Visit

NO_HELP = {"autocomplete": "off", "autocapitalize": "characters", "autocorrect": "off", "spellcheck": "false"}


class Figure(forms.DecimalField):
    """A number as people type it, with a point or a comma."""

    def __init__(self, *, unit: str = "", **kwargs: Any) -> None:
        super().__init__(min_value=0, widget=forms.TextInput({"inputmode": "decimal", "autocomplete": "off"}), **kwargs)
        self.unit = unit

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.replace(",", ".") if isinstance(value, str) else value)


class LoginForm(AuthenticationForm):
    """Django's own, in our words."""

    error_messages = {
        "invalid_login": "Name and password do not belong together. Mind capital letters.",
        "inactive": "This login was switched off. Ask the office.",
    }


class PhoneForm(forms.Form):
    """Knows its visit, and carries the id under which the act may be sent twice."""

    client_id = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, visit: Visit) -> None:
        super().__init__(data, initial={"client_id": uuid4()})
        self.visit = visit

    @property
    def client_uuid(self) -> UUID:
        return UUID(str(self.cleaned_data["client_id"]))

    def details(self) -> dict[str, Any]:
        """What the act takes beside its id."""
        return {name: value for name, value in self.cleaned_data.items() if name != "client_id"}


class StepForm(PhoneForm):
    """Only the id: set out, arrive."""


class FindingForm(PhoneForm):
    feasible = forms.TypedChoiceField(
        label="Can the connection be made?",
        choices=[("yes", "Yes"), ("no", "No")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether the connection can be made."},
    )
    phase = forms.ChoiceField(
        label="Phase that is there",
        choices=Phase.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose the phase that is there."},
    )
    load_kw = Figure(label="Load that the service can carry", unit="kW", max_digits=9, decimal_places=2, required=False)
    service_drop_m = Figure(
        label="Length of the service drop", unit="m", max_digits=7, decimal_places=1, required=False
    )
    works_needed = forms.CharField(
        label="Works needed",
        help_text="Leave it empty if there are none.",
        required=False,
        max_length=1000,
        widget=forms.Textarea({"rows": 3}),
    )
    notes = forms.CharField(
        label="Notes for the office", required=False, max_length=1000, widget=forms.Textarea({"rows": 2})
    )

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        feasible = found.get("feasible")
        for name, sentence in (
            ("load_kw", "Give the load in kW, for example 10."),
            ("service_drop_m", "Give the length in metres, for example 12.5."),
        ):
            if found.get(name) is None and name not in self.errors:
                if feasible is not False:
                    self.add_error(name, sentence)
                found[name] = Decimal(0)
        if feasible is False and not found.get("works_needed") and not found.get("notes"):
            self.add_error("works_needed", "Say why it can not be made, or which works it needs.")
        return found


class InstallationForm(PhoneForm):
    serial = forms.CharField(
        label="Serial number of the meter",
        max_length=60,
        widget=forms.TextInput({**NO_HELP, "list": "own-meters"}),
        error_messages={"required": "Type the serial number that is printed on the meter."},
    )
    seal_number = forms.CharField(
        label="Number of the seal",
        max_length=60,
        widget=forms.TextInput(NO_HELP),
        error_messages={"required": "Type the number of the seal."},
    )
    reading = Figure(
        label="Reading",
        unit="kWh",
        max_digits=12,
        decimal_places=3,
        error_messages={"required": "Type what the meter shows, also if it is 0."},
    )
    reading_again = Figure(
        label="The same reading, once more",
        unit="kWh",
        max_digits=12,
        decimal_places=3,
        error_messages={"required": "Read the meter a second time."},
    )
    latitude = forms.DecimalField(required=False, min_value=-90, max_value=90, widget=forms.HiddenInput)
    longitude = forms.DecimalField(required=False, min_value=-180, max_value=180, widget=forms.HiddenInput)
    position_reason = forms.CharField(
        label="No position, or a wrong one?",
        help_text="Say why, for example: no satellites in the cellar. Else leave it empty.",
        required=False,
        max_length=200,
    )

    def meters_in_the_car(self) -> list[str]:
        """The serials of the meters issued to the technician, for the keyboard to propose."""
        technician = self.visit.technician
        return (
            list(technician.meters.filter(state=MeterState.ISSUED).values_list("serial", flat=True))
            if technician
            else []
        )


class NoteForm(PhoneForm):
    note = forms.CharField(
        label="What was done",
        max_length=500,
        widget=forms.Textarea({"rows": 4}),
        error_messages={"required": "Say what was done."},
    )


class WhyForm(PhoneForm):
    """A reason to choose with the thumb, and words of one's own."""

    reasons: tuple[str, ...] = ()
    why = forms.ChoiceField(
        label="Why?", widget=forms.RadioSelect, required=False, error_messages={"required": "Choose a reason."}
    )
    more = forms.CharField(
        label="In your words",
        help_text="The applicant will read it.",
        required=False,
        max_length=200,
        widget=forms.Textarea({"rows": 2}),
    )

    def __init__(self, data: Any = None, *, visit: Visit) -> None:
        super().__init__(data, visit=visit)
        field: Any = self.fields["why"]
        field.choices = [*((reason, reason) for reason in self.reasons), ("other", "Something else")]

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if said.get("why") in (None, "", "other") and not said.get("more"):
            self.add_error("more" if said.get("why") == "other" else "why", "Say why: the applicant will read it.")
        return said

    def details(self) -> dict[str, Any]:
        chosen = self.cleaned_data["why"]
        parts = [chosen if chosen != "other" else "", self.cleaned_data["more"].strip()]
        return {"reason": ". ".join(part.rstrip(".") for part in parts if part)}


class NoAccessForm(WhyForm):
    reasons = ("Nobody was there", "The gate or the door was locked", "The meter place was blocked", "No such address")


class UnsafeForm(WhyForm):
    reasons = ("Damaged wiring", "Water where the meter belongs", "A dog or another animal", "Threatened by somebody")


class IncompleteForm(WhyForm):
    reasons = ("Material was missing", "The applicant's wiring is not ready", "More time is needed", "Bad weather")
