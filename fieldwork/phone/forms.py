"""What is typed at the premises, with a thumb. The cleaned data of each form are the details of its act."""

import re
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib.auth.forms import AuthenticationForm

from connections.vocabulary import Phase
from fieldwork.models import MeterState, Visit
from fieldwork.services import start_of

NO_HELP = {"autocomplete": "off", "autocapitalize": "characters", "autocorrect": "off", "spellcheck": "false"}
THOUSANDS = re.compile(r"[1-9]\d{0,2}(,\d{3})+")


class FigureOnPage(forms.BoundField):
    """Read out with its unit, which stands beside the input and in no label."""

    @property
    def aria_describedby(self) -> str:
        return " ".join(filter(None, [f"{self.auto_id}_unit", super().aria_describedby]))


class Figure(forms.DecimalField):
    """A number of `unit` from 0 up as people type it, with a point or a comma; every mistake is told with its label.

    "12,345" may be twelve thousand or twelve and a bit, and is asked back: a reading is money.
    """

    def __init__(self, *, label: str, unit: str, max_digits: int, decimal_places: int, **kwargs: Any) -> None:
        decimals = f"{decimal_places} digit{'' if decimal_places == 1 else 's'}"
        long = f"{label}: write at most {max_digits - decimal_places} digits before the point."
        said = {
            "invalid": f"{label}: write a number of {unit}, like 8 or 12.5.",
            "min_value": f"{label}: write 0 {unit} or more.",
            "max_digits": long,
            "max_whole_digits": long,
            "max_decimal_places": f"{label}: write at most {decimals} after the point.",
            **kwargs.pop("error_messages", {}),
        }
        super().__init__(
            label=label,
            min_value=0,
            max_digits=max_digits,
            decimal_places=decimal_places,
            widget=forms.TextInput({"inputmode": "decimal", "autocomplete": "off"}),
            error_messages=said,
            **kwargs,
        )
        self.unit = unit

    def to_python(self, value: Any) -> Any:
        if not isinstance(value, str):
            return super().to_python(value)
        typed = value.strip()
        if THOUSANDS.fullmatch(typed):
            raise forms.ValidationError(self._asked_back(typed), code="thousands")
        return super().to_python(typed.replace(",", "."))

    def _asked_back(self, typed: str) -> str:
        whole = typed.replace(",", "")
        with_a_point = typed.replace(",", ".")
        may_be_a_point = typed.count(",") == 1 and (self.decimal_places or 0) >= len(typed.partition(",")[2])
        return f"{self.label}: write {whole}{f', or {with_a_point} with a point' if may_be_a_point else ''}."

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> forms.BoundField:
        return FigureOnPage(form, self, field_name)


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
    """Only the id: arrive."""


class SetOutForm(StepForm):
    """With the time for which the technician sets out, as the page shows it."""

    shown_start = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, visit: Visit) -> None:
        super().__init__(data, visit=visit)
        self.initial["shown_start"] = start_of(visit)


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
