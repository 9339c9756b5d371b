"""The catalogue, as staff type it in."""

import json
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.auth.models import User

from connections.models import Offering, Provider, ServiceArea
from tests.connections.desk import boss, browser_of, management_of, page_of
from tests.factories import application, provider

pytestmark = pytest.mark.django_db


def provider_entry(area: dict[str, Any]) -> dict[str, Any]:
    """San Francisco's page as the browser sends it, with one new service area."""
    page = boss().get(page_of(provider(area=False)))
    new = {"code": "1", "name": "San Francisco", "city_codes": "", "postcodes": "", "polygon": "", **area}
    inline = {f"service_areas-0-{name}": value for name, value in new.items()}
    return {**form_of(page), **management_of(page), **inline, "service_areas-TOTAL_FORMS": 1}


def form_of(page: Any) -> dict[str, Any]:
    """The provider's own fields as the page shows them."""
    form = page.context["adminform"].form
    return {name: value for name in form.fields if (value := form[name].value()) not in (None, False)}


@pytest.mark.parametrize("model", [Provider, Offering])
def test_whatever_the_catalogue_keeps_can_be_typed_in(model: Any) -> None:
    typed = flatten_fieldsets(admin.site._registry[model].fieldsets)

    kept = [field.name for field in model._meta.fields if field.editable and not field.primary_key]
    assert sorted(typed) == sorted(kept)


def save(**changes: str) -> Any:
    """San Francisco's page, sent with these changes by whoever opened it."""
    entry = provider_entry({"postcodes": '["94110"]'}) | changes
    return browser_of(User.objects.get()).post(page_of(Provider.objects.get()), entry)


def test_a_new_provider_works_from_monday_to_friday_unless_it_is_said_otherwise() -> None:
    client, address = boss(), "/admin/connections/provider/add/"
    page = client.get(address)
    named = {"code": "oakland", "name": "Oakland Power", "currency": "USD", "order_prefix": "oak"}

    client.post(address, {**form_of(page), **management_of(page), **named})

    assert Provider.objects.get().working_weekdays == [0, 1, 2, 3, 4]


def test_the_currency_can_be_set_right_before_anything_is_quoted() -> None:
    save(currency="EUR")

    assert Provider.objects.get().currency == "EUR"


@pytest.mark.parametrize("code", ["XYZ", "XTS", "XAU", "CLF"])
def test_a_currency_that_nobody_pays_in_is_refused(code: str) -> None:
    refused = save(currency=code)

    (words,) = refused.context["adminform"].form.errors["currency"]
    assert words.startswith(f"{code} is no currency of ISO 4217")
    assert Provider.objects.get().currency == "USD"


def test_the_currency_stays_once_an_application_is_quoted_in_it() -> None:
    page = boss().get(page_of(application().provider))

    assert "It stays: applications are quoted in it." in page.content.decode()
    assert "currency" not in form_of(page)


def test_a_telephone_number_that_nobody_can_ring_is_refused() -> None:
    refused = save(support_phone="hello")

    assert refused.context["adminform"].form.errors == {
        "support_phone": ["A telephone number, for example +14155553333."]
    }


def test_service_area_is_kept_as_typed_and_nothing_typed_is_an_empty_list() -> None:
    entry = provider_entry({"postcodes": '["94110", "94112"]', "polygon": "[[37.8, -122], [37.8, -121], [37, 0]]"})

    response = browser_of(User.objects.get()).post(page_of(Provider.objects.get()), entry)

    assert response.status_code == 302
    area = ServiceArea.objects.get()
    assert (area.postcodes, area.city_codes, len(area.polygon)) == (["94110", "94112"], [], 3)


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("postcodes", "94110, 94112", "This can not be read as a list."),
        ("postcodes", '{"a": 1}', "Write a list of texts"),
        ("city_codes", "[628]", "Write a list of texts"),
        ("polygon", "37.8 -122.5", "This can not be read as a list."),
        ("polygon", "[[37.8, -122.5]]", "at least three corners"),
    ],
)
def test_area_that_can_not_be_read_is_explained_beside_its_field(field: str, typed: str, words: str) -> None:
    entry = provider_entry({field: typed})

    response = browser_of(User.objects.get()).post(page_of(Provider.objects.get()), entry)

    formset = response.context["inline_admin_formsets"][0].formset
    assert words in json.dumps(formset.errors[0][field])
    assert not ServiceArea.objects.exists()
