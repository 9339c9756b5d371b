"""Traces: one a message, joined across processes by nothing but its ids, sent to a collector over HTTP."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from beckn_adapter import settling, tracing, trail
from beckn_adapter.receipt import Receipt
from beckn_adapter.sandbox.server import LocalServer, Reply, Request
from beckn_adapter.settling import Result
from tests.beckn_adapter.conversation import answer, receive, request


class Collector(LocalServer):
    """An OTLP receiver that keeps every span."""

    def __init__(self) -> None:
        super().__init__()
        self.spans: list[Any] = []

    def answer(self, request: Request) -> Reply:
        said = ExportTraceServiceRequest.FromString(request.body)
        self.spans += [span for part in said.resource_spans for scope in part.scope_spans for span in scope.spans]
        return Reply(200, b"")


@pytest.fixture
def collector(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    server = Collector()
    server.start()
    settings.OTEL_EXPORTER_OTLP_ENDPOINT = server.url
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.url)
    tracing.open_spans.cache_clear()
    yield server
    server.stop()


def hand_over() -> None:
    """What was recorded goes out, and whoever records next starts from nothing."""
    spans = tracing.open_spans()
    assert spans
    spans.provider.shutdown()
    tracing.open_spans.cache_clear()


def collected(collector: Collector) -> dict[str, Any]:
    hand_over()
    return {span.name: span for span in collector.spans}


def result(row: Any, **how: Any) -> Result:
    return Result(row.pk, timezone.now(), 12, 200, "ACK", **{"delivered": True, **how})


@pytest.mark.django_db
def test_a_message_is_one_trace_from_the_door_to_the_callback(guide: None, collector: Collector) -> None:
    row = receive(request("search", {"intent": {}}))
    Receipt({name: getattr(row, name) for name in trail.NAMES}, "stored", 0.003).write()
    answer(row)
    hand_over()  # the next one is another process
    callback = row.callbacks.get()
    settling.settle([callback], [result(callback)])

    found = collected(collector)
    door, work, delivery = (found[name] for name in ("door search", "handle search", "deliver on_search"))

    assert len({span.trace_id for span in (door, work, delivery)}) == 1
    assert (door.parent_span_id, work.parent_span_id, delivery.parent_span_id) == (b"", door.span_id, work.span_id)
    assert door.end_time_unix_nano - door.start_time_unix_nano == pytest.approx(3_000_000, abs=1000)
    said = {attribute.key: attribute.value.string_value for attribute in delivery.attributes}
    assert said["beckn.transaction_id"] == row.transaction_id
    assert said["outcome"] == "delivered"


@pytest.mark.django_db
def test_a_try_that_failed_is_an_error_and_a_repeated_message_stands_below_the_first(
    guide: None, collector: Collector
) -> None:
    row = receive(request("search", {"intent": {}}))
    ids = {name: getattr(row, name) for name in trail.NAMES}
    Receipt(ids, "stored", 0.003).write()
    Receipt(ids, "repeated", 0.003).write()
    answer(row)
    callback = row.callbacks.get()
    settling.settle([callback], [result(callback, delivered=False)])

    delivery = collected(collector)["deliver on_search"]
    first, again = [span for span in collector.spans if span.name == "door search"]

    assert delivery.status.code == 2
    assert again.parent_span_id == first.span_id
    assert again.span_id != first.span_id


def test_without_an_endpoint_nothing_of_it_is_imported() -> None:
    code = (
        "import django, sys, os; os.environ['DJANGO_SETTINGS_MODULE']='config.settings'; django.setup();"
        "import beckn_adapter.tasks, beckn_adapter.door, config.urls;"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
