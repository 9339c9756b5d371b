"""A transaction that lost to another one is run again, whole: deadlocks and serialization failures are no mistakes.

PostgreSQL picks one of two transactions that wait for each other and undoes all of it, so it can be done once more.
"""

import random
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection

Given = ParamSpec("Given")
Got = TypeVar("Got")
TRIES = 4
LOST = {"40P01", "40001"}  # deadlock_detected, serialization_failure (PostgreSQL, appendix A)


def run_again(function: Callable[Given, Got]) -> Callable[Given, Got]:
    """For a function that makes one whole transaction and keeps nothing of a try that failed.

    Called inside a transaction it is run once: only the outermost can be done again.
    """

    @wraps(function)
    def run(*args: Given.args, **kwargs: Given.kwargs) -> Got:
        for n in range(1, TRIES):
            try:
                return function(*args, **kwargs)
            except OperationalError as problem:
                if connection.in_atomic_block or not has_lost(problem):
                    raise
                time.sleep(random.uniform(0, 0.05 * n))  # noqa: S311 - so that the two do not meet again
        return function(*args, **kwargs)

    return run


def has_lost(problem: OperationalError) -> bool:
    """Whether the database undid the transaction for another one's sake."""
    return getattr(problem.__cause__, "sqlstate", None) in LOST
