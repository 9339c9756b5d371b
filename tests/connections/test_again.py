"""A transaction that lost to another one is done again, once and whole; anything else is not."""

from contextlib import suppress
from threading import Barrier, BrokenBarrierError
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection, transaction

from connections.again import run_again
from connections.models import Provider
from tests.conftest import AtOnce
from tests.factories import provider

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_that_wait_for_each_other_both_come_through(at_once: AtOnce) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    first, second = provider(code="a"), provider(code="b")
    orders, meeting = [[first.pk, second.pk], [second.pk, first.pk]], Barrier(2)
    tries: list[int] = []

    @run_again
    @transaction.atomic
    def touch(keys: list[int]) -> str:
        tries.append(1)
        for key in keys:
            Provider.objects.select_for_update().get(pk=key)
            with suppress(BrokenBarrierError):
                meeting.wait(timeout=2)  # each has its first row now
        return "done"

    assert at_once(2, lambda: touch(orders.pop())) == ["done", "done"]
    assert len(tries) == 3


class Refusing:
    """A transaction that the database undoes a number of times."""

    def __init__(self, times: int, problem: type[psycopg.OperationalError]) -> None:
        self.times, self.problem, self.calls = times, problem, 0

    def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self.times:
            raise OperationalError("undone") from self.problem("undone")
        return "done"


def test_a_serialization_failure_is_run_again() -> None:
    act = Refusing(2, psycopg.errors.SerializationFailure)

    assert run_again(act)() == "done"
    assert act.calls == 3


@pytest.mark.parametrize("problem", [psycopg.errors.QueryCanceled, psycopg.errors.AdminShutdown])
def test_what_would_fail_again_is_not_run_again(problem: Any) -> None:
    act = Refusing(9, problem)

    with pytest.raises(OperationalError):
        run_again(act)()
    assert act.calls == 1


def test_it_is_given_up_after_a_few_tries() -> None:
    act = Refusing(99, psycopg.errors.DeadlockDetected)

    with pytest.raises(OperationalError):
        run_again(act)()
    assert act.calls == 4


def test_inside_a_transaction_only_the_outermost_may_be_run_again() -> None:
    act = Refusing(9, psycopg.errors.DeadlockDetected)

    with pytest.raises(OperationalError), transaction.atomic():
        run_again(act)()
    assert act.calls == 1
