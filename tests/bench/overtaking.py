"""How many callbacks come before their ACK.

Judged where a buyer app would: when the reply to its request has been read, and when the callback has. Both clocks are
the load generator's, in one thread.
"""

from tests.bench.bed import Bed
from tests.bench.section import Goal, Section, Table
from tests.bench.sizes import Size

PROSE = """
A buyer app that gets its answer before the acknowledgement of its question may throw the answer away. {searches:,}
searches, {window} under way at once, so that web server and worker compete for the cores all the time.
"""
WINDOW = 64
ENOUGH = 10_000


def measure(bed: Bed, size: Size) -> Section:
    seconds = 12 * size.seconds
    outcome = bed.put_under("search", size.searches, window=WINDOW, seconds=seconds, grace=size.grace)
    head = ("searches", "ACKed", "answered", "missing", "doubled", "before their ACK", "closest to it, ms")
    counts = (outcome.sent, outcome.acked, outcome.acked - outcome.missing, outcome.missing, outcome.doubled)
    table = Table(head, [(*counts, outcome.overtaken, outcome.lead_ms)])
    measured = f"{outcome.overtaken} of {outcome.callbacks:,}"
    met = outcome.overtaken == 0 and outcome.callbacks >= ENOUGH
    early = Goal("Callbacks before their ACK", f"0 of {ENOUGH:,}", measured, met)
    prose = PROSE.format(searches=outcome.sent, window=WINDOW)
    return Section("overtaking", "Callbacks and their ACKs", 40, prose, [table], [early])
