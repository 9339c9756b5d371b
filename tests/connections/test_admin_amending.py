"""Changing an order at the desk."""

from decimal import Decimal

import pytest
from django.test import Client

from connections.models import Application, Event
from connections.services import amend_application
from connections.vocabulary import ApplicationState as S
from tests.connections.desk import boss, clerk, page_of, shown, step
from tests.factories import SYSTEM, application_in, scheduled_application

pytestmark = pytest.mark.django_db


def typed(client: Client, order: Application, **changes: str) -> dict[str, str]:
    """The form as it is shown, with some fields typed over."""
    return {**shown(client, step(order, "amend")), **changes}


def again(order: Application) -> Application:
    return Application.objects.get(pk=order.pk)


def test_what_is_typed_over_is_changed_and_nothing_else() -> None:
    order, client = scheduled_application(), boss()

    reply = client.post(step(order, "amend"), typed(client, order, applicant_phone="+14155550000"))

    assert reply["Location"] == page_of(order)
    assert again(order).applicant_phone == "+14155550000"
    assert Event.objects.get(kind="application.amended").data == {"applicant_phone": "+14155550000"}


def test_another_load_is_quoted_anew() -> None:
    order, client = scheduled_application(), boss()

    client.post(step(order, "amend"), typed(client, order, requested_load_kw="7"))

    assert again(order).requested_load_kw == Decimal(7)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Nothing is different yet."),
        ({"requested_load_kw": "500"}, "serves loads from 0 to 10 kW"),
        ({"latitude": "40.7", "longitude": "-74"}, "does not serve this place"),
        ({"longitude": ""}, "A position needs latitude and longitude together."),
        ({"applicant_phone": "", "applicant_email": ""}, "Give a telephone number or an e-mail address."),
        ({"applicant_phone": "ring"}, "A telephone number, for example"),
    ],
)
def test_what_can_not_be_is_said_and_what_was_typed_is_kept(changes: dict[str, str], words: str) -> None:
    order, client = scheduled_application(), boss()

    text = client.post(step(order, "amend"), typed(client, order, **changes)).content.decode()

    assert words in text
    assert all(f'value="{value}"' in text for value in changes.values() if value)
    assert not Event.objects.filter(kind="application.amended").exists()


def test_half_a_position_is_asked_for_the_other_half_where_none_was_known() -> None:
    order, client = scheduled_application(), boss()
    Application.objects.update(latitude=None, longitude=None)

    reply = client.post(step(order, "amend"), typed(client, order, latitude="1"))

    assert "A position needs latitude and longitude together." in reply.content.decode()


def test_what_a_colleague_changed_meanwhile_stays() -> None:
    order, client = scheduled_application(), boss()
    opened_early = typed(client, order, applicant_email="jon@example.com")
    amend_application(order, changes={"applicant_phone": "+14155550000"}, actor=SYSTEM)

    client.post(step(order, "amend"), opened_early)

    kept = again(order)
    assert (kept.applicant_phone, kept.applicant_email) == ("+14155550000", "jon@example.com")


def test_what_two_people_change_is_told_to_the_second_who_decides() -> None:
    order, client = scheduled_application(), boss()
    opened_early = typed(client, order, applicant_phone="+14155551111", billing_name="Ada Park")
    amend_application(order, changes={"applicant_phone": "+14155550000", "tax_id": "77"}, actor=SYSTEM)

    told = client.post(step(order, "amend"), opened_early)

    assert "This was changed meanwhile to “+14155550000”." in told.content.decode()
    assert again(order).applicant_phone == "+14155550000"
    form = told.context["form"]
    assert [form[name].value() for name in ("applicant_phone", "billing_name", "tax_id")] == [
        "+14155551111",
        "Ada Park",
        "77",
    ]
    client.post(step(order, "amend"), form.data.dict())
    kept = again(order)
    assert (kept.applicant_phone, kept.billing_name, kept.tax_id) == ("+14155551111", "Ada Park", "77")


def test_half_of_a_position_is_not_put_to_half_of_a_colleagues() -> None:
    order, client = scheduled_application(), boss()
    opened_early = typed(client, order, latitude="37.770000")
    amend_application(order, changes={"longitude": Decimal("-122.430000")}, actor=SYSTEM)

    told = client.post(step(order, "amend"), opened_early).content.decode()

    assert "This was changed meanwhile to “-122.430000”." in told
    assert again(order).latitude == order.latitude


def test_after_the_approval_the_premises_stay() -> None:
    order, client = application_in(S.APPROVED), boss()

    text = client.post(step(order, "amend"), typed(client, order, address="1 Elsewhere")).content.decode()

    assert "This can not be changed any more" in text


def test_without_the_permission_there_is_no_button_and_no_way_round() -> None:
    order = scheduled_application()
    client = clerk()

    assert step(order, "amend") not in client.get(page_of(order)).content.decode()
    client.post(step(order, "amend"), {"applicant_name": "Eve"})
    assert again(order).applicant_name == order.applicant_name


@pytest.mark.parametrize("state", [S.DRAFT, S.CANCELLED])
def test_a_draft_is_corrected_on_its_own_page_and_a_closed_order_not_at_all(state: str) -> None:
    order = application_in(state)

    assert step(order, "amend") not in boss().get(page_of(order)).content.decode()
