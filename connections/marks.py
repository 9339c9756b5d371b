"""Marks in the cache, which the processes of a house leave for each other.

They save work and promise nothing: a cache may be empty, full or away at any time, and whoever cannot ask it goes on
as if nobody else were there.
"""

import logging
from typing import Any

from django.core.cache import cache

log = logging.getLogger(__name__)


def leave(name: str, seconds: float) -> bool:
    """Whether the mark is ours: nobody else's stands there. It goes by itself after so many seconds."""
    try:
        return bool(cache.add(name, 1, timeout=seconds))
    except Exception as problem:  # noqa: BLE001 - whatever a cache may raise
        _say_away(name, problem)
        return True


def renew(name: str, seconds: float) -> None:
    """It stands for so many seconds from now, whoever left it."""
    keep(name, 1, seconds)


def stands(name: str) -> bool:
    """Whether somebody left it."""
    return kept(name) is not None


def keep(name: str, value: Any, seconds: float | None = None) -> None:
    """A note of more than that it stands; for ever, where no seconds are given and nothing is lost."""
    try:
        cache.set(name, value, timeout=seconds)
    except Exception as problem:  # noqa: BLE001 - as above
        _say_away(name, problem)


def kept(name: str) -> Any:
    """What stands there; None where nothing does."""
    try:
        return cache.get(name)
    except Exception as problem:  # noqa: BLE001 - as above
        _say_away(name, problem)
        return None


def wipe(*names: str) -> None:
    try:
        cache.delete_many(names)
    except Exception as problem:  # noqa: BLE001 - as above: it goes by itself
        _say_away(", ".join(names), problem)


def _say_away(name: str, problem: Exception) -> None:
    log.warning("the cache can not be asked for the mark %s (%s)", name, type(problem).__name__)
