"""Every address that the project answers, as Django's own table has it, filled in with rows that exist."""

import re
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

ROW_OF_A_MODEL = re.compile(r"^admin/(\w+)/(\w+)/")
PLACE = re.compile(r"<(?:\w+:)?(\w+)>")


def patterns(resolver: Any = None, before: str = "") -> Iterator[str]:
    """The text of every route, with its places: `field/visits/<int:pk>/`."""
    for part in (resolver or get_resolver()).url_patterns:
        if isinstance(part, URLPattern):
            yield before + str(part.pattern)
        elif isinstance(part, URLResolver):
            yield from patterns(part, before + str(part.pattern))


def addresses(known: dict[str, str]) -> list[str]:
    """Every route as an address. A place that is not `known` is the pk of the model that the route names."""
    return sorted({_filled(route, known) for route in patterns()})


def _filled(route: str, known: dict[str, str]) -> str:
    if route.startswith("admin/^"):  # the only routes written as expressions: the list of an app, and the admin's 404
        return "/admin/connections/"
    if "(?P<url>" in route:
        return "/admin/nowhere/"
    return "/" + PLACE.sub(lambda place: known.get(f"{route} {place[1]}", known.get(place[1], _row(route))), route)


def _row(route: str) -> str:
    found = ROW_OF_A_MODEL.match(route)
    row = apps.get_model(found[1], found[2])._default_manager.first() if found else None
    return str(row.pk) if row else "1"
