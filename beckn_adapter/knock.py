"""A message as a WSGI server hands it over (PEP 3333), and what is handed back to it.

Django's request, response and signals are not made for one: they cost a fifth of an ACK, and nothing of them is used.
"""

from collections.abc import Callable, Iterator
from functools import cache
from http.client import responses
from typing import Any

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class Headers:
    """A request's headers by any spelling of their names, read where they stand."""

    __slots__ = ("_environ",)

    def __init__(self, environ: Environ) -> None:
        self._environ = environ

    def get(self, name: str, default: str = "") -> str:
        value: str = self._environ.get(_key(name), default)
        return value

    def __getitem__(self, name: str) -> str:
        value: str = self._environ[_key(name)]
        return value

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and _key(name) in self._environ


@cache
def _key(name: str) -> str:
    return f"HTTP_{name.upper().replace('-', '_')}"


class Answer:
    """A synchronous reply of JSON, which a server iterates over, sends and closes. `afterwards` runs when it is sent,
    not before, or when the server gives up."""

    __slots__ = ("_afterwards", "content", "headers", "status")

    def __init__(
        self,
        content: bytes,
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
        afterwards: Callable[[], None] | None = None,
    ) -> None:
        self.content, self.status, self._afterwards = content, status, afterwards
        self.headers = [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
        self.headers += (headers or {}).items()

    def begin(self, start_response: StartResponse) -> "Answer":
        start_response(f"{self.status} {responses.get(self.status, 'Answer')}", self.headers)
        return self

    def __iter__(self) -> Iterator[bytes]:
        return iter((self.content,))

    def close(self) -> None:
        afterwards, self._afterwards = self._afterwards, None
        if afterwards:
            afterwards()
