"""1, 2 and 4 web workers and Celery processes: what more of them bring, and whether they get in each other's way."""

from tests.bench.bed import Bed
from tests.bench.figures import Outcome
from tests.bench.section import Goal, Section, Table
from tests.bench.sizes import Size

PROSE = """
The same number of granian workers and of Celery processes each time. On a machine of {cores} cores, on which the load
generator, PostgreSQL and Valkey run too, nothing can grow beyond what is left of the cores; what must stay is that no
message is worked twice or lost, and no two transactions wait for each other in a circle. ACKs are counted with the
worker stopped, the closed loop as above.
"""
NUMBERS = (1, 2, 4)
HEAD = (
    *("web and Celery processes", "ACK/s", "search, callbacks/s", "confirm, callbacks/s", "missing", "doubled"),
    *("deadlocks", "database connections"),
)


def measure(bed: Bed, size: Size, cores: int) -> Section:
    usual = {name: dict(bed.house.processes[name].env) for name in ("web", "worker")}
    rows, wrong = [], 0
    for number in NUMBERS:
        before = deadlocks(bed)
        door, search, confirm = play(bed, size, number)
        missing, doubled = (sum(getattr(found, what) for found in (search, confirm)) for what in ("missing", "doubled"))
        rates = (round(door.ack_rate), round(search.rate), round(confirm.rate))
        rows.append((number, *rates, missing, doubled, deadlocks(bed) - before, connections(bed)))
        wrong += missing + doubled
    for name, env in usual.items():
        bed.house.processes[name].env = env
        bed.wake(name)
    growth = ", ".join(f"{number}: {found}/s" for number, _, found, *_ in rows)
    goals = [
        Goal("1, 2, 4 processes: no work lost or done twice", "0", str(wrong), wrong == 0),
        Goal("1, 2, 4 processes: search", "2 at least as many as 1", growth, rows[1][2] >= 0.95 * rows[0][2]),
    ]
    return Section("scaling", "More workers", 50, PROSE.format(cores=cores), [Table(HEAD, rows)], goals)


def play(bed: Bed, size: Size, number: int) -> tuple[Outcome, Outcome, Outcome]:
    """ACKs alone, searches, confirms."""
    bed.wake("web", GRANIAN_WORKERS=str(number))
    bed.wake("worker", CELERY_CONCURRENCY=str(number))
    bed.put_under("search", 300, window=32, grace=size.grace)  # warm
    bed.rest("worker")
    pace = {"seconds": size.seconds, "grace": size.grace}
    door = bed.put_under("search", size.requests, window=32, until="ack", **pace)
    bed.wake("worker")
    search = bed.put_under("search", size.searches, window=256, **pace)
    return door, search, bed.put_under("confirm", size.orders, window=64, **pace)


def deadlocks(bed: Bed) -> int:
    return int(bed.ask("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")[0][0])


def connections(bed: Bed) -> int:
    """But for the one that asks."""
    return int(bed.ask("SELECT count(*) - 1 FROM pg_stat_activity WHERE datname = current_database()")[0][0])
