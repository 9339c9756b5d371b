"""HTTP/1.1 over kept-alive connections with as little CPU as Python allows: one epoll, bytes in and bytes out.

The load generator shares the machine with what it measures, so it neither parses what it need not nor makes objects.
Within one look at the sockets replies come before requests: a callback counts as earlier than its ACK only if it was
here when the ACK was not.
"""

import select
import socket
import time
from collections.abc import Callable
from typing import Self

CHUNK = 262_144
ACK = b'{"message":{"ack":{"status":"ACK"}}}'
REPLY = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(ACK), ACK)
Address = tuple[str, int]


class Line:
    """A connection to a server, kept alive. `number` is of the request under way, -1 while there is none."""

    __slots__ = ("address", "buffer", "number", "sock")

    def __init__(self, address: Address) -> None:
        self.address, self.number, self.buffer = address, -1, b""
        self.sock = _connected(address)

    def again(self) -> None:
        self.sock.close()
        self.sock, self.buffer, self.number = _connected(self.address), b"", -1


class Visitor:
    """A connection that somebody opened to one of our doors."""

    __slots__ = ("buffer", "sock")

    def __init__(self, sock: socket.socket) -> None:
        self.sock, self.buffer = sock, b""


class Wire:
    """`on_reply(number, reply, at)` and `on_request(head, body, at)` are called with whole messages; `at` is monotonic.

    A reply of b"" says that the connection ended without one.
    """

    def __init__(
        self,
        on_reply: Callable[[int, bytes, float], None],
        on_request: Callable[[bytes, bytes, float], None],
    ) -> None:
        self.on_reply, self.on_request = on_reply, on_request
        self.epoll = select.epoll()
        self.idle: list[Line] = []
        self._lines: dict[int, Line] = {}
        self._visitors: dict[int, Visitor] = {}
        self._doors: dict[int, socket.socket] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for end in (*self._lines.values(), *self._visitors.values()):
            end.sock.close()
        for door in self._doors.values():
            door.close()
        self.epoll.close()

    def open_door(self, address: Address) -> None:
        door = socket.create_server(address, backlog=512)
        door.setblocking(False)
        self._doors[door.fileno()] = door
        self.epoll.register(door, select.EPOLLIN)

    def open_lines(self, address: Address, count: int) -> None:
        for _ in range(count):
            line = Line(address)
            self._take(line)
            self.idle.append(line)

    def send(self, number: int, request: bytes) -> None:
        """On an idle line; there must be one."""
        line = self.idle.pop()
        line.number = number
        if line.sock.send(request) != len(request):
            raise RuntimeError("a request did not go out at once: the other side does not read")

    def look(self, wait: float) -> None:
        """Handle whatever has come within `wait` seconds. `select` counts microseconds, epoll milliseconds."""
        if wait > 0:
            select.select([self.epoll], [], [], wait)
        ready = self.epoll.poll(0)
        for number, _ in ready:
            if number in self._lines:
                self._hear(self._lines[number])
        for number, _ in ready:
            if number in self._visitors:
                self._serve(self._visitors[number])
            elif number in self._doors:
                self._let_in(self._doors[number])

    def _take(self, line: Line) -> None:
        self._lines[line.sock.fileno()] = line
        self.epoll.register(line.sock, select.EPOLLIN)

    def _hear(self, line: Line) -> None:
        try:
            data = line.sock.recv(CHUNK)
        except (BlockingIOError, ConnectionError):
            data = b""
        at = time.perf_counter()
        if not data:
            self._lost(line, at)
            return
        line.buffer += data
        end = _end_of(line.buffer)
        if 0 < end <= len(line.buffer):
            reply, line.buffer, number = line.buffer, b"", line.number
            line.number = -1
            self.idle.append(line)
            self.on_reply(number, reply, at)

    def _lost(self, line: Line, at: float) -> None:
        number, was_idle = line.number, line in self.idle
        del self._lines[line.sock.fileno()]
        line.again()
        self._take(line)
        if not was_idle:
            self.idle.append(line)
            self.on_reply(number, b"", at)

    def _let_in(self, door: socket.socket) -> None:
        try:
            while True:
                sock, _ = door.accept()
                sock.setblocking(False)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._visitors[sock.fileno()] = Visitor(sock)
                self.epoll.register(sock, select.EPOLLIN)
        except BlockingIOError:
            return

    def _serve(self, visitor: Visitor) -> None:
        try:
            data = visitor.sock.recv(CHUNK)
        except (BlockingIOError, ConnectionError):
            data = b""
        at = time.perf_counter()
        if not data:
            del self._visitors[visitor.sock.fileno()]
            visitor.sock.close()
            return
        visitor.buffer = visitor.buffer + data if visitor.buffer else data
        while 0 < (end := _end_of(visitor.buffer)) <= len(visitor.buffer):
            request, visitor.buffer = visitor.buffer[:end], visitor.buffer[end:]
            visitor.sock.send(REPLY)
            head, _, body = request.partition(b"\r\n\r\n")
            self.on_request(head, body, at)


def _connected(address: Address) -> socket.socket:
    sock = socket.create_connection(address, timeout=10)
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def _end_of(data: bytes) -> int:
    """Where the first message in `data` ends, by its Content-Length (nothing else is spoken here); 0: not known yet."""
    head = data.find(b"\r\n\r\n")
    if head < 0:
        return 0
    start = data[:head].lower().find(b"content-length:")
    if start < 0:
        return head + 4
    stop = data.find(b"\r\n", start)
    return head + 4 + int(data[start + 15 : stop])


def post(path: str, host: str, authorization: str, body: bytes) -> bytes:
    """The bytes of a signed POST."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nAuthorization: {authorization}\r\n"
    )
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
