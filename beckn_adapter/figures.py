"""What the adapter tells at `/metrics`: the counts of all processes, and what the undone rows say.

Nothing here reads a row that is done with: what waits and what was given up stands in partial indexes.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from beckn_adapter import circuit, outbox, tally
from beckn_adapter.metrics import COUNTERS, HISTOGRAMS, STRANGER
from beckn_adapter.models import Callback, Circuit, Message, Tally
from connections.models import Event
from connections.queues import taking_by_index

PREFIX = "servicedrop_"
MOST_HOSTS = 50


def families() -> Iterator[Metric]:
    """Every figure of the adapter. Raises `DatabaseError`."""
    tally.flush()
    counts = read_counts()
    for name, (means, labels) in COUNTERS.items():
        counter = CounterMetricFamily(PREFIX + name, means, labels=labels)
        for values, number in _folded(counts.get(name, [])).items():
            counter.add_metric(values, number)
        yield counter
    for name, (means, buckets) in HISTOGRAMS.items():
        yield _histogram(name, means, buckets, counts.get(name, []))
    yield from _boxes(timezone.now())
    yield from _circuits()


def read_counts() -> dict[str, list[tuple[tuple[str, ...], int]]]:
    """What stands in the table: by what is counted, label values and number, those first that came first."""
    found: dict[str, list[tuple[tuple[str, ...], int]]] = {}
    for series, number in Tally.objects.order_by("id").values_list("series", "number"):
        name, *values = json.loads(series)
        found.setdefault(name, []).append((tuple(values), number))
    return found


def _folded(rows: Iterable[tuple[tuple[str, ...], int]]) -> dict[tuple[str, ...], int]:
    """The same with at most MOST_NAMES buyer apps: each process names its own, and those after the first are one."""
    names, totals = {STRANGER, tally.OTHER}, dict[tuple[str, ...], int]()
    for (action, bap, last), number in rows:
        if len(names) < tally.MOST_NAMES + 2:
            names.add(bap)
        key = (action, bap if bap in names else tally.OTHER, last)
        totals[key] = totals.get(key, 0) + number
    return totals


def _histogram(
    name: str, means: str, edges: tuple[float, ...], rows: list[tuple[tuple[str, ...], int]]
) -> HistogramMetricFamily:
    family = HistogramMetricFamily(PREFIX + name, means, labels=["action"])
    for action in dict.fromkeys(values[0] for values, _ in rows):
        own = {part: number for (of, part), number in rows if of == action}
        total, buckets = 0, []
        for n, edge in enumerate([*map(str, edges), "+Inf"]):
            total += own.get(str(n), 0)
            buckets.append((edge, total))
        family.add_metric([action], buckets, own.get("sum", 0) / 1_000_000)
    return family


def _boxes(now: datetime) -> Iterator[Metric]:
    """Inbox and outbox: how many, how old, how late. All of it stands in the partial indexes of what is undone."""
    waiting = Message.objects.filter(state="RECEIVED").aggregate(n=Count("pk"), first=Min("received_at"))
    yield _gauge("inbox_messages", "Messages acknowledged and not yet handled.", waiting["n"])
    yield _gauge("inbox_oldest_seconds", "Age of the oldest of them.", _age(waiting["first"], now))
    depth = _family("outbox_callbacks", "Callbacks that are still owed.", "bap")
    oldest = _family("outbox_oldest_seconds", "Age of the oldest of them.", "bap")
    owed = Callback.objects.filter(state="DUE").values("bap_id").annotate(n=Count("pk"), first=Min("created_at"))
    for n, row in enumerate(owed.order_by("first")):
        if n < tally.MOST_NAMES:
            depth.add_metric([row["bap_id"]], row["n"])
            oldest.add_metric([row["bap_id"]], _age(row["first"], now))
    yield from (depth, oldest)
    late = lateness(now)
    yield _gauge("inbox_late_seconds", "How long the first message has been due that nobody took.", late["inbox"])
    yield _gauge("outbox_late_seconds", "The same of callbacks to hosts that answer.", late["outbox"])
    dead = Callback.objects.filter(state="DEAD").count()
    yield _gauge("outbox_dead_callbacks", "Callbacks that were given up and not sent again.", dead)
    untold = Event.objects.filter(announced_at=None).count()
    yield _gauge("events_untold", "Events that nobody has looked at for whom to tell.", untold)


def lateness(now: datetime) -> dict[str, float]:
    """For how many seconds the first thing in each box has been due: who works the boxes, or nobody?"""
    first = Message.objects.filter(state="RECEIVED").aggregate(at=Min("due_at"))["at"]
    ready = outbox.sendable().exclude(host__in=circuit.unready_hosts())
    with transaction.atomic(), taking_by_index():  # else all that a host is owed may be read for each row of it
        due = ready.values_list("due_at", flat=True).first()
    return {"inbox": _age(first, now), "outbox": _age(due, now)}


def _circuits() -> Iterator[Metric]:
    family = _family("circuit_open", "Hosts to which nothing goes but a probe, since they do not answer.", "host")
    for host in Circuit.objects.exclude(probe_at=None).order_by("id").values_list("host", flat=True)[:MOST_HOSTS]:
        family.add_metric([host], 1)
    yield family
    yield _gauge("circuits_open", "How many they are.", Circuit.objects.exclude(probe_at=None).count())


def _age(at: datetime | None, now: datetime) -> float:
    return max(0.0, (now - at).total_seconds()) if at else 0.0


def _family(name: str, means: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(PREFIX + name, means, labels=labels)


def _gauge(name: str, means: str, figure: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(PREFIX + name, means, value=figure)
