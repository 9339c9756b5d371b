"""The chain by itself: whatever is changed, removed, slipped in or moved in it is found."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connections.audit.chain import ERASED, Link, find_breaks, first_break, hash_of, seal_of

START = datetime(2026, 5, 12, 14, tzinfo=UTC)
SALT = "00" * 16
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
VALUE = TEXT | st.integers() | st.none() | st.booleans() | st.lists(TEXT, max_size=3)
DETAILS = st.dictionaries(TEXT, VALUE, max_size=3)


@dataclass
class Said:
    """What a test lets an event say."""

    kind: str
    facts: dict[str, Any]
    words: dict[str, Any]


EVENTS = st.lists(
    st.builds(Said, st.sampled_from(["visit.assigned", "application.held"]), DETAILS, DETAILS), min_size=2
)


def chain_of(events: list[Said], name: str = "application-1") -> list[Link]:
    links: list[Link] = []
    for n, said in enumerate(events):
        seal = seal_of(SALT, said.words) if said.words else ""
        kept = {"salt": SALT, "words": said.words} if said.words else {}
        link = Link(
            n + 7, name, n + 1, 1, said.kind, "SCHEDULED", "", "staff anna", 3, said.facts, seal, "",
            START + timedelta(seconds=n), state_now="SCHEDULED", **kept,
        )  # fmt: skip
        links.append(link._replace(hash=hash_of(links[-1].hash if links else "", link)))
    return links


CHANGES: dict[str, Any] = {
    "kind": "application.approved",
    "state": "APPROVED",
    "subject": "Wiring diagram",
    "actor": "staff eve",
    "user_id": 99,
    "application_id": 2,
    "facts": {"amount": "1000000"},
    "seal": "ab" * 32,
    "hash": "cd" * 32,
    "at": START - timedelta(days=1),
    "number": 70,
    "salt": "11" * 16,
    "words": {"reason": "Because"},
}


@given(EVENTS)
def test_a_chain_as_it_was_written_holds(events: list[Said]) -> None:
    assert first_break(chain_of(events)) is None


@given(EVENTS, st.data())
def test_any_changed_event_is_found(events: list[Said], data: st.DataObject) -> None:
    links = chain_of(events)
    n = data.draw(st.integers(0, len(links) - 1))
    field = data.draw(st.sampled_from(sorted(CHANGES)))
    if field == "salt" and links[n].words is None:
        field = "actor"
    changed = links[n]._replace(**{field: CHANGES[field]})
    if field == "words" and changed.salt is None:
        changed = changed._replace(salt=SALT)
    if changed == links[n]:
        return
    links[n] = changed

    broken = first_break(links)

    assert broken is not None
    assert broken.number == n + 1


@given(EVENTS, st.data())
def test_any_removed_event_is_found(events: list[Said], data: st.DataObject) -> None:
    links = chain_of(events)
    n = data.draw(st.integers(0, len(links) - 2))

    broken = first_break(links[:n] + links[n + 1 :])

    assert broken is not None
    assert (broken.number, broken.event_id) == (n + 1, None)


@given(EVENTS, st.data())
def test_any_removed_event_is_found_even_when_the_rest_is_renumbered(events: list[Said], data: st.DataObject) -> None:
    links = chain_of(events)
    n = data.draw(st.integers(0, len(links) - 2))
    renumbered = links[:n] + [link._replace(number=link.number - 1) for link in links[n + 1 :]]

    broken = first_break(renumbered)

    assert broken is not None
    assert broken.number == n + 1


@given(EVENTS, st.data())
def test_any_two_events_that_changed_places_are_found(events: list[Said], data: st.DataObject) -> None:
    links = chain_of(events)
    a = data.draw(st.integers(0, len(links) - 2))
    b = data.draw(st.integers(a + 1, len(links) - 1))
    links[a], links[b] = links[b]._replace(number=a + 1), links[a]._replace(number=b + 1)

    broken = first_break(links)

    assert broken is not None
    assert broken.number == a + 1


@given(EVENTS, st.data())
def test_any_event_that_was_slipped_in_is_found(events: list[Said], data: st.DataObject) -> None:
    links = chain_of(events)
    n = data.draw(st.integers(0, len(links) - 1))

    broken = first_break([*links[: n + 1], links[n], *links[n + 1 :]])

    assert broken is not None
    assert broken.number == n + 2


@given(EVENTS, st.data())
def test_words_that_went_without_an_erasure_are_found(events: list[Said], data: st.DataObject) -> None:
    links = chain_of(events)
    silenced = [link._replace(salt=None, words=None) for link in links]
    wordy = [link.number for link in links if link.seal]

    broken = first_break(silenced)

    assert (broken.number if broken else None) == (wordy[0] if wordy else None)


@given(EVENTS)
def test_an_erasure_explains_the_words_that_went_before_it_and_no_later_ones(events: list[Said]) -> None:
    erased = [*events, Said(ERASED, {}, {}), Said("application.held", {}, {"reason": "Waits"})]
    links = [link._replace(salt=None, words=None) if link.number <= len(events) else link for link in chain_of(erased)]

    assert first_break(links) is None
    links[-1] = links[-1]._replace(salt=None, words=None)
    broken = first_break(links)
    assert broken is not None
    assert broken.number == len(erased)


def test_words_put_beside_an_event_that_had_none_are_found() -> None:
    links = chain_of([Said("application.held", {}, {}), Said("application.held", {}, {})])
    links[0] = links[0]._replace(salt=SALT, words={"reason": "Made up"})

    broken = first_break(links)

    assert broken is not None
    assert "was not written with" in broken.why


def test_an_end_that_is_missing_shows_in_the_applications_state() -> None:
    links = [link._replace(state_now="APPROVED") for link in chain_of([Said("visit.assigned", {}, {})])]

    broken = first_break(links)

    assert broken is not None
    assert "later events are missing" in broken.why


def test_every_broken_chain_is_named_once() -> None:
    whole, one, two = (chain_of([Said("visit.assigned", {}, {})] * 3, name) for name in ("a", "b", "c"))

    breaks = list(find_breaks([*whole, *one[1:], *[link._replace(actor="x") for link in two]]))

    assert [(broken.chain, broken.number) for broken in breaks] == [("b", 1), ("c", 1)]
