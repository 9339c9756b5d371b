"""The search box of lists whose rows hang on orders: an order is found by its words, a row by its own number."""

from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from connections.admin.long_list import rows_found
from connections.searching import AT_MOST, as_written, find

ORDER_WORDS = "order id, name, e-mail, street or telephone"  # what connections/searching.py finds by


class FoundByOrder:
    """For an admin of rows with an application. `exact_fields` are columns with an index, given in full; an admin that
    has such names them before ORDER_WORDS in its `search_help_text`."""

    order_path = "application"
    exact_fields: tuple[str, ...] = ()
    search_fields: list[str] = ["application__number"]  # that there are any shows the box
    search_help_text = ORDER_WORDS.capitalize()

    def search_more(self, term: str) -> Q:
        """What else a row is found by, from tables that stay small."""
        return Q()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.replace("\0", "").strip()
        if not term:
            return queryset, False
        orders = find(term)
        if len(orders) == AT_MOST:
            messages.info(request, f"Many orders fit “{term}”. Only the newest {AT_MOST} of them are searched.")
        wanted = Q(**{f"{self.order_path}__in": orders}) | self.search_more(term)
        for field in self.exact_fields:
            wanted |= Q(**{f"{field}__in": as_written(term)})
        return rows_found(queryset, wanted), False
