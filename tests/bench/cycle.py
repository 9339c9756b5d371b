"""`python -m tests.bench.cycle search --rate 500 --count 5000`: one load on a house of its own, and what came of it.

`confirm --window 32` is the closed loop; `--until ack --without worker,beat` asks the door alone; `--hold` keeps the
house up afterwards and names its processes, for a profiler.
"""

import argparse

from tests.bench.bed import Bed, open_bed
from tests.bench.load import as_words


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("action", choices=["search", "confirm"])
    words.add_argument("--count", type=int, default=3000, help="messages a round")
    words.add_argument("--rate", type=float, default=0, help="open loop: messages a second")
    words.add_argument(
        "--window", type=int, default=0, help="closed loop: messages under way (64 unless a rate is given)"
    )
    words.add_argument("--until", choices=["ack", "callback"], default="callback", help="what ends one in closed loop")
    words.add_argument("--lines", type=int, default=64, help="connections to the house")
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--web", type=int, default=1, help="web workers")
    words.add_argument("--celery", type=int, default=2, help="Celery processes")
    words.add_argument("--without", default="", help="processes that rest meanwhile, by comma: worker,beat")
    words.add_argument("--hold", action="store_true", help="wait for Enter before each round and after the last")
    given = words.parse_args()
    with open_bed({"GRANIAN_WORKERS": str(given.web), "CELERY_CONCURRENCY": str(given.celery)}) as bed:
        terms = bed.ask_for("init") if given.action == "confirm" and given.until == "ack" else b""
        bed.rest(*filter(None, given.without.split(",")))
        pace = {"until": given.until, "lines": given.lines, "terms": terms}
        bed.put_under(given.action, 100, window=8, **pace)  # warm: connections, keys, code
        for _ in range(given.rounds):
            hold(given.hold, bed)
            window = given.window or (0 if given.rate else 64)
            outcome = bed.put_under(given.action, given.count, rate=given.rate, window=window, **pace)
            print(as_words(outcome), flush=True)
        hold(given.hold, bed)


def hold(wanted: bool, bed: Bed) -> None:
    if wanted:
        print(f"{bed.groups}; logs in {bed.house.var_dir}; database {bed.database.url}. Enter goes on", flush=True)
        input()


if __name__ == "__main__":
    main()
