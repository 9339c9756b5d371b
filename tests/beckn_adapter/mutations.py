"""Messages that are almost right: one change to the bytes or to the JSON of a good one.

A mutation is drawn by hypothesis as plain numbers, so that thousands a second can be made and a failing one be read.
"""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

Path = tuple[str | int, ...]
TOKENS = [
    b"\x00", b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"\xff", b"\xc0\x80", b"\xef\xbb\xbf", b"\\u0000",
    b"\\ud800", b"NaN", b"1e999", b"-", b"9" * 50, b"null", b"true", b"/*", b"\r\n", b"\x1f", b" " * 300,
    b"[" * 2000, b'{"a":' * 60,
]  # fmt: skip
VALUES: list[Any] = [
    None, True, False, 0, -1, 5, 1.5, -1.5, 10**30, 2**63, 1e308,
    "", " ", "x", "0", "-1", "1e5", "NaN", "Infinity", "1,5", "٣", "100", "0.0000001", "1E+400",
    "x" * 300, "x" * 5000, "é" * 200, "😀", "\u202e\u200b", "a\nb",
    "'; DROP TABLE x; --", "<script>alert(1)</script>", "${7*7}", "{{7*7}}", "../../etc/passwd", "https://127.0.0.1/",
    "2026-01-01T00:00:00Z", "PT1S", "P1Y", "37.774921,-122.419424", "999,999", "nan,nan", "1e400,0",
    [], {}, [[]], [None], [{}], {"": ""}, {"id": None}, {"code": []}, {"descriptor": {"code": 5}},
    ["a"] * 200, [{"id": "x"}] * 50, {"value": {"value": {"value": {}}}},
]  # fmt: skip


def paths(value: Any, here: Path = ()) -> Iterator[Path]:
    """Where every node of the JSON stands, from the outside in."""
    yield here
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in children:
        yield from paths(child, (*here, name))


def parent_of(message: Any, path: Path) -> Any:
    for step in path[:-1]:
        message = message[step]
    return message


def flip(body: bytes, at: int, what: int) -> bytes:
    at %= len(body)
    return body[:at] + bytes([body[at] ^ 1 << what % 8]) + body[at + 1 :]


def insert(body: bytes, at: int, what: int) -> bytes:
    at %= len(body) + 1
    return body[:at] + TOKENS[what % len(TOKENS)] + body[at:]


def cut(body: bytes, at: int, what: int) -> bytes:
    at %= len(body)
    return body[:at] + body[at + 1 + what % 40 :]


def repeat(body: bytes, at: int, what: int) -> bytes:
    at %= len(body)
    return body[:at] + body[at : at + 1 + what % 40] + body[at:]


def in_json(change: Callable[[Any, Path, int], None]) -> Callable[[bytes, int, int], bytes]:
    """A change of one node of the message: two times in three below `message`, where meaning lives."""

    def mutate(body: bytes, at: int, what: int) -> bytes:
        message = json.loads(body)
        found = list(paths(message))[1:]
        inner = [path for path in found if path[0] == "message"] if at % 3 else found
        change(message, inner[at // 3 % len(inner)], what)
        return json.dumps(message, ensure_ascii=bool(what % 2)).encode()

    return mutate


@in_json
def put(message: Any, path: Path, what: int) -> None:
    parent_of(message, path)[path[-1]] = deepcopy(VALUES[what % len(VALUES)])


@in_json
def drop(message: Any, path: Path, what: int) -> None:
    del parent_of(message, path)[path[-1]]


@in_json
def double(message: Any, path: Path, what: int) -> None:
    """A list gets an element twice; anything else becomes a list of two of it."""
    parent = parent_of(message, path)
    if isinstance(parent, list):
        parent.append(deepcopy(parent[int(path[-1])]))
    else:
        parent[path[-1]] = [parent[path[-1]], deepcopy(parent[path[-1]])]


@in_json
def rename(message: Any, path: Path, what: int) -> None:
    parent = parent_of(message, path)
    if isinstance(parent, dict):
        name = str(path[-1])
        parent[[name.upper(), name + " ", name[:-1], "__proto__"][what % 4]] = parent.pop(name)


@in_json
def bury(message: Any, path: Path, what: int) -> None:
    parent = parent_of(message, path)
    for _ in range(1 + what % 60):
        parent[path[-1]] = {"a": parent[path[-1]]} if what % 2 else [parent[path[-1]]]


@in_json
def graft(message: Any, path: Path, what: int) -> None:
    """A piece of the message where another one was."""
    found = list(paths(message))
    source: Any = message
    for step in found[what % len(found)]:
        source = source[step]
    parent_of(message, path)[path[-1]] = deepcopy(source)


BYTES = [flip, insert, cut, repeat]
NODES = [put, drop, double, rename, bury, graft]
numbers = st.integers(min_value=0, max_value=2**24)
# which message, which change (those of nodes twice as often), where, to what, and how it is signed
mutation = st.tuples(numbers, st.sampled_from([*BYTES, *NODES, *NODES, put, put]), numbers, numbers, st.integers(0, 5))
