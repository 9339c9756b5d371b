"""Log lines say which message they are about, and only those."""

import io
import json
import logging
import threading
from collections.abc import Iterator

import pytest
from django.conf import settings

from beckn_adapter import settling, trail
from beckn_adapter.receipt import Receipt
from beckn_adapter.sandbox.buyer import BuyerApp
from beckn_adapter.sender import Postman
from config.logs import JsonLine
from connections.privacy.logs import Discreet
from tests.beckn_adapter.conversation import answer, receive, request

log = logging.getLogger("tests.trail")


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What a handler like that of the settings writes."""
    stream = io.StringIO()
    handler = trail.Lines(stream)
    handler.setFormatter(JsonLine())
    handler.addFilter(Discreet())
    handler.addFilter(trail.Trail())
    root = logging.getLogger()
    root.addHandler(handler)
    before = root.level
    root.setLevel("INFO")
    yield stream
    root.removeHandler(handler)
    root.setLevel(before)


def lines(written: io.StringIO) -> list[dict[str, str]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_the_handler_of_the_settings_names_the_message_and_masks_persons() -> None:
    assert settings.LOGGING["handlers"]["console"]["filters"] == ["discreet", "trail"]


def test_lines_of_a_block_are_written_at_its_end_in_their_order(written: io.StringIO) -> None:
    with trail.lines_together():
        log.info("one")
        log.info("two")
        assert written.getvalue() == ""

    assert [line["message"] for line in lines(written)] == ["one", "two"]


def test_a_block_that_fails_writes_its_lines_all_the_same(written: io.StringIO) -> None:
    def fail() -> None:
        with trail.lines_together():
            log.info("one")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert [line["message"] for line in lines(written)] == ["one"]


def test_a_stream_that_is_closed_stops_nobody(written: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    with trail.lines_together():
        log.info("one")
        written.close()

    assert "closed file" in capsys.readouterr().err


@pytest.mark.django_db
def test_a_line_within_the_work_names_the_message_and_one_after_it_none(written: io.StringIO) -> None:
    row = receive(request("search", {"intent": {}}))
    with trail.working_on(row):
        log.info("call +14155553333")
    log.info("after")

    within, after = lines(written)

    assert {name: within[name] for name in trail.NAMES} == {name: getattr(row, name) for name in trail.NAMES}
    assert "4155553333" not in within["message"]
    assert not set(trail.NAMES) & set(after)


@pytest.mark.parametrize("outcome", ["stored", "repeated"])
def test_the_line_of_an_ack_is_written_when_the_work_is_over_and_names_its_message(
    written: io.StringIO, outcome: str
) -> None:
    Receipt(dict.fromkeys(trail.NAMES, "one"), outcome, 0.001).write()

    (line,) = lines(written)

    assert line["message"] == f"acknowledged one: {outcome}"
    assert {line[name] for name in trail.NAMES} == {"one"}


@pytest.mark.django_db
def test_messages_that_are_handled_one_after_the_other_keep_their_own_lines(guide: None, written: io.StringIO) -> None:
    rows = [receive(request("search", {"intent": {}})) for _ in range(3)]
    for row in rows:
        answer(row)

    told = [line["message_id"] for line in lines(written) if line["message"].startswith("handled search")]

    assert told == [row.message_id for row in rows]


def test_threads_do_not_hear_of_each_others_message() -> None:
    heard: list[dict[str, str]] = []
    with trail.working_on():
        trail.follow(dict.fromkeys(trail.NAMES, "one"))
        other = threading.Thread(target=lambda: heard.append(trail.followed()))
        other.start()
        other.join()

        assert trail.followed()["message_id"] == "one"
    assert heard == [{}]
    assert trail.followed() == {}


@pytest.mark.django_db(transaction=True)
def test_what_the_sender_does_in_its_own_thread_is_for_the_callback(
    guide: None, buyer: BuyerApp, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = {"bap_uri": buyer.uri, "bap_id": buyer.me.subscriber_id}
    rows = [receive(request("search", {"intent": {}}, **context), buyer.me.subscriber_id) for _ in range(2)]
    for row in rows:
        answer(row)
    callbacks = [row.callbacks.get() for row in rows]
    heard = []
    postman = Postman()
    carry = postman._carry

    async def overheard(*args: object) -> None:
        heard.append(trail.followed()["message_id"])
        await carry(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(postman, "_carry", overheard)
    postman.take(callbacks)
    while postman.in_hand:
        settling.settle(*postman.bring(1))

    assert sorted(heard) == sorted(row.message_id for row in rows)
