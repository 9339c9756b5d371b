"""The whole cycle: a request in, its signed callback at the buyer app, with everything on one machine."""

from statistics import median

from tests.bench.bed import Bed
from tests.bench.figures import Outcome
from tests.bench.section import Goal, Plot, Section, Table
from tests.bench.sizes import Size

PROSE = """
From the moment at which a request was due until its signed callback is at the buyer app, with web server, worker, beat,
PostgreSQL, Valkey and load generator on the same cores. Open loop: a request is sent at its time whatever became of
those before it, so that nothing is hidden by waiting. Every callback's signature is verified afterwards. A callback
counts as missing that is not there {grace:g} s after the last request. Saturation is the closed loop with
{window} messages under way, `confirm` with {orders} (each after an init of its own, which is not timed): an order with
its documents, its visit and its events.
"""
WINDOW, ORDERS = 256, 64
REFERENCE = 600  # callbacks a second, the reference adapter's best on such a machine; it keeps nothing
HEAD = (
    *("message", "load", "sent", "callbacks/s", "ACK p50", "p95", "p99", "cycle p50", "p95", "p99"),
    *("not ACKed", "missing", "doubled", "before its ACK", "badly signed", "errors"),
)
GROUPS = ("web", "worker", "beat", "postgres", "valkey", "load")


def measure(bed: Bed, size: Size) -> Section:
    by_rate = {rate: [at_rate(bed, rate, size) for _ in range(runs_of(rate, size))] for rate in size.rates}
    full = [closed(bed, "search", size) for _ in range(min(3, size.rounds))]
    orders = [closed(bed, "confirm", size) for _ in range(min(3, size.rounds))]
    named = [(f"{rate}/s", outcome) for rate, outcomes in by_rate.items() for outcome in outcomes]
    named += [(f"{WINDOW} under way", outcome) for outcome in full]
    named += [(f"{ORDERS} under way", outcome) for outcome in orders]
    latencies = Table(HEAD, [row(load, outcome) for load, outcome in named], "Milliseconds:")
    costs = Table(("message", "load", *GROUPS, "together"), [cost(*pair) for pair in named], "CPU us a message:")
    prose = PROSE.format(grace=size.grace, window=WINDOW, orders=ORDERS)
    return Section(
        "cycle", "Whole cycle", 30, prose, [latencies, costs], goals_of(by_rate, full, orders), plot(by_rate)
    )


def runs_of(rate: int, size: Size) -> int:
    """The rates that goals speak of are measured three times, where there is time."""
    return min(3, size.rounds) if rate in (500, 1000) else 1


def at_rate(bed: Bed, rate: int, size: Size) -> Outcome:
    limits = {"seconds": 2 * size.seconds, "grace": size.grace, "patience": size.grace}
    return bed.put_under("search", int(rate * size.seconds), rate=rate, **limits)


def closed(bed: Bed, action: str, size: Size) -> Outcome:
    count, window = (size.orders, ORDERS) if action == "confirm" else (size.searches, WINDOW)
    return bed.put_under(action, count, window=window, seconds=size.seconds, grace=size.grace, lines=64)


# --- What it says -----------------------------------------------------------------------------------------------------


def row(load: str, outcome: Outcome) -> tuple[str | float, ...]:
    times = (getattr(times, name) for times in (outcome.ack, outcome.cycle) for name in ("p50", "p95", "p99"))
    bad = (outcome.refused, outcome.missing, outcome.doubled, outcome.overtaken, outcome.unsigned, outcome.errors)
    return outcome.action, load, outcome.sent, round(outcome.rate), *times, *bad


def cost(load: str, outcome: Outcome) -> tuple[str | float, ...]:
    spent = [round(outcome.cpu_us.get(group, 0)) for group in GROUPS]
    return outcome.action, load, *spent, sum(spent)


def goals_of(by_rate: dict[int, list[Outcome]], full: list[Outcome], orders: list[Outcome]) -> list[Goal]:
    calm, brisk = by_rate[500], by_rate[1000]
    kept = min(outcome.rate for outcome in brisk)
    wrong = sum(found.missing + found.refused + found.overtaken + found.unsigned for found in brisk)
    p50, p99, ack = (median(values) for values in zip(*(latencies_of(outcome) for outcome in calm), strict=True))
    most, confirms = median(outcome.rate for outcome in full), median(outcome.good_rate for outcome in orders)
    held = f"{kept:.0f}/s, {wrong} missing or early"
    return [
        Goal("search at 1,000/s", "kept up, nothing missing or early", held, kept >= 950 and wrong == 0),
        Goal("search at 500/s, whole cycle", "p50 ≤ 40 ms", f"{p50:.0f} ms", p50 <= 40),
        Goal("search at 500/s, whole cycle", "p99 ≤ 100 ms", f"{p99:.0f} ms", p99 <= 100),
        Goal("search at 500/s, ACK with everything running", "p99 ≤ 10 ms", f"{ack:.1f} ms", ack <= 10),
        Goal("search at saturation", f"≥ {2 * REFERENCE:,} callbacks/s", f"{most:.0f}/s", most >= 2 * REFERENCE),
        Goal("confirm, whole cycle", "≥ 300/s", f"{confirms:.0f}/s", confirms >= 300),
    ]


def latencies_of(outcome: Outcome) -> tuple[float, float, float]:
    return outcome.cycle.p50, outcome.cycle.p99, outcome.ack.p99


def plot(by_rate: dict[int, list[Outcome]]) -> Plot:
    def line(part: str, name: str) -> list[tuple[float, float]]:
        return [
            (rate, median(getattr(getattr(outcome, part), name) for outcome in outcomes))
            for rate, outcomes in by_rate.items()
        ]

    lines = {f"{part} {name}": line(part, name) for part in ("cycle", "ack") for name in ("p50", "p99")}
    named = {name.replace("ack", "ACK"): points for name, points in lines.items()}
    return Plot("performance", "search: latency over rate", "searches a second", "milliseconds", named)
