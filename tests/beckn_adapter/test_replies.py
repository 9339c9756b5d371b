"""Each row of the table in docs/callbacks.md, against a real HTTP server that behaves so."""

import json
import re
import socket
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from beckn_adapter import outbox, replies, settling, tasks
from beckn_adapter.models import Attempt, Callback, Circuit
from beckn_adapter.signing import parse
from tests.beckn_adapter.conversation import BAP, new_id
from tests.beckn_adapter.rude import Manner, Rude, breaks_off, hangs_up, never_ends, says, says_nothing, trickles

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("network")]
ACK = b'{"message":{"ack":{"status":"ACK"}}}'
NACK = b'{"message":{"ack":{"status":"NACK"}},"error":{"code":"30000","message":"No such thing"}}'
PAGE = b"<html><body>Back in ten minutes</body></html>"
DOCS = Path(__file__).resolve().parents[2] / "docs" / "callbacks.md"

# The row's name in the docs: how the host answers, then the state, the HTTP status and the words that come of it.
ROWS: dict[str, tuple[Manner, str, int | None, str]] = {
    "ACK": (says("200 OK", ACK), "DELIVERED", 200, "200 ACK"),
    "2xx without a word": (says("204 No Content"), "DELIVERED", 204, "204 without an ACK, taken for one"),
    "2xx with JSON of its own": (says("202 Accepted", b'{"ok":true}'), "DELIVERED", 202, "202 without an ACK"),
    "2xx that is no ACK": (says("200 OK", PAGE), "DUE", 200, "200, but what came with it is no ACK"),
    "NACK": (says("200 OK", NACK), "DEAD", 200, "200 NACK No such thing"),
    "NACK with 503": (says("503 Busy", NACK), "DUE", 503, "503 NACK No such thing"),
    "cut reply": (breaks_off, "DUE", None, "the connection broke off"),
    "closed without a reply": (hangs_up, "DUE", None, "the connection broke off"),
    "400": (says("400 Bad Request", PAGE), "DEAD", 400, "400 refused"),
    "401": (says("401 Unauthorized", NACK), "DUE", 401, "401 NACK No such thing; signed again at once: 401 NACK"),
    "404": (says("404 Not Found"), "DEAD", 404, "404 refused"),
    "413": (says("413 Too Large"), "DEAD", 413, "413 refused"),
    "429 with Retry-After": (says("429 Slow Down", Retry_After="90"), "DUE", 429, "429"),
    "5xx": (says("502 Bad Gateway", PAGE), "DUE", 502, "502"),
    "timeout": (says_nothing, "DUE", None, "no answer within 1 s"),
    "trickle": (trickles, "DUE", None, "no answer within 1 s"),
    "100 MB answer": (never_ends, "DUE", 200, "200, but more than 64 kB and no ACK"),
    "redirect": (says("307 Elsewhere", Location="http://127.0.0.1:1/on_search"), "DUE", 307, "307: it sends us"),
}


@pytest.fixture(autouse=True)
def a_second_is_enough(settings: Any) -> None:
    settings.BECKN_CALLBACK_TIMEOUT = 1


def owe(host: str, *, scheme: str = "http", transaction_id: str = "", **fields: Any) -> Callback:
    """A callback that is due now."""
    us = {"bpp_id": "bpp.test", "bpp_uri": "http://127.0.0.1:1/beckn", "bap_id": BAP, "bap_uri": f"{scheme}://{host}"}
    context = {
        **us,
        "domain": "service",
        "action": "on_search",
        "version": "1.1.0",
        "transaction_id": transaction_id or new_id(),
        "message_id": new_id(),
        "timestamp": datetime.now(UTC).isoformat(),
        "ttl": "PT10M",
    }
    callback = outbox.put(context, {"message": {"catalog": {"providers": []}}})
    for name, value in fields.items():
        setattr(callback, name, value)
    callback.save()
    return callback


def again(callback: Callback) -> Callback:
    return Callback.objects.get(pk=callback.pk)


