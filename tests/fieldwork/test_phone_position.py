"""Where a technician is: sent by the phone while on the way, if they share it, and forgotten on arrival."""

from decimal import Decimal

import pytest
from django.test import Client

from fieldwork.services import set_out
from tests.factories import SYSTEM
from tests.fieldwork.phone import assigned, press
from tests.fieldwork.premises import phone_of, ravi

pytestmark = pytest.mark.django_db


def test_position_is_kept_while_on_the_way_and_forgotten_on_arrival() -> None:
    worker = ravi(shares_position=True)
    visit, client = assigned(worker), phone_of(worker)
    there = {"latitude": "37.78", "longitude": "-122.4194241234"}

    before = client.post("/field/position/", there)
    press(client, visit, "set-out")
    during = client.post("/field/position/", there)
    worker.refresh_from_db()
    kept = worker.longitude
    press(client, visit, "arrive")
    worker.refresh_from_db()

    assert (before.status_code, during.status_code) == (409, 204)
    assert (kept, worker.longitude) == (Decimal("-122.419424"), None)


def test_position_of_who_does_not_share_it_is_not_kept() -> None:
    worker = ravi()
    set_out(assigned(worker), actor=SYSTEM)
    client = phone_of(worker)

    assert client.post("/field/position/", {"latitude": "37.78", "longitude": "-122.4"}).status_code == 409


def test_what_is_no_position_is_told_by_its_field() -> None:
    client = phone_of(ravi(shares_position=True))

    answer = client.post("/field/position/", {"latitude": "north", "longitude": "-222.4"})

    assert answer.status_code == 422
    assert answer.json()["errors"] == {
        "latitude": ["A valid number is required."],
        "longitude": ["Ensure this value is greater than or equal to -180."],
    }


def test_a_position_without_the_forms_token_is_refused() -> None:
    worker = ravi(shares_position=True)
    assert worker.user is not None
    client = Client(enforce_csrf_checks=True)
    client.force_login(worker.user)

    answer = client.post("/field/position/", {"latitude": "37.78", "longitude": "-122.4"})

    assert answer.status_code == 403
    assert "CSRF" in answer.json()["detail"]
