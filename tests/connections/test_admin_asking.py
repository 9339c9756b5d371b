"""The page that asks once before something is done says whose it is."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.utils.html import strip_tags

from connections.models import PersonalDataView
from fieldwork.models import Visit
from tests.billing.money import order, paid, report
from tests.connections.desk import boss, browser_of, step
from tests.factories import scheduled_application, staff

pytestmark = pytest.mark.django_db
MASKED = "J. P., ···3333, j···@example.com"


def words_of(client: Client, address: str) -> str:
    return " ".join(strip_tags(client.get(address).content.decode()).split())


def test_taking_a_payment_back_names_order_method_and_time() -> None:
    wanted = order()
    payment = paid(wanted, "50", reference="R-77")

    words = words_of(boss(), step(payment, "take_back"))

    assert f"{wanted.number}, J. P." in words
    assert f"{payment.get_method_display()}, R-77" in words
    assert f"{payment.at.year}" in words.partition("When")[2]


def test_a_report_that_is_matched_names_its_order_and_what_is_open() -> None:
    told = report()

    words = words_of(boss(), step(told, "match"))

    assert f"{told.application.number}, J. P." in words
    assert "Still open 50.00 USD" in words


@pytest.mark.parametrize("action", ["assign", "call_off"])
def test_a_visit_is_planned_and_called_off_with_its_time_and_place_in_view(action: str) -> None:
    wanted = scheduled_application()
    Visit.objects.update(
        window_start=datetime(2036, 5, 12, 21, tzinfo=UTC), window_end=datetime(2036, 5, 12, 23, tzinfo=UTC)
    )

    words = words_of(boss(), step(wanted.visits.get(), action))

    assert "Mon 12 May 2036, 14:00 PDT to 16:00" in words
    assert f"{wanted.number}, J. P." in words
    assert "123 Valencia Street" in words


def test_a_document_is_rejected_with_its_order_in_view() -> None:
    wanted, client = scheduled_application(), boss()
    paper = wanted.documents.get(code="id-proof")
    client.post(step(paper, "submit"))

    assert f"{wanted.number}, J. P." in words_of(client, step(paper, "reject"))


def test_an_order_is_cancelled_with_its_applicant_masked_for_those_who_may_not_see_them() -> None:
    wanted = scheduled_application()
    may_cancel = ("connections.view_application", "connections.cancel_application")
    blind = browser_of(staff(*may_cancel))

    words = words_of(blind, step(wanted, "cancel"))

    assert MASKED in words
    assert "Jonathan" not in words
    assert "··· Valencia Street" in words
    assert not PersonalDataView.objects.exists()
    seeing = browser_of(staff(*may_cancel, "connections.view_personal_data"))
    assert "Jonathan Park, +14155553333" in words_of(seeing, step(wanted, "cancel"))
    assert PersonalDataView.objects.get().application == wanted


def test_a_form_that_can_not_be_sent_is_not_shown_again_to_whom_it_is_not_open() -> None:
    wanted = scheduled_application()
    blind = browser_of(staff("connections.view_application"))

    refused = blind.post(step(wanted, "amend"), {"applicant_name": "Somebody"}, follow=True).content.decode()

    assert "is not open to you here now" in refused
    assert "Jonathan" not in refused
