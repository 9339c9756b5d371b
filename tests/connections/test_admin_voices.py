"""Calls for help at the desk."""

import pytest

from connections.models import SupportRequest
from tests.connections.desk import boss, browser_of, page_of, step
from tests.factories import scheduled_application, staff

pytestmark = pytest.mark.django_db
CALLS = "/admin/connections/supportrequest/"


def test_call_for_help_is_answered_once_with_a_note() -> None:
    call, client = SupportRequest.objects.create(source="buyer.test", callback_phone="+14155553333"), boss()

    client.post(step(call, "answer"), {"note": ""})
    assert SupportRequest.objects.get().done_at is None

    client.post(step(call, "answer"), {"note": "Called back"})
    again = client.post(step(call, "answer"), {"note": "Called twice"})

    answered = SupportRequest.objects.get()
    assert (answered.note, answered.done_at is None) == ("Called back", False)
    assert "answered already" in again.content.decode()


def test_answering_needs_its_permission() -> None:
    call = SupportRequest.objects.create(source="buyer.test")
    client = browser_of(staff("connections.view_supportrequest"))

    assert step(call, "answer") not in client.get(page_of(call)).content.decode()
    client.post(step(call, "answer"), {"note": "Called back"})
    assert SupportRequest.objects.get().done_at is None


def test_open_calls_are_listed_apart_and_counted_on_the_first_page() -> None:
    call = SupportRequest.objects.create(source="buyer.test", application=scheduled_application())
    client = boss()

    assert [row.pk for row in client.get(CALLS, {"done": "no"}).context["cl"].result_list] == [call.pk]
    assert {card.title: card.figure for card in client.get("/admin/").context["cards"]}["Asked for help"] == 1
