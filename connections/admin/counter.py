"""Taking an application at the counter: one form, opened through the same service as a buyer app's."""

import secrets
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django import forms
from django.utils import timezone
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from connections.actors import Actor
from connections.lifecycle import Refused
from connections.models import Application, Offering
from connections.services import Applicant, Premises, Request, open_application
from connections.vocabulary import COUNTER, ApplicationState

FIELD_OF_REFUSAL = {
    "load_out_of_range": "requested_load_kw",
    "not_served": "address",
    "already_ordered": "source_reference",
    "already_open": "source_reference",
}


def is_counter_draft(application: Application | None) -> bool:
    """Only what the counter took, under a reference to find it by, is the counter's to correct."""
    return (
        application is not None
        and application.fulfillment_state == ApplicationState.DRAFT
        and application.source == COUNTER
        and bool(application.source_reference)
    )


def new_reference() -> str:
    """For who applies without a paper: the day and four characters that no one reads wrongly."""
    letters = "".join(secrets.choice("ACDEFHJKMNPRTUVWXY3479") for _ in range(4))
    return f"{timezone.localdate():%Y%m%d}-{letters}"


class DegreeField(forms.DecimalField):
    """Degrees as a map gives them, with any number of decimals; six of them are kept (0.1 m)."""

    widget = UnfoldAdminDecimalFieldWidget

    def to_python(self, value: Any) -> Any:
        degrees = super().to_python(value)
        if degrees is None or not degrees.is_finite() or abs(degrees) > 1000:
            return degrees
        return degrees.quantize(Decimal("0.000001"), ROUND_HALF_UP)


class OfferingChoice(forms.ModelChoiceField):
    """Offerings with what tells them apart: who offers, and the loads they serve."""

    def label_from_instance(self, offering: Offering) -> str:
        smallest, largest = (f"{load.normalize():f}" for load in (offering.min_load_kw, offering.max_load_kw))
        return f"{offering.provider}: {offering.name}, {smallest} to {largest} kW"


class CounterForm(forms.ModelForm):
    """`refusal` is what the service said no to; it is shown beside the field that can mend it."""

    refusal: Refused | None = None
    latitude = DegreeField(min_value=-90, max_value=90, required=False, help_text="WGS 84, north is positive.")
    longitude = DegreeField(min_value=-180, max_value=180, required=False, help_text="WGS 84, east is positive.")

    class Meta:
        model = Application
        fields = [
            "offering",
            "requested_load_kw",
            "monthly_consumption_kwh",
            "source_reference",
            "applicant_name",
            "applicant_phone",
            "applicant_email",
            "address",
            "postcode",
            "city_code",
            "latitude",
            "longitude",
            "billing_name",
            "billing_phone",
            "billing_email",
            "billing_address",
            "tax_id",
        ]
        field_classes = {"offering": OfferingChoice}
        labels = {"source_reference": "Number on the paper"}
        help_texts = {
            "source_reference": "The paper form's own number, or the one proposed. The draft is found by it.",
            "billing_name": "Leave the billing part empty where the applicant pays.",
            "city_code": "As the network writes it, for example NANP:628.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "source_reference" in self.fields:  # it is only read when a draft is corrected
            self.fields["source_reference"].required = True
            self.initial.setdefault("source_reference", new_reference())

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.refusal:
            field = FIELD_OF_REFUSAL.get(self.refusal.code)
            self.add_error(field if field in self.fields else None, str(self.refusal))


def open_from_form(form: CounterForm, *, actor: Actor, may_correct: bool) -> Application:
    """Open the draft, or correct it: a slip of the pen must not write over somebody else's. Raises `Refused`."""
    wanted, row = form.cleaned_data, form.instance
    position = "" if row.latitude is None else f"{row.latitude},{row.longitude}"
    return open_application(
        offering=row.offering,
        applicant=Applicant(**{name: wanted[name] for name in Applicant.__dataclass_fields__}),
        premises=Premises(
            **{name: wanted[name] for name in Premises.__dataclass_fields__ if name in wanted},
            position_as_given=position,
        ),
        request=Request(**{name: wanted[name] for name in Request.__dataclass_fields__}),
        actor=actor,
        source=COUNTER,
        source_reference=row.source_reference,
        may_correct=may_correct,
    )
