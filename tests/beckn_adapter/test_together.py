"""What several threads write at one moment is written in one statement; what is wrong with one hurts no other."""

import threading
from collections.abc import Callable

import pytest
from django.db import DataError, OperationalError

from beckn_adapter.together import Together

MOST = 4


class Slow:
    """Writes down which rows came together; the first time it waits until it is told to go on."""

    def __init__(self, problem: Callable[[list[int]], Exception | None] = lambda _: None) -> None:
        self.batches: list[list[int]] = []
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.problem = problem

    def __call__(self, rows: list[int]) -> list[int]:
        self.batches.append(rows)
        if len(self.batches) == 1:
            self.begun.set()
            assert self.go_on.wait(10)
        problem = self.problem(rows)
        if problem:
            raise problem
        return [row * 10 for row in rows]


def put_all(write: Slow, count: int) -> dict[int, int | Exception]:
    """Row 0, and the others while it is being written."""
    together, found = Together(write, MOST), {}

    def put(row: int) -> None:
        try:
            found[row] = together.put(row)
        except Exception as problem:  # noqa: BLE001 - it is what the test asks for
            found[row] = problem

    threads = [threading.Thread(target=put, args=(row,)) for row in range(count)]
    threads[0].start()
    assert write.begun.wait(10)
    for thread in threads[1:]:
        thread.start()
    while len(together._waiting) < count - 1:
        pass
    write.go_on.set()
    for thread in threads:
        thread.join(10)
    return found


def test_who_comes_alone_is_written_alone_at_once() -> None:
    write = Slow()
    write.go_on.set()

    assert Together(write, MOST).put(4) == 40
    assert write.batches == [[4]]


def test_what_comes_meanwhile_is_written_together_and_each_is_told_its_own() -> None:
    write = Slow()

    found = put_all(write, 1 + MOST)

    assert found == {row: row * 10 for row in range(1 + MOST)}
    assert [len(rows) for rows in write.batches] == [1, MOST]


def test_no_statement_has_more_rows_than_are_kept_ready() -> None:
    write = Slow()

    put_all(write, 2 + 2 * MOST)

    assert [len(rows) for rows in write.batches] == [1, MOST, MOST, 1]


def test_what_is_wrong_with_one_row_is_told_to_nobody_else() -> None:
    write = Slow(lambda rows: DataError("bad") if 2 in rows else None)

    found = put_all(write, 4)

    assert isinstance(found.pop(2), DataError)
    assert found == {0: 0, 1: 10, 3: 30}


def test_a_database_that_is_away_is_asked_once_for_all_of_them() -> None:
    write = Slow(lambda rows: OperationalError("gone") if len(rows) > 1 else None)

    found = put_all(write, 4)

    assert [type(found[row]) for row in range(4)] == [int, OperationalError, OperationalError, OperationalError]
    assert len(write.batches) == 2


def test_after_a_failure_the_next_is_written_as_ever() -> None:
    write = Slow(lambda rows: OperationalError("gone") if rows == [1] else None)
    write.go_on.set()
    together = Together(write, MOST)
    with pytest.raises(OperationalError):
        together.put(1)

    assert together.put(2) == 20
