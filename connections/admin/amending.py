"""Changing an order at the desk: the same service, and so the same limits, as a buyer app's update."""

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminEmailInputWidget,
    UnfoldAdminTextInputWidget,
)

from connections.actors import Actor
from connections.admin.counter import DegreeField
from connections.admin.lifecycle_forms import ActionForm
from connections.models import Application
from connections.models.application import PHONE
from connections.services import amend_application

PEOPLE = {
    "applicant_name": "Applicant",
    "applicant_phone": "Telephone",
    "applicant_email": "E-mail",
    "billing_name": "Billing name",
    "billing_phone": "Billing telephone",
    "billing_email": "Billing e-mail",
    "billing_address": "Billing address",
    "tax_id": "Tax id",
}
PREMISES = {"address": "Address of the premises", "postcode": "Postcode"}
POSITION = ("latitude", "longitude")


class AmendForm(ActionForm):
    """Shows the order as it is; what comes out of it is `changes`, the fields that were made different."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in {**PEOPLE, **PREMISES}.items():
            self.fields[name] = _text_field(name, label)
        for name in POSITION:
            limit = 90 if name == "latitude" else 180
            self.fields[name] = DegreeField(required=False, min_value=-limit, max_value=limit, help_text="WGS 84.")
        self.fields["requested_load_kw"] = forms.DecimalField(
            label="Requested load (kW)",
            min_value=0,
            max_digits=9,
            decimal_places=2,
            widget=UnfoldAdminDecimalFieldWidget,
            help_text="Another load is another quote. Premises and load can be changed until the approval.",
        )
        for name, field in self.fields.items():
            field.initial = getattr(self.thing, name)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if (values.get("latitude") is None) != (values.get("longitude") is None):
            self.add_error("longitude", "A position needs latitude and longitude together.")
        changes = {name: value for name, value in values.items() if value != getattr(self.thing, name)}
        if changes.keys() & set(POSITION):
            known = values.get("latitude") is not None
            changes["position_as_given"] = f"{values['latitude']},{values['longitude']}" if known else ""
        if not changes and not self.errors:
            raise forms.ValidationError("Nothing is different yet.")
        return {"changes": changes}


def _text_field(name: str, label: str) -> forms.Field:
    column: Any = Application._meta.get_field(name)
    options: dict[str, Any] = {"label": label, "max_length": column.max_length, "required": not column.blank}
    if name.endswith("_email"):
        return forms.EmailField(widget=UnfoldAdminEmailInputWidget, **options)
    validators = [PHONE] if name.endswith("_phone") else []
    return forms.CharField(widget=UnfoldAdminTextInputWidget, validators=validators, **options)


def amend(application: Application, *, changes: dict[str, Any], actor: Actor) -> None:
    """Raises `Refused`."""
    amend_application(application, changes=changes, actor=actor)
