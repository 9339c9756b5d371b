"""What the desk's tests share: who is logged in, and where a row's page and buttons are."""

from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from connections.models import Application, Offering
from tests.factories import staff

APPLICATIONS = "/admin/connections/application/"
SCRIPT = "<script>alert(1)</script>"
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt;"


def boss() -> Client:
    """A browser in which somebody is logged in who may do everything."""
    return browser_of(User.objects.create_superuser("anna"))


def clerk(*permissions: str) -> Client:
    return browser_of(staff("connections.view_application", *permissions))


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page_of(row: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def step(row: Any, action: str) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_advance", args=[row.pk, action])


def state_of(row: Any) -> str:
    again = type(row).objects.get(pk=row.pk)
    return str(again.fulfillment_state if isinstance(again, Application) else again.state)


def counter_entry(**changes: Any) -> dict[str, Any]:
    """What is typed at the counter; the offering must exist."""
    typed = {
        "offering": Offering.objects.get(code="new-resi-connection").pk,
        "requested_load_kw": "5",
        "monthly_consumption_kwh": "300",
        "source_reference": "P-17",
        "applicant_name": "Jonathan Park",
        "applicant_phone": "+14155553333",
        "applicant_email": "",
        "address": "123 Valencia Street",
        "postcode": "94110",
        "city_code": "",
        "latitude": "37.774921",
        "longitude": "-122.419424",
        "billing_name": "",
        "billing_phone": "",
        "billing_email": "",
        "billing_address": "",
        "tax_id": "",
    }
    return {**typed, **changes}


def shown(client: Client, address: str) -> dict[str, str]:
    """What a browser would send back from the form at this address if nothing were typed: what was shown included."""
    sent = {}
    for field in client.get(address).context["form"]:
        value = field.value()
        sent[field.html_name] = "" if value is None else str(value)
        if field.field.show_hidden_initial:
            sent[field.html_initial_name] = sent[field.html_name]
    return sent


def management_forms(client: Client, row: Any) -> dict[str, Any]:
    """What a browser sends along for the tables on the page."""
    return management_of(client.get(page_of(row)))


def management_of(response: Any) -> dict[str, Any]:
    forms = [inline.formset.management_form for inline in response.context["inline_admin_formsets"]]
    return {form.add_prefix(name): form[name].value() or 0 for form in forms for name in form.fields}
