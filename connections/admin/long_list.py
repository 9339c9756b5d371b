"""Lists over tables that grow without end: a page costs the same however many rows there are.

Nothing is counted beyond MOST_COUNTED, so the page says "more than" instead of a number; a list is sorted by another
column only where an index holds that order; and a filter offers what is known without asking the table.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.db.models.expressions import Col
from django.http import HttpRequest
from django.utils.functional import cached_property

from connections.models import ProviderOfOrder

MOST_COUNTED = 1_000
MOST_VALUES = 50


class Counted(int):
    """How many there are, up to a bound; above it the words say so."""

    def __new__(cls, found: int, most: int) -> "Counted":
        counted = super().__new__(cls, min(found, most))
        counted.is_all = found <= most
        return counted

    is_all: bool

    @property
    def words(self) -> str:
        """For a page: 17, or "over 1,000"."""
        return f"{int(self):,}" if self.is_all else f"over {int(self):,}"


def count_some(rows: QuerySet[Any, Any], most: int = MOST_COUNTED) -> Counted:
    """Count no further than to a bound, in an order in which so many are soon found."""
    return Counted(rows.order_by(*_order_to_count(rows))[: most + 1].count(), most)


def _order_to_count(rows: QuerySet[Any, Any]) -> list[str]:
    """The newest first, so by the same index as the list itself, but for two: what happened in a time is counted by the
    index of the time, else all of it would be sorted; and what hangs on the orders of one provider in any order, since
    an index has it together, and it is rare among the newest of all providers."""
    for leaf in rows.query.where.leaves():
        column = getattr(leaf, "lhs", None)
        if not isinstance(column, Col):
            continue
        of_an_order = column.alias != rows.query.get_initial_alias()
        if isinstance(column.target, ProviderOfOrder) or (of_an_order and column.target.name == "provider"):
            return []
        if not of_an_order and leaf.lookup_name in ("gte", "lt") and _is_an_index_by(column.target):
            return [f"-{column.target.name}"]
    return ["-pk"]


def _is_an_index_by(field: Any) -> bool:
    indexes = field.model._meta.indexes
    return any(index.fields and index.fields[0].lstrip("-") == field.name and not index.condition for index in indexes)


class Found(NamedTuple):
    """What a search found, in the order of the list, and the rows that it was looked for in."""

    keys: list[Any]
    among: QuerySet[Any, Any]


def rows_found(among: QuerySet[Any, Any], wanted: Q) -> QuerySet[Any, Any]:
    """The wanted rows, which are scattered over their table: looked for once, not again to count and to show them.

    Nobody sees more than MOST_COUNTED. PostgreSQL is asked for so many and not for a page of them, whose order would
    tempt it to read all from the newest on.
    """
    keys = list(among.filter(wanted).values_list("pk", flat=True)[: MOST_COUNTED + 1])
    rows: Any = among.filter(pk__in=keys)
    rows.found = Found(keys, among)  # a copy of these rows, narrowed further, is without it
    found: QuerySet[Any, Any] = rows
    return found


class BoundedPaginator(Paginator):
    """Pages of the first MOST_COUNTED rows. Whoever looks for something further down narrows the list."""

    template_name = "admin/long_list_pages.html"
    most = MOST_COUNTED

    @cached_property
    def count(self) -> Counted:
        rows: Any = self.object_list
        return Counted(len(self._found.keys), self.most) if self._found else count_some(rows, self.most)

    def page(self, number: Any) -> Any:
        page = super().page(number)
        if self._found:
            keys = self._found.keys[page.start_index() - 1 : page.end_index()]
            page.object_list = self._found.among.filter(pk__in=keys)
        return page

    @property
    def _found(self) -> Found | None:
        return getattr(self.object_list, "found", None)


class OfProvider(admin.RelatedFieldListFilter):
    """Rows that hang on one provider's orders, which an index has together; not what hangs on none."""

    include_empty_choice = False


BY_PROVIDER = ("provider", OfProvider)


class KnownValues(admin.FieldListFilter):
    """The values that a column holds, found by hopping through its index from each to the next, at most MOST_VALUES."""

    def __init__(
        self, field: Any, request: HttpRequest, params: Any, model: Any, model_admin: Any, field_path: str
    ) -> None:
        self.values = list(_distinct(model, field_path))
        self.name = field_path
        super().__init__(field, request, params, model, model_admin, field_path)
        given: Any = self.used_parameters.get(field_path) or [None]
        self.chosen = given[-1]

    def expected_parameters(self) -> list[str | None]:
        return [self.name]

    def choices(self, changelist: Any) -> Iterator[Any]:
        yield {
            "selected": self.chosen is None,
            "query_string": changelist.get_query_string(remove=[self.name]),
            "display": "All",
        }
        for value in self.values:
            query = changelist.get_query_string({self.name: value})
            yield {"selected": self.chosen == value, "query_string": query, "display": value}


def _distinct(model: type[Model], path: str) -> Iterator[str]:
    rows, last = model._default_manager.order_by(path).values_list(path, flat=True), ""
    for _ in range(MOST_VALUES):
        found = rows.filter(**{f"{path}__gt": last}).first()
        if found is None:
            return
        yield found
        last = found
