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
from connections.models.application import NO_CONTACT, PHONE
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
CONTACT = ("applicant_phone", "applicant_email")


class AmendForm(ActionForm):
    """Shows the order as it is; what comes out of it is `changes`, the fields that this person made different.

    Each field brings along what was shown in it: what somebody else changed meanwhile is told, and never undone unseen.
    """

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
            field.show_hidden_initial = True

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        typed = set(self.changed_data)
        if typed & set(POSITION):  # one place: half of somebody's and half of another's is neither
            typed |= set(POSITION)
        changes = {name: value for name, value in values.items() if name in typed and value != self._now(name)}
        self._tell_what_moved(typed, changes)
        if not self.errors:
            self._check(changes)
        if self.errors:
            return values
        if changes.keys() & set(POSITION):
            known = values["latitude"] is not None
            changes["position_as_given"] = f"{values['latitude']},{values['longitude']}" if known else ""
        return {"changes": changes, "seen": {name: self._now(name) for name in changes}}

    def _check(self, changes: dict[str, Any]) -> None:
        """What the fields can not say one by one."""
        as_wanted = {name: changes.get(name, self._now(name)) for name in (*CONTACT, *POSITION)}
        if not any(as_wanted[name] for name in CONTACT):
            self.add_error("applicant_phone", NO_CONTACT)
        if (as_wanted["latitude"] is None) != (as_wanted["longitude"] is None):
            self.add_error("longitude", "A position needs latitude and longitude together.")
        if not changes and not self.errors:
            self.add_error(None, "Nothing is different yet.")

    def _tell_what_moved(self, typed: set[str], changes: dict[str, Any]) -> None:
        """An error at each field that two people changed. From now on the form goes by the order as it now is: what
        nobody typed over shows it, and what is sent once more was sent knowing it."""
        instead = {}
        for name in self.fields:
            now = self._now(name)
            as_text = "" if now is None else str(now)
            if self._is_as_shown(name) or (name in typed and name not in changes):
                continue
            instead[self[name].html_initial_name] = as_text
            if name in typed:
                words = f"to “{as_text}”" if as_text else "and is empty now"
                self.add_error(name, f"This was changed meanwhile {words}. Send yours again if it is to stand.")
            else:
                instead[name] = as_text
        self.show_instead(instead)

    def _now(self, name: str) -> Any:
        return getattr(self.thing, name)

    def _is_as_shown(self, name: str) -> bool:
        """Whether the order still says what this person had before their eyes, white space aside."""
        try:
            seen = self.fields[name].to_python(self.data.get(self[name].html_initial_name))
        except forms.ValidationError:
            return False
        return _words_of(seen) == _words_of(self._now(name))


def _words_of(value: Any) -> Any:
    return value.split() if isinstance(value, str) else value


def _text_field(name: str, label: str) -> forms.Field:
    column: Any = Application._meta.get_field(name)
    options: dict[str, Any] = {"label": label, "max_length": column.max_length, "required": not column.blank}
    if name.endswith("_email"):
        return forms.EmailField(widget=UnfoldAdminEmailInputWidget, **options)
    validators = [PHONE] if name.endswith("_phone") else []
    return forms.CharField(widget=UnfoldAdminTextInputWidget, validators=validators, **options)


def amend(application: Application, *, changes: dict[str, Any], seen: dict[str, Any], actor: Actor) -> None:
    """Raises `Refused`."""
    amend_application(application, changes=changes, seen=seen, actor=actor)
