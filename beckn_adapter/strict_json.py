"""JSON that every reader reads alike: UTF-8, one object, no name twice, bounded in depth and in its numbers.

What other parsers or the database would refuse later, or read otherwise, is refused here (RFC 8259 leaves it open).
"""

import json
from typing import Any

from beckn_adapter.errors import INVALID_REQUEST, BecknError

MAX_DEPTH = 40
MAX_DIGITS = 40


class _Unfit(ValueError):
    """Well-formed, but not taken; the text says why."""


def parse(body: bytes) -> dict[str, Any]:
    """The object in the body. Raises `BecknError`."""
    try:
        message = _DECODER.decode(body.decode("utf-8"))
        if b"\\u" in body:  # only escapes can bring in what a string must not hold
            _check_strings(message)
    except _Unfit as problem:
        raise _error(f"The body {problem}.") from None
    except (ValueError, RecursionError):
        raise _error("The body is not well-formed JSON in UTF-8.") from None
    if not isinstance(message, dict):
        raise _error("The body is not a JSON object.")
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH and _is_deeper(message):
        raise _error(f"The body is nested deeper than {MAX_DEPTH} levels.")
    return message


def _error(sentence: str) -> BecknError:
    return BecknError(INVALID_REQUEST, sentence, "/", reason="json")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Unfit("names a member of an object twice")
    return found


def _whole(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise _Unfit(f"contains a number of more than {MAX_DIGITS} digits")
    return int(text)


def _fraction(text: str) -> float:
    number = float(text)
    if len(text) > MAX_DIGITS or number in (float("inf"), float("-inf")):
        raise _Unfit("contains a number that is too long or too large")
    return number


def _constant(name: str) -> None:
    raise _Unfit(f"contains {name}, which is not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_whole, parse_float=_fraction, parse_constant=_constant
)


def _check_strings(message: Any) -> None:
    """No NUL, which PostgreSQL does not keep, and no half of a surrogate pair, which UTF-8 does not know."""
    for text in _strings(message):
        if "\x00" in text:
            raise _Unfit("contains a NUL character")
        text.encode("utf-8")


def printable(text: str, most: int) -> str:
    """What a stranger said, as it may be stored and shown: its first `most` characters, "?" for what is no print."""
    text = text[:most]
    return text if text.isprintable() else "".join(char if char.isprintable() else "?" for char in text)


def _strings(value: Any) -> list[str]:
    found, rest = [], [value]
    while rest:
        node = rest.pop()
        if isinstance(node, str):
            found.append(node)
        elif isinstance(node, dict):
            rest += [*node, *node.values()]
        elif isinstance(node, list):
            rest += node
    return found


def _is_deeper(value: Any) -> bool:
    """Whether it has more than MAX_DEPTH levels, counted without recursion."""
    level, layer = 0, [value]
    while layer and level <= MAX_DEPTH:
        level += 1
        layer = [
            child
            for node in layer
            for child in (node.values() if isinstance(node, dict) else node if isinstance(node, list) else ())
        ]
    return level > MAX_DEPTH
