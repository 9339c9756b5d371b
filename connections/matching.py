"""Which offerings fit what somebody looks for, and what speaks against the others."""

from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from decimal import Decimal

from connections.geography import Place, Verdict
from connections.models import Offering


@dataclass(frozen=True)
class Criteria:
    """What is looked for. An empty criterion lets everything pass; loads are kW, codes the taxonomy's."""

    words: str = ""
    place: Place = field(default_factory=Place)
    provider: str = ""
    offering: str = ""
    load_kw: Decimal | None = None
    property_type: str | None = None
    phase: str | None = None
    user_type: str | None = None
    impossible: tuple[str, ...] = ()  # wishes that no utility knows, such as a phase "Quadruple"


def objections(
    offering: Offering, criteria: Criteria, *, place: Verdict, missing: Set[str] | None = frozenset()
) -> Iterator[str]:
    """What speaks against an offering, in words; it fits when nothing does.

    `place` is whether its provider serves there; `missing` the wanted words that it lacks, None where nobody has any.
    """
    yield from (f"nobody offers {wish}" for wish in criteria.impossible)
    if criteria.offering and criteria.offering != offering.code:
        yield f"another offering is wanted: {criteria.offering}"
    for name in ("property_type", "phase", "user_type"):
        value = getattr(criteria, name)
        if value and value != getattr(offering, name):
            yield f"the {name.replace('_', ' ')} is {getattr(offering, name)}, not {value}"
    load = criteria.load_kw
    if load is not None and not offering.min_load_kw <= load <= offering.max_load_kw:
        yield f"{load:f} kW is outside {offering.min_load_kw:f} to {offering.max_load_kw:f} kW"
    if missing is None:
        yield f"nothing here is called {criteria.words!r}"
    elif missing:
        yield f"it is not about {', '.join(sorted(missing))}"
    if not place.served:
        yield place.reason


def words_of(offering: Offering) -> frozenset[str]:
    """The words by which an offering may be found."""
    return frozenset(
        split_words(
            f"{offering.name} {offering.description} {offering.property_type} {offering.phase} {offering.user_type} "
            f"{offering.provider.name} new electricity power connection supply service"
        )
    )


def split_words(text: str) -> list[str]:
    """Lower-case words of three letters or more, without a plural s."""
    plain = "".join(character if character.isalnum() else " " for character in text.casefold())
    return [word.removesuffix("s") for word in plain.split() if len(word) > 2]
