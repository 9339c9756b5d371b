"""What holds for every page of the desk: forms count once, empty lists say why, lists and fields have names."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst

from config.desk import UNFOLD
from connections.admin import AddedOnce
from connections.models import SentForm
from connections.tasks import A_DAY, clear_sent_forms
from fieldwork.models import Slot, Technician
from tests.connections.desk import boss
from tests.factories import provider

pytestmark = pytest.mark.django_db
SLOTS, HIRE = "/admin/fieldwork/slot/", "/admin/fieldwork/technician/add/"
ROOMS = {"connections", "fieldwork", "billing", "beckn_adapter"}
OURS = sorted(admin.site._registry.values(), key=str)


def hired(client: Any, **typed: str) -> Any:
    """Hire somebody, as the form is opened and sent."""
    token = re.search(r'name="_form" value="(\w+)" form="technician_form"', client.get(HIRE).content.decode())
    assert token
    return {
        "provider": provider().pk,
        "name": "Ana",
        "phone": "+1415",
        "daily_capacity": "6",
        "_form": token[1],
        **typed,
    }


@pytest.mark.parametrize("page", OURS, ids=str)
def test_every_form_of_the_desk_counts_once_and_every_list_says_why_it_is_empty(page: Any) -> None:
    request = RequestFactory().get("/")
    request.user = User.objects.create_superuser("anna")

    assert isinstance(page, AddedOnce) or not (page.has_add_permission(request) or page.has_change_permission(request))
    assert page.empty_words.endswith(".")


def test_the_menu_calls_every_list_as_the_list_calls_itself() -> None:
    menu = {str(item["link"]): item["title"] for group in UNFOLD["SIDEBAR"]["navigation"] for item in group["items"]}
    metas = [page.model._meta for page in OURS if page.model._meta.app_label in ROOMS]

    lists = {reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist"): meta for meta in metas}

    listed = menu.keys() & lists.keys()
    assert len(listed) > 15
    assert {link: menu[link] for link in listed} == {link: capfirst(lists[link].verbose_name_plural) for link in listed}


def test_a_form_that_could_not_be_saved_is_mended_and_then_counts() -> None:
    client = boss()
    form = hired(client, name="")

    refused = client.post(HIRE, form)
    client.post(HIRE, {**form, "name": "Ana"})

    assert f'value="{form["_form"]}"' in refused.content.decode()
    assert Technician.objects.get().name == "Ana"


def test_whoever_goes_back_and_corrects_a_form_is_not_held_up() -> None:
    client = boss()
    form = hired(client)

    for name in ("Ana", "Ana", "Bea"):
        client.post(HIRE, {**form, "name": name})

    assert sorted(Technician.objects.values_list("name", flat=True)) == ["Ana", "Bea"]


def test_what_was_sent_is_forgotten_after_a_day() -> None:
    for fingerprint in ("old", "new"):
        SentForm.objects.create(fingerprint=fingerprint)
    SentForm.objects.filter(fingerprint="old").update(at=timezone.now() - A_DAY * 1.1)

    assert clear_sent_forms() == 1
    assert SentForm.objects.get().fingerprint == "new"


def test_an_empty_list_says_what_fills_it_and_a_search_that_it_found_nothing() -> None:
    client = boss()

    empty, searched = (client.get(page).content.decode() for page in (SLOTS, "/admin/fieldwork/technician/?q=zz"))

    assert "Applicants choose among these windows" in empty
    assert "Add window of the day" in empty
    assert "Nothing fits" in searched
    assert "0 found" in searched


def test_a_list_is_called_what_it_is_and_its_search_has_a_name() -> None:
    text = boss().get("/admin/connections/application/").content.decode()

    assert re.search(r"<title>\s*Applications \| Servicedrop\s*</title>", text)
    assert '<label for="searchbar"' in text
    assert "Show all" not in text


def test_hours_are_written_as_everywhere_else() -> None:
    Slot.objects.create(provider=provider(), name="Morning", starts="09:00", ends="12:00")

    text = boss().get(SLOTS).content.decode()

    assert "09:00" in text
    assert "noon" not in text