@pytest.mark.parametrize("row", ROWS)
def test_the_answer_decides_what_becomes_of_a_callback(row: str) -> None:
    manner, state, status, words = ROWS[row]
    with Rude(manner) as host:
        callback, began = owe(host.host), time.monotonic()

        tasks.work()

        told, attempt = again(callback), Attempt.objects.get()
        assert (told.state, attempt.status) == (state, status)
        assert told.outcome.startswith(words)
        assert attempt.outcome == told.outcome
        assert time.monotonic() - began < 8
        assert len(host.heard) == (2 if row == "401" else 1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


UNREACHABLE = {
    "TLS failure": ("https", "", "its certificate is not to be trusted, or it speaks no TLS"),
    "DNS failure": ("http", "nobody.invalid", "its name leads nowhere"),
    "refused connection": ("http", "127.0.0.1:{port}", "it can not be reached"),
}


@pytest.mark.parametrize("row", UNREACHABLE)
def test_a_host_that_can_not_be_reached_is_tried_again(row: str) -> None:
    scheme, name, words = UNREACHABLE[row]
    with Rude(says("200 OK", ACK)) as host:
        callback = owe(name.format(port=free_port()) or host.host, scheme=scheme)

        tasks.work()

    assert (again(callback).state, Attempt.objects.get().status) == ("DUE", None)
    assert again(callback).outcome.startswith(words)


def test_what_a_buyer_app_says_may_hold_what_no_database_keeps() -> None:
    said = rb'{"message":{"ack":{"status":"NACK"}},"error":{"message":"No\u0000such\ud800thing\nhere"}}'
    with Rude(says("200 OK", said)) as host, Rude(says("200 OK", ACK)) as other:
        refused, delivered = owe(host.host), owe(other.host)

        tasks.work()

    assert again(refused).outcome == "200 NACK No?such?thing?here"
    assert (again(refused).state, again(delivered).state) == ("DEAD", "DELIVERED")


def test_every_row_of_the_docs_is_a_test_and_every_test_a_row() -> None:
    table = DOCS.read_text().split("## What the buyer app answers")[1]
    rows = re.findall(r"^\| ([^|]+?) \|", table, re.MULTILINE)[1:]  # without the heading

    assert [row for row in rows if not row.startswith("-")] == [*ROWS, *UNREACHABLE]


def test_after_a_401_the_second_signature_is_made_with_the_time_of_both_clocks() -> None:
    an_age_ago = datetime.now(UTC) - timedelta(minutes=2)
    clock = format_datetime(an_age_ago, usegmt=True)
    with Rude(says("401 Unauthorized", NACK, Date=clock), says("200 OK", ACK)) as host:
        callback = owe(host.host)

        tasks.work()

        first, second = (parse(re.search(rb"Authorization: (.*)\r", text)[1].decode()) for text in host.heard)  # type: ignore[index]
    assert first.created - second.created == pytest.approx(120, abs=3)
    assert second.expires >= first.expires
    assert again(callback).state == "DELIVERED"
    assert re.search(r"our clock says \d\d:\d\d:\d\d, its \d\d:\d\d:\d\d UTC", again(callback).outcome)


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [("90", 90), ("0", 1), ("86400", 600), ("a while", None)],
    ids=["named", "0", "a day", "words"],
)
def test_retry_after_is_obeyed_within_bounds(asked: str, seconds: int | None) -> None:
    wanted = replies.read_retry_after({"Retry-After": asked}, timezone.now())

    pause = settling.pause_before(1, wanted).total_seconds()

    assert pause == seconds if seconds else 0.8 <= pause <= 1.2


def test_retry_after_may_be_a_date() -> None:
    now = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
    headers = {"Date": format_datetime(now, usegmt=True)}
    headers["Retry-After"] = format_datetime(now + timedelta(seconds=45), usegmt=True)

    assert replies.read_retry_after(headers, now + timedelta(days=1)) == 45


def test_a_host_that_asks_for_a_pause_gets_it_for_all_its_callbacks() -> None:
    with Rude(says("429 Slow Down", Retry_After="90")) as host:
        first = owe(host.host)
        tasks.work()
        second = owe(host.host)
        tasks.work()

        assert len(host.heard) == 1
    assert (again(first).attempts, again(second).attempts) == (1, 0)
    circuit = Circuit.objects.get()
    assert timedelta(seconds=80) < (circuit.probe_at or timezone.now()) - timezone.now() <= timedelta(seconds=90)


def test_a_packed_answer_is_not_unpacked() -> None:
    with Rude(says("200 OK", b"\x1f\x8b\x08" + bytes(1000), Content_Encoding="gzip")) as host:
        callback = owe(host.host)

        tasks.work()

    assert again(callback).outcome == "200, but what came with it is no ACK"


def test_a_reply_is_read_for_its_ack_wherever_the_error_stands() -> None:
    inside = {"message": {"ack": {"status": "NACK"}, "error": {"message": "Inside"}}}

    assert replies.read_ack(json.dumps(inside).encode()) == ("NACK", "Inside")
    assert replies.read_ack(NACK) == ("NACK", "No such thing")
    assert replies.read_ack(b"[" * 100_000) == ("", "")
