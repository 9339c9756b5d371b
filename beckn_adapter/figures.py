"""What the adapter tells at `/metrics`: the counts of all processes, and what the undone rows say.

Nothing here reads a row that is done with: what waits and what was given up stands in partial indexes. Of a pile the
first MOST_COUNTED rows are counted and no more: a reading would take the database seconds that it needs for the pile.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Count, Min
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from beckn_adapter import outbox, tally
from beckn_adapter.metrics import COUNTERS, HISTOGRAMS, STRANGER
from beckn_adapter.models import Callback, Circuit, Message, Tally
from connections.models import Event
from connections.queues import taking_by_index
from connections.statement import moment

PREFIX = "servicedrop_"
MOST_HOSTS = 50
MOST_COUNTED = 100_000
UP_TO = f", up to {MOST_COUNTED:,}"
OWED = """
    SELECT bap_id, COUNT(*), MIN(created_at) FROM (
        SELECT bap_id, created_at FROM beckn_adapter_callback WHERE state = 'DUE' ORDER BY due_at LIMIT %s
    ) AS owed GROUP BY bap_id
"""


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
    number, first = _waiting()
    yield _gauge("inbox_messages", f"Messages acknowledged and not yet handled{UP_TO}.", number)
    yield _gauge("inbox_oldest_seconds", "Age of the oldest of them.", _age(first, now))
    depth = _family("outbox_callbacks", f"Callbacks that are still owed{UP_TO} in all, those due first.", "bap")
    oldest = _family("outbox_oldest_seconds", "Age of the oldest of them.", "bap")
    for bap, number, first in _owed()[: tally.MOST_NAMES]:
        depth.add_metric([bap], number)
        oldest.add_metric([bap], _age(first, now))
    yield from (depth, oldest)
    late = lateness(now)
    yield _gauge("inbox_late_seconds", "How long the first message has been due that nobody took.", late["inbox"])
    yield _gauge("outbox_late_seconds", "The same of callbacks to hosts that answer.", late["outbox"])
    dead = Callback.objects.filter(state="DEAD").order_by()[:MOST_COUNTED].count()
    yield _gauge("outbox_dead_callbacks", f"Callbacks that were given up and not sent again{UP_TO}.", dead)
    untold = Event.objects.filter(announced_at=None).order_by()[:MOST_COUNTED].count()
    yield _gauge("events_untold", f"Events that nobody has looked at for whom to tell{UP_TO}.", untold)


def _waiting() -> tuple[int, datetime | None]:
    """How many messages wait, and since when the first."""
    rows = Message.objects.filter(state="RECEIVED").order_by("due_at", "id")[:MOST_COUNTED]
    with transaction.atomic(), taking_by_index():
        found = rows.aggregate(n=Count("pk"), first=Min("received_at"))
    return found["n"], found["first"]


def _owed() -> list[tuple[str, int, datetime]]:
    """The buyer apps that are owed callbacks, how many, and since when; who has waited longest first."""
    with transaction.atomic(), taking_by_index(), connection.cursor() as cursor:
        cursor.execute(OWED, [MOST_COUNTED])
        rows = cursor.fetchall()
    # SQLite tells the smallest of times as it keeps it, in words.
    told = [(bap, number, parse_datetime(at) if isinstance(at, str) else at) for bap, number, at in rows]
    found = [(bap, number, at) for bap, number, when in told if (at := moment(when))]
    return sorted(found, key=lambda row: row[2])


def lateness(now: datetime) -> dict[str, float]:
    """For how many seconds the first thing in each box has been due: who works the boxes, or nobody?"""
    first = Message.objects.filter(state="RECEIVED").aggregate(at=Min("due_at"))["at"]
    return {"inbox": _age(first, now), "outbox": _age(outbox.first_due(now), now)}


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
