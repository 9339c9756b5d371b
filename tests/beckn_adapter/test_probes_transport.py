"""Lies that begin below the message: told to the real web server over raw sockets, for only it sees them.

What the server (hyper, in granian) refuses by itself gets a 4xx without a body; what reaches the door gets a NACK.
"""

import json
import re
import socket
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from beckn_adapter.sandbox.house import House
from beckn_adapter.sandbox.participant import Participant
from beckn_adapter.sandbox.registry import Registry
from tests.beckn_adapter import lies
from tests.beckn_adapter.lies import World

PATIENCE = 5  # seconds for an answer


class WebServer(House):
    """A house in which nobody works: the web server alone, on SQLite."""

    def _commands(self) -> dict[str, list[str]]:
        return {"web": super()._commands()["web"]}


@dataclass
class Edge:
    """The running server, and who may talk to it."""

    house: WebServer
    world: World

    def say(self, *parts: bytes, close: bool = False) -> list[tuple[int, bytes]]:
        """Send bytes as they are; every answer that comes back, as status and body."""
        with socket.create_connection(("127.0.0.1", self.house.port), timeout=PATIENCE) as line:
            try:
                for part in parts:
                    line.sendall(part)
                if close:
                    line.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it hung up in the middle; what it said before counts
            return list(answers(heard(line)))

    def inbox(self) -> int:
        with sqlite3.connect(self.house.var_dir / "servicedrop.sqlite3") as database:
            return int(database.execute("SELECT count(*) FROM beckn_adapter_message").fetchone()[0])


def heard(line: socket.socket) -> bytes:
    data = b""
    try:
        while chunk := line.recv(65536):
            data += chunk
    except OSError:
        pass
    return data


