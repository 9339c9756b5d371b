"""The catalogue as each process keeps it ready: read from the database once an edition, not once a question.

Its rows are shared by all who ask: they are read and never changed.
"""

from collections import defaultdict
from collections.abc import Iterator, Set
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from time import monotonic
from typing import Any
from uuid import UUID

from connections.geography import Area, Place, Verdict, judge
from connections.matching import Criteria, objections, split_words, words_of
from connections.models import Application, Offering, Provider
from connections.statement import run

EDITION = "SELECT token FROM connections_edition ORDER BY id LIMIT 1"
LASTS = 60.0  # seconds; what was changed past our models (a restore, SQL by hand) is seen after these
RELATED = ("price_lines", "payment_terms", "required_documents")


class Shelf:
    """One edition of the catalogue. `ready` is for what others make of it and want to keep as long."""

    def __init__(self) -> None:
        self.ready: dict[Any, Any] = {}
        self.served = lru_cache(maxsize=4096)(self._served)
        self.fitting = lru_cache(maxsize=4096)(self._fitting)
        self._providers = {
            row.pk: row
            for row in Provider.objects.prefetch_related("service_areas", "cancellation_terms").order_by("name", "pk")
        }
        self._offerings: dict[int, Offering] = {}
        for offering in Offering.objects.prefetch_related(*RELATED).order_by("position", "id"):
            offering.provider = self._providers[offering.provider_id]
            self._offerings[offering.pk] = offering
        self._by_code = {row.code: row for row in self._providers.values() if row.active}
        self._on_sale: dict[str, list[Offering]] = defaultdict(list)
        for offering in self._offerings.values():
            if offering.active and offering.provider.active:
                self._on_sale[offering.provider.code].append(offering)
        self._words = {row.pk: words_of(row) for row in self._offerings.values()}
        self._areas: dict[int, list[Area]] = {pk: row.areas() for pk, row in self._providers.items()}
        self._known = frozenset[str]().union(*(self._words[row.pk] for row in self.on_sale()))

    def provider(self, code: str) -> Provider | None:
        """An active provider."""
        return self._by_code.get(code)

    def offering(self, provider: Provider, code: str) -> Offering | None:
        """An active offering of an active provider."""
        return next((row for row in self._on_sale[provider.code] if row.code == code), None)

    def by_id(self, pk: int) -> Offering:
        """Any offering, on sale or not."""
        return self._offerings[pk]

    def on_sale(self, provider: str = "") -> Iterator[Offering]:
        """Active offerings, provider by provider in the order of their names; of one only, if it is named."""
        for row in self._by_code.values():
            if provider in ("", row.code):
                yield from self._on_sale[row.code]

    def _fitting(self, criteria: Criteria) -> tuple[Offering, ...]:
        """What fits, in the order of `on_sale`."""
        wanted = self.wanted(criteria.words)
        return tuple(
            offering
            for offering in self.on_sale(criteria.provider)
            if not any(True for _ in self.against(offering, criteria, wanted))
        )

    def against(self, offering: Offering, criteria: Criteria, wanted: Set[str] | None) -> Iterator[str]:
        """What speaks against an offering, in words. `wanted` as `self.wanted` says."""
        missing = None if wanted is None else wanted - self._words[offering.pk]
        return objections(offering, criteria, place=self.served(offering.provider_id, criteria.place), missing=missing)

    def wanted(self, text: str) -> Set[str] | None:
        """The words of the text that some offering uses; None when there are words and nobody uses any of them.

        People write sentences ("Request for a new electricity connection"): words that no offering uses say nothing.
        """
        asked = frozenset(split_words(text))
        known = asked & self._known
        return None if asked and not known else known

    def lend(self, application: Application) -> None:
        """Give an application its provider and its offering without another look into the database."""
        if application.provider_id in self._providers and application.offering_id in self._offerings:
            application.provider = self._providers[application.provider_id]
            application.offering = self._offerings[application.offering_id]

    def _served(self, provider_id: int, place: Place) -> Verdict:
        return judge(self._areas[provider_id], place)


_kept: tuple[UUID, float, Shelf] | None = None
_held: ContextVar[Shelf | None] = ContextVar("catalogue", default=None)


@contextmanager
def holding() -> Iterator[None]:
    """What is done in this block is done with one edition, which is asked for once."""
    token = _held.set(shelf())
    try:
        yield
    finally:
        _held.reset(token)


def shelf() -> Shelf:
    """The catalogue as it is now, or as it was when this block took hold of it."""
    global _kept  # noqa: PLW0603 - one a process
    held = _held.get()
    if held:
        return held
    token = next((token for (token,) in run(EDITION, [])), None)
    if token and _kept and _kept[0] == token and monotonic() - _kept[1] < LASTS:
        return _kept[2]
    made = Shelf()
    _kept = (token, monotonic(), made) if token else None
    return made
