"""A small HTTP server in a thread, for the sandbox's three parts. One request in, one reply out."""

import json
import logging
import socket
import socketserver
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

log = logging.getLogger(__name__)
MAX_BYTES = 1_000_000
IDLE_SECONDS = 60  # a kept-alive connection that says nothing is closed


@dataclass(frozen=True)
class Request:
    """What came in. `path` is decoded and has no trailing slash (the root is "")."""

    method: str
    path: str
    headers: Message
    body: bytes = b""

    def json(self) -> Any:
        """The body as JSON; None where it is not."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(frozen=True)
class Reply:
    """What goes out. With `hang_up` nothing does: the connection is closed instead."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    hang_up: bool = False


def json_reply(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, json.dumps(content).encode(), headers=headers or {})


def port_or_any(preferred: int, host: str = "127.0.0.1") -> int:
    """The preferred port if it is free, else one that is."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError(f"no free port on {host}")


@contextmanager
def kept_port(preferred: int, host: str = "127.0.0.1") -> Iterator[int]:
    """Such a port that nobody else is given while the `with` block lasts, for a server that is started later.

    Servers that set SO_REUSEPORT may share a port without a word, and granian does: bound with it, and never listening,
    the port lets our own server in, and fails whoever probes it.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind((host, port_or_any(preferred, host)))
        yield int(holder.getsockname()[1])


class LocalServer(ABC):
    """Start it, stop it, start it again on the same port. `answer` runs in a thread per connection."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host, self.port = host, port or port_or_any(0, host)
        self.stopping = threading.Event()
        self._http: _HttpServer | None = None

    @abstractmethod
    def answer(self, request: Request) -> Reply:
        """Answer one request."""

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def start(self) -> Self:
        self.stopping.clear()
        self._http = _HttpServer((self.host, self.port), self)
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def stop(self) -> None:
        """Close the door and every open connection: afterwards nobody gets an answer. May be called twice."""
        self.stopping.set()
        if self._http:
            self._http.shutdown()
            self._http.server_close()
            self._http.close_connections()
            self._http = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], owner: LocalServer) -> None:
        self.owner = owner
        self._open: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)  # HTTPServer's own would ask the name server who we are

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        for connection in list(self._open):
            self.shutdown_request(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.debug("a connection broke off", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    server: _HttpServer
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave together

    def handle_any(self) -> None:
        reply = self._answer()
        if reply.hang_up:
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in {"Content-Type": reply.content_type, **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    do_GET = do_POST = handle_any

    def _answer(self) -> Reply:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal() or int(length) > MAX_BYTES:
            self.close_connection = True  # what follows can not be told from a next request
            return json_reply({"error": f"send at most {MAX_BYTES} bytes, with Content-Length"}, 413)
        body = self.rfile.read(int(length))
        path = unquote(urlsplit(self.path).path).rstrip("/")
        try:
            return self.server.owner.answer(Request(self.command, path, self.headers, body))
        except Exception:
            log.exception("%s %s failed", self.command, path)
            return json_reply({"error": "this part of the sandbox failed; its log says why"}, 500)

    def log_message(self, *_: object) -> None:
        """Every message is in the conversation; an access log would say it twice."""
