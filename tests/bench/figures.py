"""What figures mean. Pure: lists of numbers in, percentiles, ratios and medians out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil
from statistics import median, median_low

SLACK = 0.15  # a round counts whose yardstick is no further from the yardsticks' median


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0 to 1) of the values do not exceed; 0 where there are none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[max(0, ceil(len(ordered) * share - 1e-9) - 1)]


def ratio(ours: float, ceiling: float) -> float:
    """How much of the ceiling is reached; 0 where there is no ceiling."""
    return ours / ceiling if ceiling else 0.0


def percent(share: float) -> str:
    """Whole per cent; one decimal below ten."""
    return f"{share:.0%}" if abs(share) >= 0.1 else f"{share:.1%}"


def steady(yardsticks: Sequence[float]) -> list[int]:
    """The numbers of the rounds in which the machine was as fast as usual: within SLACK of the median, which is one of
    them, so that at least one is left."""
    usual = median_low(yardsticks)
    return [number for number, value in enumerate(yardsticks) if abs(value - usual) <= SLACK * usual]


@dataclass(frozen=True)
class Spread:
    """Median, smallest and largest of several rounds."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        return cls(median(values), min(values), max(values)) if values else cls(0, 0, 0)


@dataclass(frozen=True)
class Times:
    """Percentiles of a latency, in milliseconds."""

    p50: float = 0
    p95: float = 0
    p99: float = 0
    most: float = 0

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Times":
        values = sorted(1000 * value for value in seconds)
        return cls(*(percentile(values, share) for share in (0.5, 0.95, 0.99, 1)))

    def __str__(self) -> str:
        return f"p50 {self.p50:.1f}, p95 {self.p95:.1f}, p99 {self.p99:.1f}, most {self.most:.1f} ms"


@dataclass
class Outcome:
    """What came of one load: counts, latencies, rates a second, and what the processes took for it.

    `overtaken`: callbacks that were here before their ACK. `unasked`: callbacks to none of the messages sent (news of
    an order). `cpu_us`: CPU microseconds a message, by group of processes.
    """

    action: str
    sent: int
    acked: int
    refused: int
    callbacks: int = 0
    missing: int = 0
    doubled: int = 0
    overtaken: int = 0
    unasked: int = 0
    unsigned: int = 0
    errors: int = 0
    seconds: float = 0
    ack_rate: float = 0
    rate: float = 0
    ack: Times = field(default_factory=Times)
    cycle: Times = field(default_factory=Times)
    lead_ms: float = 0  # by which the callback came after its ACK, at the least
    cpu_us: dict[str, float] = field(default_factory=dict)
    megabytes: dict[str, float] = field(default_factory=dict)
    complaint: str = ""

    @property
    def good_rate(self) -> float:
        """Callbacks a second, those that tell of an error left out."""
        return self.rate * (1 - ratio(self.errors, self.callbacks))

    @property
    def door_us(self) -> float:
        """CPU microseconds a message of what stands between a request and its ACK."""
        return self.cpu_us.get("web", 0) + self.cpu_us.get("postgres", 0)
