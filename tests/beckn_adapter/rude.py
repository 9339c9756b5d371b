"""A host that takes callbacks and behaves badly: what it does with the open connection is up to the test."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Self

Manner = Callable[[socket.socket], None]


def says(status: str, body: bytes = b"", **headers: str) -> Manner:
    """A whole answer."""

    def answer(line: socket.socket) -> None:
        head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        line.sendall(
            f"HTTP/1.1 {status}\r\n{head}Connection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        )

    return answer


def breaks_off(line: socket.socket) -> None:
    line.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 44\r\n\r\n{"message":{"ack":')


def hangs_up(line: socket.socket) -> None:
    line.close()


def says_nothing(line: socket.socket) -> None:
    line.settimeout(30)
    with contextlib.suppress(OSError):
        line.recv(1)  # until the other side gives up


def trickles(line: socket.socket) -> None:
    line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(300):
        line.sendall(b" ")
        time.sleep(0.1)


def never_ends(line: socket.socket) -> None:
    line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
    for _ in range(1600):
        line.sendall(b" " * 65536)


class Rude:
    """Listens on 127.0.0.1; takes `manners` one after the other, the last one for good. `heard` are its requests."""

    def __init__(self, *manners: Manner) -> None:
        self.manners = list(manners)
        self.heard: list[bytes] = []
        self._server = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.host = f"127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self._server.accept()
                threading.Thread(target=self._meet, args=[line], daemon=True).start()

    def _meet(self, line: socket.socket) -> None:
        with line, contextlib.suppress(OSError, ssl.SSLError):
            self.heard.append(read_request(line))
            self._next_manner()(line)

    def _next_manner(self) -> Manner:
        return self.manners.pop(0) if len(self.manners) > 1 else self.manners[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()


def read_request(line: socket.socket) -> bytes:
    """Head and body, or what has come when the other side stops."""
    line.settimeout(10)
    text = b""
    while b"\r\n\r\n" not in text:
        more = line.recv(65536)
        if not more or more.startswith(b"\x16"):  # the first byte of a TLS handshake
            return text
        text += more
    head, _, body = text.partition(b"\r\n\r\n")
    length = next((int(row.split(b":")[1]) for row in head.lower().split(b"\r\n") if b"content-length" in row), 0)
    while len(body) < length:
        body += line.recv(65536)
    return head + b"\r\n\r\n" + body
