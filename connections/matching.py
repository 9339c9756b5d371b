"""Which offerings fit what somebody looks for, and why the others do not."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from connections.geography import Place, judge
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


@dataclass(frozen=True)
class Fit:
    """One offering's verdict: it fits when nothing speaks against it."""

    offering: Offering
    against: tuple[str, ...]

    @property
    def fits(self) -> bool:
        return not self.against


def match(offerings: Iterable[Offering], criteria: Criteria) -> list[Fit]:
    """Every offering with what speaks against it, in the order given."""
    offerings = list(offerings)
    wanted = _known_words(criteria.words, offerings)
    return [Fit(offering, tuple(_objections(offering, criteria, wanted))) for offering in offerings]


def _objections(offering: Offering, criteria: Criteria, wanted: set[str] | None) -> Iterable[str]:
    yield from (f"nobody offers {wish}" for wish in criteria.impossible)
    if criteria.provider and criteria.provider != offering.provider.code:
        yield f"another provider is wanted: {criteria.provider}"
    if criteria.offering and criteria.offering != offering.code:
        yield f"another offering is wanted: {criteria.offering}"
    for name in ("property_type", "phase", "user_type"):
        value = getattr(criteria, name)
        if value and value != getattr(offering, name):
            yield f"the {name.replace('_', ' ')} is {getattr(offering, name)}, not {value}"
    load = criteria.load_kw
    if load is not None and not offering.min_load_kw <= load <= offering.max_load_kw:
        yield f"{load:f} kW is outside {offering.min_load_kw:f} to {offering.max_load_kw:f} kW"
    if wanted is None:
        yield f"nothing here is called {criteria.words!r}"
    else:
        missing = wanted - words_of(offering)
        if missing:
            yield f"it is not about {', '.join(sorted(missing))}"
    verdict = judge(offering.provider.areas(), criteria.place)
    if not verdict.served:
        yield verdict.reason


def _known_words(text: str, offerings: list[Offering]) -> set[str] | None:
    """The words of the text that some offering uses; None when there are words and nobody uses any of them.

    People write sentences ("Request for a new electricity connection"): words that no offering uses say nothing.
    """
    asked = set(split_words(text))
    known = asked & set().union(*(words_of(offering) for offering in offerings))
    return None if asked and not known else known


def words_of(offering: Offering) -> set[str]:
    """The words by which an offering may be found."""
    return set(
        split_words(
            f"{offering.name} {offering.description} {offering.property_type} {offering.phase} {offering.user_type} "
            f"{offering.provider.name} new electricity power connection supply service"
        )
    )


def split_words(text: str) -> list[str]:
    """Lower-case words of three letters or more, without a plural s."""
    plain = "".join(character if character.isalnum() else " " for character in text.casefold())
    return [word.removesuffix("s") for word in plain.split() if len(word) > 2]
