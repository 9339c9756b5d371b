"""Every refusal is counted, and kept in samples that tell an integrator why, without costing a write each."""

import json
import logging
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from beckn_adapter import inbox, refusals, tasks
from beckn_adapter.admin.refusal import REASONS
from beckn_adapter.caller import Caller
from beckn_adapter.models import Message, Refusal
from beckn_adapter.sandbox.participant import Participant
from beckn_adapter.sandbox.registry import Registry
from tests.beckn_adapter.conversation import refused, request
from tests.beckn_adapter.door_client import DoorClient

pytestmark = pytest.mark.django_db
SEARCH = {"intent": {"descriptor": {"name": "connection"}}}


@pytest.fixture
def bap(network: Registry) -> Participant:
    participant = Participant("buyer.test", "https://buyer.test/beckn", "BAP")
    participant.subscribe(network.url)
    return participant


def send(bap: Participant, action: str = "search", message: Any = SEARCH, **context: Any) -> Any:
    raw = json.dumps(request(action, message, **context)).encode()
    return post(raw, bap.sign(raw), action)


def post(raw: bytes, header: str, action: str = "search") -> Any:
    return DoorClient(REMOTE_ADDR="203.0.113.7").post(
        f"/beckn/{action}", raw, content_type="application/json", headers={"authorization": header}
    )


def refuse(reason: str = "header", sentence: str = "no", **caller: Any) -> None:
    who = Caller(caller.pop("address", "203.0.113.7"), "search", **caller)
    refusals.note(who, reason=reason, code="30000", path="/", sentence=sentence)


def test_a_refusal_can_be_read_by_the_one_who_is_asked_about_it(bap: Participant) -> None:
    send(bap, version="9.9.9")

    row = Refusal.objects.get()
    assert (row.reason, row.code, row.path) == ("context", "30000", "/context/version")
    assert row.sentence == "Only Beckn version 1.1.0 is spoken here."
    assert (row.subscriber_id, row.key_id, row.proven) == ("buyer.test", "k1", True)
    assert (row.action, row.address, row.times) == ("search", "203.0.113.0/24", 1)


def test_a_name_that_is_only_claimed_is_kept_as_a_claim(bap: Participant) -> None:
    post(b"{}", bap.sign(b"other"))

    row = Refusal.objects.get()
    assert (row.reason, row.subscriber_id, row.proven) == ("signature", "buyer.test", False)


def test_nothing_of_the_message_is_kept(bap: Participant) -> None:
    order = {"provider": {"id": "x"}, "items": [{"id": "y"}], "billing": {"name": 5, "email": ["maria@example.com"]}}

    send(bap, "select", {"order": {**order, "billing": {"name": ["Maria Lopez"]}}})

    row = Refusal.objects.get()
    assert row.path == "/message/order/billing/name"
    assert row.sentence == "/message/order/billing/name: must be string"


def test_equal_refusals_are_one_row_with_a_number(bap: Participant) -> None:
    for _ in range(4):
        send(bap, version="9.9.9")

    row = Refusal.objects.get()
    assert row.times == 4
    assert row.first_at < row.last_at


def test_an_accepted_message_leaves_no_trace_here(bap: Participant) -> None:
    assert send(bap).status_code == 200

    assert not Refusal.objects.exists()
    assert refused() == {}


def test_they_are_counted_by_reason_and_by_subscriber_where_it_is_proven(bap: Participant) -> None:
    send(bap, version="9.9.9")
    send(bap, version="9.9.9")
    send(bap, timestamp="2020-01-01T00:00:00Z")
    post(b"{}", bap.sign(b"other"))
    post(b"{}", "")

    assert refused() == {("context", "buyer.test"): 3, ("signature", "stranger"): 1, ("header", "stranger"): 1}


