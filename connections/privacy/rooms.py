"""What each room knows of a person, said by the room: how it is handed out, and how it is erased.

A room declares it in its `privacy.py`, with `@exports` and `@erases`, as it declares guards in its `reactions.py`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from enum import Enum
from typing import Any

from django.db.models import QuerySet
from django.db.models.fields.files import FieldFile

from connections.models import Application


class Part(Enum):
    """What goes at its own time."""

    FILES = "files"  # papers and photos
    MESSAGES = "messages"  # the raw bodies of the network's messages
    PERSON = "person"  # names, contacts, places, remarks


Exporter = Callable[[Application], Any]
Eraser = Callable[[Application], int]
FileLister = Callable[[Application], Iterator[tuple[str, FieldFile]]]
Sweeper = Callable[[datetime, int], int]
Counting = Callable[[datetime], int]
_exporters: dict[str, Exporter] = {}
_file_listers: list[FileLister] = []
_erasers: dict[Part, list[Eraser]] = defaultdict(list)
_sweepers: list[Sweeper] = []
_counters: list[Counting] = []


def exports(name: str) -> Callable[[Exporter], Exporter]:
    """This function's answer stands under `name` in what is handed out: rows as JSON."""

    def register(function: Exporter) -> Exporter:
        _exporters[name] = function
        return function

    return register


def exports_files(function: FileLister) -> FileLister:
    """Files of an application, each with its name in the archive."""
    _file_listers.append(function)
    return function


def erases(part: Part) -> Callable[[Eraser], Eraser]:
    """This function erases a part of what the room holds of an application, in the caller's transaction, under the
    application's lock, and says how many rows it touched."""

    def register(function: Eraser) -> Eraser:
        _erasers[part].append(function)
        return function

    return register


def sweeps_messages(function: Sweeper) -> Sweeper:
    """This function deletes so many messages that belong to no application and came before a moment; says how many."""
    _sweepers.append(function)
    return function


def counts_messages(function: Counting) -> Counting:
    """This function says how many messages `sweeps_messages` would delete in the end."""
    _counters.append(function)
    return function


def rows_of(queryset: QuerySet[Any], *without: str) -> list[dict[str, Any]]:
    """Every column of every row, but those named."""
    columns = [field.attname for field in queryset.model._meta.concrete_fields if field.attname not in without]
    return list(queryset.order_by("pk").values(*columns))


def gather(application: Application) -> dict[str, Any]:
    """Everything that every room holds of an application."""
    return {name: export(application) for name, export in _exporters.items()}


def files_of(application: Application) -> Iterator[tuple[str, FieldFile]]:
    for files in _file_listers:
        yield from files(application)


def erase_part(application: Application, part: Part) -> int:
    """How many rows were touched, in all rooms."""
    return sum(erase(application) for erase in _erasers[part])


def sweep_messages(before: datetime, limit: int) -> int:
    """One batch of every room, each in a transaction of its own."""
    return sum(sweep(before, limit) for sweep in _sweepers)


def count_messages(before: datetime) -> int:
    """How many there are of what `sweep_messages` deletes."""
    return sum(count(before) for count in _counters)
