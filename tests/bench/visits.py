"""One house as its visitors know it, in a process of its own: every page and every job by number, and what each costs.

A visit leaves nothing behind: what it wrote (who looked at whom, a lease on a message) is rolled back.
"""

import gc
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import Any

_visits: list[tuple[str, Callable[[], Any]]] = []


@dataclass(frozen=True)
class Cost:
    """Statements, the blocks that PostgreSQL touched for them, the growing tables it read from end to end, and how many
    rows of tables the page shows."""

    statements: int
    blocks: int
    whole: tuple[str, ...]
    rows: int = 0


def open_house(database: str) -> ProcessPoolExecutor:
    """A process in which the functions below are about this house."""
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=enter, initargs=(database,))


def enter(database: str) -> None:
    os.environ |= {"DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": "config.settings", "DEBUG": "0"}
    import django  # noqa: PLC0415

    django.setup()
    _visits.extend(_every_visit())
    gc.collect()
    gc.freeze()


def names() -> list[str]:
    """The addresses of the pages, and the jobs by name; in every house in the same order."""
    return [name for name, _ in _visits]


def rows() -> tuple[int, int]:
    """How many applications there are, and how many messages."""
    from beckn_adapter.models import Message  # noqa: PLC0415
    from connections.models import Application  # noqa: PLC0415

    return Application.objects.order_by().count(), Message.objects.order_by().count()


def explain(number: int) -> Cost:
    from tests.bench.growing import GROWING  # noqa: PLC0415
    from tests.bench.plans import watch  # noqa: PLC0415

    answers: list[Any] = []
    visit, growing = _visits[number][1], {model._meta.db_table for model in GROWING}
    seen = _undone(partial(watch, lambda: answers.append(visit()), growing, analyze=True))
    whole = tuple(sorted({table for table, _ in seen.from_end_to_end}))
    return Cost(len(seen.statements), seen.blocks, whole, _rows_of(answers[0]))


def take_time(number: int) -> float:
    """Milliseconds of one visit."""
    return float(_undone(partial(_timed, _visits[number][1])))


def _rows_of(answer: Any) -> int:
    return answer.count(b"<tr") if isinstance(answer, bytes) else 0


def _timed(visit: Callable[[], Any]) -> float:
    began = time.perf_counter()
    visit()
    return 1000 * (time.perf_counter() - began)


def _undone(act: Callable[[], Any]) -> Any:
    from django.db import transaction  # noqa: PLC0415

    with transaction.atomic():
        found = act()
        transaction.set_rollback(True)
    return found


def _every_visit() -> list[tuple[str, Callable[[], Any]]]:
    """As somebody who may do everything."""
    from django.conf import settings  # noqa: PLC0415
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    from tests.bench.desk_pages import desk_pages, jobs  # noqa: PLC0415

    settings.ALLOWED_HOSTS = ["testserver"]
    client = Client()
    client.force_login(User.objects.filter(username="bench").first() or User.objects.create_superuser("bench"))
    return [*((address, partial(_read, client, address)) for address in desk_pages()), *jobs().items()]


def _read(client: Any, address: str) -> bytes:
    answer = client.get(address)
    if answer.status_code >= 400 and address != "/readyz":  # which says of a house without workers that it is not
        raise RuntimeError(f"{address} answers {answer.status_code}")
    return bytes(answer.content)
