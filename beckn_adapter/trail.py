"""Which message the present work is for, so that every log line of it says so: from the door through both drains.

It is a context variable: each thread and each callback in the air has its own, and what they start inherits it.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any

from celery import current_task

NAMES = ("transaction_id", "message_id", "action", "bap_id")
_held: ContextVar["dict[Lines, list[str]] | None"] = ContextVar("lines", default=None)
_followed: ContextVar[dict[str, str] | None] = ContextVar("message", default=None)


@contextmanager
def working_on(row: Any = None) -> Iterator[None]:
    """The work in this block is for an inbox or outbox row; without one, for what `follow` will name."""
    token = _followed.set({name: getattr(row, name) for name in NAMES} if row is not None else None)
    try:
        yield
    finally:
        _followed.reset(token)


def follow(context: Mapping[str, Any]) -> None:
    """From here to the end of the block the work is for the message with this context, whose sender is proven."""
    _followed.set({name: str(context[name]) for name in NAMES})


def followed() -> dict[str, str]:
    """The ids of the message that is worked on; empty when none is."""
    return _followed.get() or {}


class Lines(logging.StreamHandler[Any]):
    """Writes a line at a time, or those of a block together: each writing lets other threads go first."""

    def emit(self, record: logging.LogRecord) -> None:
        held = _held.get()
        if held is None:
            super().emit(record)
            return
        try:
            held.setdefault(self, []).append(self.format(record) + self.terminator)
        except Exception:  # noqa: BLE001 - as its superclass does: a line that can not be written stops nobody
            self.handleError(record)

    def write(self, lines: list[str]) -> None:
        try:
            with self.lock or nullcontext():
                self.stream.write("".join(lines))
                self.flush()
        except Exception:  # noqa: BLE001 - as above
            self.handleError(logging.makeLogRecord({}))


@contextmanager
def lines_together() -> Iterator[None]:
    """What is logged in this block, in its thread, is written at its end."""
    held: dict[Lines, list[str]] = {}
    token = _held.set(held)
    try:
        yield
    finally:
        _held.reset(token)
        for handler, lines in held.items():
            handler.write(lines)


class Trail(logging.Filter):
    """Gives each log record the ids of the message that it is about, and the Celery task that wrote it.

    Who writes when the work is over gives them itself: `extra={"trail": ids}`.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        task = current_task._get_current_object()  # asked once: each look through the proxy costs as much as the line
        running = {"task": task.name, "task_id": task.request.id} if task else {}
        record.trail = {**followed(), **getattr(record, "trail", {}), **running}
        return True