def answers(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Final answers only: a `100 Continue` is passed over."""
    while data.startswith(b"HTTP/1."):
        head, _, data = data.partition(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
        body, data = (data[: int(length[1])], data[int(length[1]) :]) if length else (b"", data)
        if (status := int(head[9:12])) != 100:
            yield status, body


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with Registry() as registry:
        bap = Participant("buyer.test", "https://buyer.test/beckn", "BAP")
        gateway = Participant("gateway.test", "https://gateway.test", "BG")
        for member in (bap, gateway):
            member.subscribe(registry.url)
        env = {"BECKN_REGISTRY_URL": registry.url, "BECKN_FAILURES_PER_ADDRESS": "0"}
        house = WebServer(tmp_path_factory.mktemp("edge"), env)
        house.migrate()
        try:
            house.launch()
            house.wait()
            yield Edge(house, World(registry.url, bap, gateway))
        finally:
            house.stop()


def http(
    body: bytes,
    header: str,
    *,
    line: bytes = b"POST /beckn/search HTTP/1.1",
    extra: bytes = b"",
    length: bytes | None = None,
) -> bytes:
    """One request, written by hand."""
    size = b"Content-Length: %d\r\n" % len(body) if length is None else length
    start = line + b"\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
    return start + b"Authorization: " + header.encode() + b"\r\n" + extra + size + b"\r\n" + body


def chunked(*chunks: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


def good(edge: Edge) -> tuple[bytes, str]:
    body = lies.ask(edge.world)
    return body, edge.world.bap.sign(body)


LENGTHS = [
    ("two lengths that differ", b"Content-Length: 5\r\nContent-Length: 900\r\n"),
    ("a length below zero", b"Content-Length: -1\r\n"),
    ("a length with a sign", b"Content-Length: +700\r\n"),
    ("a length in hex", b"Content-Length: 0x2bc\r\n"),
    ("a length in words", b"Content-Length: many\r\n"),
    ("a length in a list", b"Content-Length: 5, 6\r\n"),
    ("a length without end", b"Content-Length: " + b"9" * 60 + b"\r\n"),
    ("a length and chunks", b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"),
    ("chunks under another name", b"Transfer-Encoding: xchunked\r\n"),
    ("chunks, but not last", b"Transfer-Encoding: chunked, identity\r\n"),
]
EXTRA = [
    ("a name with a space before the colon", b"X-Gateway-Authorization : x\r\n"),
    ("a line that goes on", b"X-A: b\r\n c\r\n"),
    ("a NUL in a header", b"X-A: b\x00c\r\n"),
    ("a bare carriage return in a header", b"X-A: b\rX-B: c\r\n"),
    ("a line without a colon", b"nonsense\r\n"),
    ("800 kB of headers", b"".join(b"X-%d: %s\r\n" % (n, b"a" * 8000) for n in range(100))),
    ("5000 headers", b"".join(b"X-%d: a\r\n" % n for n in range(5000))),
    ("a gateway header smuggled behind a line break", b"X-A: b\r\nProxy-Authorization: Basic YTpi\r\n"),
    ("another compression", b"Content-Encoding: br\r\n"),
]
LINES = [
    ("no version", b"POST /beckn/search"),
    ("version 3.0", b"POST /beckn/search HTTP/3.0"),
    ("no method", b"/beckn/search HTTP/1.1"),
    ("two spaces", b"POST  /beckn/search  HTTP/1.1"),
    ("TRACE", b"TRACE /beckn/search HTTP/1.1"),
    ("a method of its own", b"BREW /beckn/search HTTP/1.1"),
    ("CONNECT", b"CONNECT localhost:443 HTTP/1.1"),
    ("OPTIONS *", b"OPTIONS * HTTP/1.1"),
    ("up and down again", b"POST /beckn/../beckn/search HTTP/1.1"),
    ("up, escaped", b"POST /beckn/%2e%2e/admin/ HTTP/1.1"),
    ("an escaped slash", b"POST /beckn/x%2fsearch HTTP/1.1"),
    ("an escaped NUL", b"POST /beckn/search%00 HTTP/1.1"),
    ("an escaped line break", b"POST /beckn/search%0d%0aX:%20y HTTP/1.1"),
    ("no UTF-8", b"POST /beckn/%ff%fe HTTP/1.1"),
    ("half an escape", b"POST /beckn/search%2 HTTP/1.1"),
    ("a slash too many", b"POST /beckn//search HTTP/1.1"),
    ("two slashes at the end", b"POST /beckn/search// HTTP/1.1"),
    ("no action", b"POST /beckn/ HTTP/1.1"),
    ("an address without end", b"POST /beckn/" + b"a" * 60_000 + b" HTTP/1.1"),
]


def assert_all_refused(edge: Edge, heard: list[tuple[int, bytes]], before: int) -> None:
    """Nothing but 4xx; what has a body is a NACK; nothing was stored. No answer at all is an answer, too."""
    for status, body in heard:
        assert 400 <= status < 500, (status, body)
        if body.startswith(b"{"):
            assert json.loads(body)["message"]["ack"]["status"] == "NACK"
            assert {"code", "message", "paths"} <= json.loads(body)["error"].keys()
    assert edge.inbox() == before


@pytest.mark.parametrize("length", [row[1] for row in LENGTHS], ids=[row[0] for row in LENGTHS])
def test_a_length_that_lies_is_refused(edge: Edge, length: bytes) -> None:
    body, header = good(edge)
    before = edge.inbox()

    answer = edge.say(http(body, header, length=length), close=True)

    assert_all_refused(edge, answer, before)


@pytest.mark.parametrize("extra", [row[1] for row in EXTRA], ids=[row[0] for row in EXTRA])
def test_headers_that_are_split_doubled_or_endless_are_refused(edge: Edge, extra: bytes) -> None:
    body, header = good(edge)
    before = edge.inbox()

    answer = edge.say(http(body, header, extra=extra))

    assert_all_refused(edge, answer, before)
    assert answer


@pytest.mark.parametrize("line", [row[1] for row in LINES], ids=[row[0] for row in LINES])
def test_a_request_line_that_plays_tricks_is_refused(edge: Edge, line: bytes) -> None:
    body, header = good(edge)
    before = edge.inbox()

    answer = edge.say(http(body, header, line=line))

    assert_all_refused(edge, answer, before)
    assert answer


def test_a_body_of_ten_megabytes_is_refused_by_its_announced_length(edge: Edge) -> None:
    _, header = good(edge)
    before = edge.inbox()

    answer = edge.say(http(b"", header, length=b"Content-Length: 10000000\r\n"), b"a" * 100_000, close=True)

    assert_all_refused(edge, answer, before)
    assert b"200000 bytes at most" in answer[0][1]


def test_a_body_that_breaks_off_is_refused(edge: Edge) -> None:
    body, header = good(edge)
    before = edge.inbox()

    answer = edge.say(http(body[:-20], header, length=b"Content-Length: %d\r\n" % len(body)), close=True)

    assert_all_refused(edge, answer, before)


def test_what_comes_after_the_announced_length_is_not_read_as_the_message(edge: Edge) -> None:
    body, header = good(edge)
    before = edge.inbox()

    answer = edge.say(http(body + b"GET /admin/ HTTP/1.1\r\n\r\n", header, length=b"Content-Length: 20\r\n"))

    assert_all_refused(edge, answer[:1], before)
    assert len(answer) == 1


def test_a_message_in_chunks_is_taken_like_any_other(edge: Edge) -> None:
    body, header = good(edge)
    before = edge.inbox()

    answer = edge.say(http(chunked(body[:100], body[100:]), header, length=b"Transfer-Encoding: chunked\r\n"))

    assert answer == [(200, b'{"message":{"ack":{"status":"ACK"}}}')]
    assert edge.inbox() == before + 1


def test_chunks_without_end_are_read_no_further_than_a_message_may_be(edge: Edge) -> None:
    body = b'{"x":"' + b"a" * 400_000 + b'"}'
    before = edge.inbox()

    answer = edge.say(
        http(
            chunked(*[body[n : n + 50_000] for n in range(0, len(body), 50_000)]),
            edge.world.bap.sign(body),
            length=b"Transfer-Encoding: chunked\r\n",
        )
    )

    assert_all_refused(edge, answer, before)
    assert b"200000 bytes at most" in answer[0][1]


def test_of_two_signatures_the_one_that_is_used_is_the_one_that_is_verified(edge: Edge) -> None:
    """The server hands on the first of two headers of one name; that the other one is there changes nothing."""
    body, header = good(edge)
    before = edge.inbox()

    bad_first = edge.say(http(body, "Basic YTpi", extra=b"Authorization: " + header.encode() + b"\r\n"))
    assert_all_refused(edge, bad_first, before)
    good_first = edge.say(http(body, header, extra=b"Authorization: Basic YTpi\r\n"))

    assert [status for status, _ in good_first] == [200]
    assert edge.inbox() == before + 1


def test_a_caller_who_waits_to_be_asked_for_the_body_is_asked(edge: Edge) -> None:
    body, header = good(edge)

    answer = edge.say(http(body, header, extra=b"Expect: 100-continue\r\n"))

    assert [status for status, _ in answer] == [200]


@pytest.mark.parametrize("line", [b"POST /beckn/%73earch HTTP/1.1", b"post /beckn/search/ HTTP/1.1"])
def test_the_same_request_in_another_spelling_is_the_same_request(edge: Edge, line: bytes) -> None:
    body, header = good(edge)

    answer = edge.say(http(body, header, line=line))

    assert [status for status, _ in answer] == [200]


def test_two_requests_on_one_line_get_two_answers_in_order(edge: Edge) -> None:
    body, header = good(edge)
    first = http(body, "Basic YTpi").replace(b"Connection: close\r\n", b"")

    answer = edge.say(first + http(body, header))

    assert [status for status, _ in answer] == [401, 200]


def test_after_all_these_lies_the_server_still_serves(edge: Edge) -> None:
    body, header = good(edge)
    edge.house.check()

    assert edge.say(http(body, header))[0][0] == 200
    assert "Traceback" not in (edge.house.var_dir / "web.log").read_text()
