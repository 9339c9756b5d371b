"""What a link of the chain covers, and what a whole chain proves. Pure: no database, no clock.

A link's hash is SHA-256 over the hash before it and everything that its row says, in one canonical form. Personal words
are covered by their seal, a salted digest: they can be erased, and the chain still holds.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

ERASED = "application.erased"  # after this event the words of those before it may be missing


class Link(NamedTuple):
    """An event as the chain sees it, with what of its words is left and the application's state as it is now."""

    id: int
    chain: str
    number: int
    application_id: int | None
    kind: str
    state: str
    subject: str
    actor: str
    user_id: int | None
    facts: dict[str, Any]
    seal: str
    hash: str
    at: datetime
    salt: str | None = None
    words: dict[str, Any] | None = None
    state_now: str | None = None


class Break(NamedTuple):
    """The first row of a chain at which the proof fails, and why, for a person."""

    chain: str
    number: int
    event_id: int | None
    why: str


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and no spaces, in UTF-8: the same value, the same bytes."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def seal_of(salt: str, words: dict[str, Any]) -> str:
    """The digest that stands for personal words. `salt` is 32 hex digits, one for each event."""
    return sha256(bytes.fromhex(salt) + canonical(words)).hexdigest()


def hash_of(previous: str, link: Any) -> str:
    """The hash of a link (a Link or an Event) after the one whose hash is `previous`; "" for the first."""
    content = [
        previous,
        link.chain,
        link.number,
        link.application_id,
        link.kind,
        link.state,
        link.subject,
        link.actor,
        link.user_id,
        link.facts,
        link.seal,
        link.at.astimezone(UTC).isoformat(timespec="microseconds"),
    ]
    return sha256(canonical(content)).hexdigest()


def find_breaks(links: Iterable[Link]) -> Iterator[Break]:
    """The first break of every chain that has one. The links come chain by chain, in order; none is kept."""
    for _, chain in groupby(links, attrgetter("chain")):
        broken = first_break(chain)
        if broken:
            yield broken


def first_break(chain: Iterable[Link]) -> Break | None:
    """The first break of one chain; None where all of it holds."""
    previous, number, wordless, last = "", 0, None, None
    for last in chain:
        number += 1
        if last.number != number:
            return Break(last.chain, number, None, f"event {number} is missing: the next one found is {last.number}")
        if last.hash != hash_of(previous, last):
            return Break(last.chain, number, last.id, "the row, or one before it, is not as it was written")
        why = _wrong_words(last)
        if why:
            return Break(last.chain, number, last.id, why)
        if last.seal and last.words is None:
            wordless = wordless or last
        elif last.kind == ERASED:
            wordless = None
        previous = last.hash
    if wordless:
        why = "its personal words are gone, and no erasure was recorded after it"
        return Break(wordless.chain, wordless.number, wordless.id, why)
    if last and last.state_now is not None and last.state != last.state_now:
        why = f"the chain ends in {last.state}, but the application is {last.state_now}: later events are missing"
        return Break(last.chain, number + 1, None, why)
    return None


def _wrong_words(link: Link) -> str:
    """Why the words beside a link are not those that it was written with; "" where they are, or are erased."""
    if link.words is None or link.salt is None:
        return ""
    if not link.seal:
        return "personal words were put beside it that it was not written with"
    try:
        true = seal_of(link.salt, link.words) == link.seal
    except ValueError:  # a salt that is no hex
        true = False
    return "" if true else "its personal words are not as they were written"
