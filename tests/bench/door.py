"""The ACK beside its ceiling: the house's web server alone, and the same server with a bare handler, in turn."""

import json
import time
from dataclasses import dataclass, field
from statistics import median

from nacl.signing import SigningKey

from tests.bench import bare
from tests.bench.bed import Bed
from tests.bench.figures import Outcome, Spread, percent, ratio, steady
from tests.bench.section import Goal, Section, Table
from tests.bench.sizes import Size

PROSE = """
The closed loop keeps {window} requests under way at the web server; worker and beat are stopped. The ceiling is the
same server with the same settings, one worker, and a handler of a few lines: verify the signature over the raw body
with PyNaCl, one `INSERT … ON CONFLICT DO NOTHING RETURNING` into a copy of the inbox with all its keys and indexes on a
persistent connection, ACK. Both are measured in turn ({order} is a round), each on empty tables; a round counts if the
machine's yardstick (Ed25519 verifications a second, taken before each measurement) is within 15 % of its median, which
was {yardstick:,.0f}: {kept} of {rounds} rounds counted. CPU is that of the web server and of PostgreSQL with all its
backends.
"""
ACTIONS = ("search", "confirm")
ORDER = ("bare", "ours", "ours", "bare")
WINDOW = 32
YARDSTICK_SECONDS = 0.3
HOUSE = "config.wsgi:application"
BARE = "tests.bench.bare:application"


@dataclass
class Round:
    """What one turn through ORDER brought, by handler and action."""

    yardsticks: list[float] = field(default_factory=list)
    outcomes: dict[tuple[str, str], list[Outcome]] = field(default_factory=dict)

    def rate(self, who: str, action: str) -> float:
        return sum(outcome.ack_rate for outcome in self.outcomes[who, action]) / 2

    def cpu(self, who: str, action: str) -> float:
        return sum(outcome.door_us for outcome in self.outcomes[who, action]) / 2


def measure(bed: Bed, size: Size) -> Section:
    terms = bed.ask_for("init")
    bed.rest("worker", "beat")
    bed.ask(bare.COPY)
    rounds = [play_round(bed, size, terms) for _ in range(size.rounds)]
    use(bed, "ours")
    paced = {action: [pace(bed, action, size, terms) for _ in range(size.rounds)] for action in ACTIONS}
    bed.wake("worker", "beat")
    yardsticks = [median(turn.yardsticks) for turn in rounds]
    kept = [rounds[number] for number in steady(yardsticks)]
    counts = {"window": WINDOW, "kept": len(kept), "rounds": len(rounds)}
    prose = PROSE.format(order=", ".join(ORDER), yardstick=median(yardsticks), **counts)
    tables = [speeds(kept), costs(kept), latencies(paced)]
    goals = [goal for action in ACTIONS for goal in goals_of(action, kept, paced[action])]
    return Section("door", "ACK", 10, prose, tables, goals)


def play_round(bed: Bed, size: Size, terms: bytes) -> Round:
    turn = Round()
    for who in ORDER:
        use(bed, who)
        turn.yardsticks.append(yardstick())
        for action in ACTIONS:
            pace = {"window": WINDOW, "until": "ack", "terms": terms, "seconds": size.seconds}
            outcome = bed.put_under(action, size.requests, **pace)
            bed.ask("TRUNCATE bench_message")
            turn.outcomes.setdefault((who, action), []).append(outcome)
    return turn


def use(bed: Bed, who: str) -> None:
    """The web server with this handler, warm. The same settings, port and environment but for the handler's name."""
    command = bed.house.processes["web"].command
    wanted = BARE if who == "bare" else HOUSE
    if command[-1] != wanted or not bed.house.processes["web"].alive:
        command[-1] = wanted
        keys = {buyer.subscriber_id: bytes(buyer.signing_key.verify_key).hex() for buyer in bed.buyers}
        bed.wake("web", BENCH_KEYS=json.dumps(keys))
        bed.put_under("search", 200, window=WINDOW, until="ack")


def pace(bed: Bed, action: str, size: Size, terms: bytes) -> Outcome:
    limits = {"seconds": size.seconds, "grace": size.grace}  # twice the time that it should take
    return bed.put_under(action, int(250 * size.seconds), rate=500, until="ack", terms=terms, **limits)


def yardstick() -> float:
    """Ed25519 verifications a second in this process, now."""
    key, text = SigningKey.generate(), b"yardstick" * 20
    signature, verify_key = key.sign(text).signature, key.verify_key
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < YARDSTICK_SECONDS:
        for _ in range(50):
            verify_key.verify(text, signature)
        count += 50
    return count / (time.perf_counter() - began)


# --- What it says -----------------------------------------------------------------------------------------------------


def speeds(rounds: list[Round]) -> Table:
    rows: list[tuple[str | float, ...]] = []
    for action in ACTIONS:
        for who in ("bare", "ours"):
            spread = Spread.of([turn.rate(who, action) for turn in rounds])
            share = Spread.of([ratio(turn.rate(who, action), turn.rate("bare", action)) for turn in rounds])
            rows.append(
                (
                    action,
                    who,
                    spread.median,
                    spread.low,
                    spread.high,
                    *map(percent, (share.median, share.low, share.high)),
                )
            )
    head = ("message", "handler", "ACK/s, median", "least", "most", "of the ceiling, median", "least", "most")
    return Table(head, rows, "Closed loop, ACKs a second:")


def costs(rounds: list[Round]) -> Table:
    rows: list[tuple[str | float, ...]] = []
    for action in ACTIONS:
        for who in ("bare", "ours"):
            found = [outcome for turn in rounds for outcome in turn.outcomes[who, action]]
            web, postgres = (median(outcome.cpu_us[group] for outcome in found) for group in ("web", "postgres"))
            share = median(ratio(turn.cpu("bare", action), turn.cpu(who, action)) for turn in rounds)
            rows.append((action, who, round(web), round(postgres), round(web + postgres), percent(share)))
    return Table(
        ("message", "handler", "web", "PostgreSQL", "together", "ceiling / this"), rows, "CPU microseconds a request:"
    )


def latencies(paced: dict[str, list[Outcome]]) -> Table:
    rows = []
    for action, outcomes in paced.items():
        spread = Spread.of([outcome.ack.p99 for outcome in outcomes])
        p50, p95 = (median(getattr(outcome.ack, name) for outcome in outcomes) for name in ("p50", "p95"))
        refused = sum(outcome.refused for outcome in outcomes)
        rows.append((action, len(outcomes), p50, p95, spread.median, spread.low, spread.high, refused))
    head = ("message", "runs", "p50", "p95", "p99, median", "p99, least", "p99, most", "not ACKed")
    return Table(head, rows, "Open loop, 500 a second, web server alone, milliseconds until the ACK:")


def goals_of(action: str, rounds: list[Round], paced: list[Outcome]) -> list[Goal]:
    rate = median(ratio(turn.rate("ours", action), turn.rate("bare", action)) for turn in rounds)
    cpu = median(ratio(turn.cpu("bare", action), turn.cpu("ours", action)) for turn in rounds)
    p99 = median(outcome.ack.p99 for outcome in paced)
    return [
        Goal(f"ACK of {action}, by throughput", "≥ 80 % of the ceiling", percent(rate), rate >= 0.8),
        Goal(f"ACK of {action}, by CPU of web and PostgreSQL", "≥ 80 % of the ceiling", percent(cpu), cpu >= 0.8),
        Goal(f"ACK of {action} at 500/s, web server alone", "p99 ≤ 10 ms", f"{p99:.1f} ms", p99 <= 10),
    ]
