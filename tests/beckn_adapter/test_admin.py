"""The conversation inspector: reading what was said, and saying it again."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from beckn_adapter.models import Attempt, Callback, Message
from beckn_adapter.resend import send_again
from connections.admin import moment
from tests.beckn_adapter.conversation import receive, request, selection
from tests.connections.desk import SCRIPT, boss, browser_of, page_of
from tests.factories import scheduled_application, staff

pytestmark = pytest.mark.django_db
MESSAGES, CALLBACKS = "/admin/beckn_adapter/message/", "/admin/beckn_adapter/callback/"


def message(**fields: Any) -> Message:
    now = timezone.now()
    defaults = {
        "bap_id": "buyer.test",
        "transaction_id": "tx-1",
        "action": "confirm",
        "message_id": f"m-{Message.objects.count()}",
        "bap_uri": "https://buyer.test/beckn",
        "body": b"{}",
        "digest": "d",
        "signature": "Signature ...",
        "due_at": now,
        "received_at": now,
    }
    return Message.objects.create(**{**defaults, **fields})


def callback(**fields: Any) -> Callback:
    """A callback without a body, given up on a day ago unless told otherwise."""
    then = timezone.now() - timedelta(days=1)
    defaults = {
        "bap_id": "buyer.test",
        "transaction_id": "tx-1",
        "action": "on_status",
        "message_id": f"m-{Callback.objects.count()}",
        "url": "https://buyer.test/beckn/on_status",
        "body": b"{}",
        "state": Callback.State.DEAD,
        "attempts": 8,
        "due_at": then,
        "life_seconds": 3600,
        "waited_seconds": 3600,
        "outcome": "connection refused",
    }
    return Callback.objects.create(**{**defaults, **fields})


def button(row: Callback) -> str:
    return reverse("admin:beckn_adapter_callback_advance", args=[row.pk, "send_again"])


# --- Sending again --------------------------------------------------------------------------------------------------


def test_dead_callback_gets_a_new_life_and_keeps_its_attempts(settings: Any) -> None:
    settings.BECKN_CALLBACK_MIN_LIFE = 600
    dead, other = callback(), callback()
    before = timezone.now()

    count = send_again(Callback.objects.filter(pk=dead.pk))

    dead.refresh_from_db()
    other.refresh_from_db()
    assert (count, dead.state, dead.attempts, other.state) == (1, "DUE", 8, "DEAD")
    assert before <= dead.due_at <= timezone.now()
    assert (dead.life_seconds, dead.waited_seconds) == (600, 0)


def test_delivered_callback_sent_again_is_no_longer_called_delivered() -> None:
    arrived = timezone.now() - timedelta(minutes=1)
    told = callback(state="DELIVERED", delivered_at=arrived)

    send_again(Callback.objects.all())

    told.refresh_from_db()
    assert told.state == "DUE"
    assert f"{moment(arrived)}, and now once more" in boss().get(page_of(told)).content.decode()


def test_sending_a_dead_one_again_is_asked_first_and_done_by_post() -> None:
    dead, client = callback(), boss()

    asked = client.get(button(dead)).content.decode()
    dead.refresh_from_db()
    assert "Given up: every attempt failed." in asked
    assert dead.bap_id in asked
    assert dead.state == "DEAD"

    client.post(button(dead))
    dead.refresh_from_db()
    assert dead.state == "DUE"


def test_selected_callbacks_are_sent_again_after_a_second_look() -> None:
    dead = [callback(), callback()]
    client = boss()
    selected = {"action": "send_selected_again", "_selected_action": [row.pk for row in dead]}

    asked = client.post(CALLBACKS, selected).content.decode()
    assert "<strong>2</strong>" in asked
    assert Callback.objects.filter(state="DEAD").count() == 2

    done = client.post(CALLBACKS, {**selected, "confirmed": "yes"}, follow=True).content.decode()
    assert "2 messages will be sent again." in done
    assert Callback.objects.filter(state="DUE").count() == 2


def test_who_may_only_look_sends_nothing() -> None:
    dead = callback()
    client = browser_of(staff("beckn_adapter.view_callback"))

    assert button(dead) not in client.get(page_of(dead)).content.decode()
    assert "may not send messages again" in client.post(button(dead)).content.decode()
    client.post(CALLBACKS, {"action": "send_selected_again", "_selected_action": [dead.pk], "confirmed": "yes"})
    dead.refresh_from_db()
    assert dead.state == "DEAD"


def test_who_may_not_look_is_turned_away() -> None:
    dead = callback()

    assert browser_of(staff("connections.view_application")).post(button(dead)).status_code == 403


# --- Reading --------------------------------------------------------------------------------------------------------


def test_messages_are_found_by_their_whole_transaction_id() -> None:
    wanted = message(transaction_id="tx-77", message_id="m-77", bap_id="bap.example")
    message(message_id="m-78")
    client = boss()

    rows = client.get(MESSAGES, {"q": "tx-77"}).context["cl"].result_list

    assert [row.pk for row in rows] == [wanted.pk]


def test_callbacks_are_found_by_their_whole_transaction_id_as_answers_and_as_news_of_its_order() -> None:
    order = scheduled_application()
    asked = message(transaction_id="tx-77", application=order)
    wanted = [callback(request=asked), callback(application=order)]
    callback(request=message(message_id="m-78"), application=scheduled_application())
    client = boss()

    rows = client.get(CALLBACKS, {"q": "tx-77"}).context["cl"].result_list

    assert {row.pk for row in rows} == {row.pk for row in wanted}


def test_messages_and_callbacks_are_filtered_by_state_and_action() -> None:
    failed = message(state="FAILED", action="init")
    message()
    dead = callback()
    callback(state="DUE", action="on_confirm")
    client = boss()

    for query in ({"state__exact": "FAILED"}, {"action": "init"}):
        assert [row.pk for row in client.get(MESSAGES, query).context["cl"].result_list] == [failed.pk]
    for query in ({"state__exact": "DEAD"}, {"action": "on_status"}):
        assert [row.pk for row in client.get(CALLBACKS, query).context["cl"].result_list] == [dead.pk]


@pytest.mark.parametrize(("address", "make"), [(MESSAGES, message), (CALLBACKS, callback)])
def test_list_asks_as_many_queries_for_three_rows_as_for_one(address: str, make: Any) -> None:
    client, order = boss(), scheduled_application()
    make(application=order)
    client.get(address)
    with CaptureQueriesContext(connection) as for_one:
        client.get(address)
    make(application=order)
    make(application=order)

    with CaptureQueriesContext(connection) as for_three:
        response = client.get(address)

    assert len(response.context["cl"].result_list) == 3
    assert len(for_three) == len(for_one)


def test_page_of_a_message_shows_body_signature_order_and_answers() -> None:
    order = scheduled_application()
    row = message(body=b'{"context":{"action":"confirm"}}', application=order, signature='Signature keyId="bap"')
    callback(request=row)

    page = boss().get(page_of(row)).content.decode()

    assert "{\n  &quot;context&quot;: {\n    &quot;action&quot;: &quot;confirm&quot;\n  }\n}" in page
    assert "Signature keyId=&quot;bap&quot;" in page
    assert str(order) in page
    assert "connection refused" in page


def test_page_of_a_callback_shows_every_attempt() -> None:
    row = callback()
    Attempt.objects.create(callback=row, at=timezone.now(), milliseconds=1234, status=502, outcome="Bad gateway")

    page = boss().get(page_of(row)).content.decode()

    for words in ("1234 ms", "502", "Bad gateway"):
        assert words in page, words


@pytest.mark.parametrize("body", [b"\xff\xfe not JSON", b"[" * 100_000, b"", b'{"a": NaN}'])
def test_body_that_is_no_proper_json_does_not_break_the_page(body: bytes) -> None:
    assert boss().get(page_of(message(body=body))).status_code == 200


def test_every_page_escapes_what_buyer_apps_wrote() -> None:
    strings = {"bap_id": SCRIPT, "transaction_id": SCRIPT, "message_id": SCRIPT}
    order = scheduled_application()
    row = message(**strings, body=b'{"a": "<script>alert(1)</script>"}', signature=SCRIPT, error=SCRIPT, via=SCRIPT)
    Message.objects.update(application=order, bap_uri=SCRIPT)
    sent = callback(**strings, url=SCRIPT, outcome=SCRIPT, application=order, request=row)
    Attempt.objects.create(callback=sent, at=timezone.now(), milliseconds=1, status=200, outcome=SCRIPT)
    client = boss()
    application_page = reverse("admin:connections_application_change", args=[order.pk])
    pages = ["/admin/", MESSAGES, CALLBACKS, page_of(row), page_of(sent), button(sent), application_page]

    bodies = {page: client.get(page).content.decode() for page in pages}

    assert [page for page, body in bodies.items() if SCRIPT in body] == []
    assert "&lt;script&gt;" in bodies[page_of(row)]


def test_nobody_adds_changes_or_deletes_what_was_said() -> None:
    client = boss()
    for address, row in ((MESSAGES, message()), (CALLBACKS, callback())):
        assert client.get(f"{address}add/").status_code == 403
        assert client.post(page_of(row), {"state": "HANDLED"}).status_code == 403
        assert client.post(f"{address}{row.pk}/delete/", {"post": "yes"}).status_code == 403
        client.post(address, {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
        assert type(row).objects.filter(pk=row.pk).exists()


def test_application_page_lists_its_messages_both_ways() -> None:
    order = scheduled_application()
    came, went = message(application=order), callback(application=order)

    page = boss().get(reverse("admin:connections_application_change", args=[order.pk])).content.decode()

    assert page_of(came) in page
    assert page_of(went) in page


def test_request_stored_by_the_door_can_be_read(guide: None) -> None:
    row = receive(request("select", {"order": selection()}))

    page = boss().get(page_of(row)).content.decode()

    assert "&quot;transaction_id&quot;: &quot;" + row.transaction_id in page


def test_first_page_tells_of_the_dead_the_late_and_the_misunderstood() -> None:
    callback()
    late = callback(state="DUE")
    Callback.objects.filter(pk=late.pk).update(created_at=timezone.now() - timedelta(hours=3))
    message(state="FAILED")

    figures = {card.title: card.figure for card in boss().get("/admin/").context["cards"]}

    assert (figures["Given up"], figures["Oldest undelivered"], figures["Not understood"]) == (1, "3\xa0hours", 1)


def test_pressing_twice_sends_once() -> None:
    dead = callback()
    send_again(Callback.objects.all())
    Callback.objects.filter(pk=dead.pk).update(state="DELIVERED", delivered_at=timezone.now())

    assert send_again(Callback.objects.all()) == 0
    assert Callback.objects.get(pk=dead.pk).state == "DELIVERED"


def test_what_could_never_be_built_is_not_sent_empty() -> None:
    callback(attempts=0, body=b"")

    assert send_again(Callback.objects.all()) == 0
