"""The presses on plain forms of the desk: of what is typed nothing is unique, only the form's token is."""

from typing import Any

from django.test import Client

from tests.connections.desk import management_of, page_of
from tests.factories import offering
from tests.fieldwork.premises import ravi
from tests.journeys.presses import Case, Press, boss


def opened(page: str, **typed: Any) -> Press:
    """The form as a browser has it when it is opened, with its one-time token, and what is typed into it."""
    who = boss()
    client = Client()
    client.force_login(who)
    shown = client.get(page)
    form, token = shown.context["adminform"].form, shown.context["form_token"]
    values = {name: form[name].value() for name in form.fields}
    filled_in = {name: value for name, value in values.items() if value is not None and value is not False}
    assert f'name="_form" value="{token}"' in shown.content.decode()
    return Press(page, {**filled_in, **management_of(shown), "_form": token, **typed}, who)


def hiring() -> Press:
    provider = ravi().provider_id
    return opened("/admin/fieldwork/technician/add/", provider=provider, name="Ana Silva", phone="+14155550199")


def pricing() -> Press:
    """One line more in an offering's price: doubled, every applicant would pay it twice."""
    line = {"title": "Inspection", "kind": "FIXED", "amount": "30", "included_kw": "0", "position": "1"}
    typed = {f"price_lines-1-{name}": value for name, value in line.items()}
    row = offering(terms=(), documents=())
    first = {"price_lines-0-id": row.price_lines.get().pk, "price_lines-0-offering": row.pk}
    kept = {
        "price_lines-0-title": "Connection fee",
        "price_lines-0-kind": "FIXED",
        "price_lines-0-amount": "200",
        "price_lines-0-included_kw": "0",
    }
    placed = {"price_lines-0-position": "0", "price_lines-1-offering": row.pk, "price_lines-TOTAL_FORMS": "2"}
    return opened(page_of(row), **first, **kept, **placed, **typed)


CASES = [
    Case("form: a new technician", hiring, "saved already"),
    Case("form: a line of the price", pricing, "saved already"),
]
