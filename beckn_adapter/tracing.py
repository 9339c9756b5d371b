"""OpenTelemetry traces, where OTEL_EXPORTER_OTLP_ENDPOINT names a collector; without one nothing of it is imported.

One trace is one message: the door's span, below it the worker's, below that one for each try to deliver the answer.
Nothing is stored to join them: trace and parents are derived from the message's own ids, so every process computes the
same. A callback that nobody asked for is a trace of its own. Spans are made when their work is over.
"""

import hashlib
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from django.conf import settings

from beckn_adapter.models import Callback, Message
from beckn_adapter.trail import NAMES

if TYPE_CHECKING:
    from beckn_adapter.spans import Spans

log = logging.getLogger(__name__)


def received(ids: Mapping[str, str], kind: str, began: int, ended: int) -> None:
    """The door acknowledged a message. Times are nanoseconds since 1970."""
    if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        part, parent = ("", "door") if kind == "repeated" else ("door", "")
        _record("door", ids, part, parent, (began, ended), kind=kind)


def handled(row: Message, outcome: str, began: int, ended: int) -> None:
    """The worker ended a message that it had taken up at `began`."""
    if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        failed = outcome == "failed"
        _record("handle", vars(row), "work", "door", (began, ended), failed, outcome=outcome, attempt=row.attempts)


def attempted(row: Callback, outcome: str, at: datetime, milliseconds: int, status: int | None) -> None:
    """One try to deliver a callback."""
    if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        parent = "work" if row.request_id else ""
        times = _nanoseconds(at), _nanoseconds(at + timedelta(milliseconds=milliseconds))
        said = {"outcome": outcome, "attempt": row.attempts, "http.response.status_code": status or 0}
        _record("deliver", vars(row), "", parent, times, outcome != "delivered", **said)


def _record(
    what: str,
    ids: Mapping[str, Any],
    part: str,
    parent: str,
    times: tuple[int, int],
    failed: bool = False,
    **said: Any,
) -> None:
    """See `Spans.record`. Never raises: a trace is worth no message."""
    key = (ids["bap_id"], ids["transaction_id"], ids["action"].removeprefix("on_"), ids["message_id"])
    said |= {f"beckn.{name}": ids[name] for name in NAMES}
    try:
        spans = open_spans()
        if spans:
            spans.record(f"{what} {ids['action']}", key, part, parent, times, said, failed=failed)
    except Exception as problem:  # noqa: BLE001 - see above
        log.warning("a span could not be recorded (%s)", type(problem).__name__)


@cache
def open_spans() -> "Spans | None":
    """This process's way to the collector; None where the packages are not installed, which is said once."""
    try:
        from beckn_adapter.spans import Spans  # noqa: PLC0415 - an extra: only who traces needs it installed
    except ImportError as problem:
        log.error("OTEL_EXPORTER_OTLP_ENDPOINT is set, but %s; install requirements-tracing.txt", problem)
        return None
    return Spans()


def derived(bits: int, *parts: str) -> int:
    """A number of so many bits, never 0, the same wherever it is computed."""
    return int.from_bytes(hashlib.blake2b("\n".join(parts).encode(), digest_size=bits // 8).digest(), "big") or 1


def _nanoseconds(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000) * 1000