def test_a_flood_of_one_lie_costs_few_writes_and_loses_no_count(django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(3 * (refusals.WRITE_BURST + 2)):
        for _ in range(1000):
            refuse()
            refusals.flush()

    refusals._rations.clear()
    refusals.flush()
    assert Refusal.objects.get().times == 1000


def test_a_flood_of_ever_other_lies_ends_in_one_row() -> None:
    for n in range(3000):
        refuse(subscriber_id=f"liar-{n}.test", address=f"198.51.{n % 256}.1")
    refusals.flush()

    assert Refusal.objects.count() == refusals.KIND_BURST + 1
    rest = Refusal.objects.get(sentence=refusals.MANY)
    assert rest.times == 3000 - refusals.KIND_BURST
    assert refused() == {("header", "stranger"): 3000}


def test_a_known_subscriber_is_still_recorded_while_strangers_flood() -> None:
    for n in range(1000):
        refuse(subscriber_id=f"liar-{n}.test")
    refuse("schema", "no such shape", subscriber_id="buyer.test", key_id="k1", proven=True)
    refusals.flush()

    assert Refusal.objects.get(proven=True).sentence == "no such shape"


def test_what_a_stranger_writes_into_a_name_can_be_stored_and_shown() -> None:
    refuse(subscriber_id="a\x00b\r\nSet-Cookie: \u202e" + "x" * 400)
    refusals.flush()

    row = Refusal.objects.get()
    assert row.subscriber_id.startswith("a?b??Set-Cookie: ?x")
    assert len(row.subscriber_id) == 255


def test_an_action_that_no_table_could_hold_takes_no_other_refusal_with_it() -> None:
    refuse()
    for odd in (Caller("198.51.100.7", "\x00"), Caller("198.51.100.7", "search\u202e")):
        refusals.note(odd, reason="action", code="30000", path="/\x00", sentence="no such action")
    refusals.flush()

    assert set(Refusal.objects.values_list("action", flat=True)) == {"search", "?", "search?"}


def test_a_database_that_is_away_hurts_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse()
    monkeypatch.setattr(refusals, "INSERT", "INSERT INTO nowhere VALUES (%s)")

    assert refusals.flush() is None
    assert refused() == {("header", "stranger"): 1}


def test_old_rows_and_those_beyond_the_most_are_removed(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(refusals, "MOST_ROWS", 3)
    for n in range(6):
        refuse(sentence=str(n))
    refusals.flush()
    old = timezone.now() - timedelta(days=settings.BECKN_REFUSAL_DAYS, minutes=1)
    Refusal.objects.filter(sentence="5").update(last_at=old)

    removed = tasks.clear_refusals()

    assert removed == 3
    assert sorted(Refusal.objects.values_list("sentence", flat=True)) == ["2", "3", "4"]


def test_a_refusal_writes_no_line_into_the_log(bap: Participant, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        send(bap, version="9.9.9")
        post(b"{}", "")

    assert [record.getMessage() for record in caplog.records if "/beckn/" in record.getMessage()] == []


def test_a_database_that_takes_nothing_is_answered_503_but_to_a_search_by_a_nack(
    bap: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "INSERT", "INSERT INTO nowhere VALUES (%s)")
    with connection.cursor() as cursor:
        cursor.execute("SAVEPOINT before")

    replies = []
    for action, message in (("search", SEARCH), ("status", {"order_id": "1"})):
        replies.append(send(bap, action, message))
        with connection.cursor() as cursor:
            cursor.execute("ROLLBACK TO SAVEPOINT before")

    assert [reply.status_code for reply in replies] == [400, 503]
    assert {reply.headers["Retry-After"] for reply in replies} == {"2"}
    assert not Message.objects.exists()
    assert refused() == {("storage", "buyer.test"): 2}


def test_a_mistake_of_ours_is_a_nack_and_is_told_in_the_log(
    bap: Participant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(inbox, "INSERT", None)

    reply = send(bap)

    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "30000")
    assert refused() == {("internal", "buyer.test"): 1}
    assert any(record.exc_info for record in caplog.records)


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("chief"))
    return client


def test_the_list_says_who_was_refused_and_what_to_do(staff: Client) -> None:
    refuse("signature", "it does not fit", subscriber_id="buyer.test", key_id="k1")
    refuse("registry", "it does not answer", subscriber_id="<b>new</b>.test")
    refusals.flush()
    row = Refusal.objects.get(reason="signature")

    overview = staff.get(reverse("admin:beckn_adapter_refusal_changelist")).content.decode()
    page = staff.get(reverse("admin:beckn_adapter_refusal_change", args=[row.pk])).content.decode()

    assert "Wrong signature" in overview
    assert "claims to be buyer.test" in overview
    assert "<b>new</b>" not in overview
    assert "The signature is not over the bytes that arrived" in page
    assert "theirs" not in page
    assert 'name="_save"' not in page


def test_the_list_can_be_narrowed_to_one_reason(staff: Client) -> None:
    refuse("signature", "it does not fit")
    refuse("times", "too late")
    refusals.flush()

    overview = staff.get(f"{reverse('admin:beckn_adapter_refusal_changelist')}?reason=times").content.decode()

    assert "too late" in overview
    assert "it does not fit" not in overview


def test_every_reason_that_is_counted_has_its_words() -> None:
    """Found in the source, so that a new reason without advice is noticed."""
    folder = Path(refusals.__file__).parent
    text = "".join((folder / name).read_text() for name in ("gate.py", "door.py", "answers.py", "strict_json.py"))
    named = set(re.findall(r'reason="(\w+)"', text))

    assert len(named) > 10
    assert named <= set(REASONS)
