"""Changing an order at the desk."""

from decimal import Decimal

import pytest

from connections.models import Application, Event
from connections.vocabulary import ApplicationState as S
from tests.connections.desk import boss, clerk, page_of, step
from tests.factories import application_in, scheduled_application

pytestmark = pytest.mark.django_db


def typed(order: Application, **changes: str) -> dict[str, str]:
    """The form as it is shown, with some fields typed over."""
    names = ["applicant_name", "applicant_phone", "applicant_email", "billing_name", "address", "postcode"]
    shown = {name: getattr(order, name) for name in [*names, "latitude", "longitude", "requested_load_kw"]}
    return {**{name: str(value) for name, value in shown.items()}, **changes}


def again(order: Application) -> Application:
    return Application.objects.get(pk=order.pk)


def test_what_is_typed_over_is_changed_and_nothing_else() -> None:
    order = scheduled_application()

    reply = boss().post(step(order, "amend"), typed(order, applicant_phone="+14155550000"))

    assert reply["Location"] == page_of(order)
    assert again(order).applicant_phone == "+14155550000"
    assert Event.objects.get(kind="application.amended").data == {"applicant_phone": "+14155550000"}


def test_another_load_is_quoted_anew() -> None:
    order = scheduled_application()

    boss().post(step(order, "amend"), typed(order, requested_load_kw="7"))

    assert again(order).requested_load_kw == Decimal(7)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Nothing is different yet."),
        ({"requested_load_kw": "500"}, "serves loads from 0 to 10 kW"),
        ({"latitude": "40.7", "longitude": "-74"}, "does not serve this place"),
        ({"longitude": ""}, "A position needs latitude and longitude together."),
        ({"applicant_phone": "ring"}, "A telephone number, for example"),
    ],
)
def test_what_can_not_be_is_said_and_what_was_typed_is_kept(changes: dict[str, str], words: str) -> None:
    order = scheduled_application()

    text = boss().post(step(order, "amend"), typed(order, **{"billing_name": "Jonathan Park", **changes})).content

    assert words in text.decode()
    assert not Event.objects.filter(kind="application.amended").exists()


def test_after_the_approval_the_premises_stay() -> None:
    order = application_in(S.APPROVED)

    text = boss().post(step(order, "amend"), typed(order, address="1 Elsewhere")).content.decode()

    assert "This can not be changed any more" in text


def test_without_the_permission_there_is_no_button_and_no_way_round() -> None:
    order = scheduled_application()
    client = clerk()

    assert step(order, "amend") not in client.get(page_of(order)).content.decode()
    client.post(step(order, "amend"), typed(order, applicant_name="Eve"))
    assert again(order).applicant_name == order.applicant_name


@pytest.mark.parametrize("state", [S.DRAFT, S.CANCELLED])
def test_a_draft_is_corrected_on_its_own_page_and_a_closed_order_not_at_all(state: str) -> None:
    order = application_in(state)

    assert step(order, "amend") not in boss().get(page_of(order)).content.decode()
