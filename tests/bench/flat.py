"""`python -m tests.bench.flat --as small|full [--into var/bench/flat.json]`: what each page of the desk costs here.

Run it on a house of a few thousand orders (`small`: every list fills its page) and on one of a million (`full`): both
go into the same file, and the second run prints the ratios. Counted are statements and the blocks that PostgreSQL
touches for them, which no other load on the machine changes; the milliseconds are the middle of some visits.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROUNDS = 5


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--into", type=Path, default=Path("var/bench/flat.json"))
    asked.add_argument("--as", dest="name", default="full", choices=("small", "full"))
    asked.add_argument("--only", default="")
    wanted = asked.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django  # noqa: PLC0415

    django.setup()
    figures = json.loads(wanted.into.read_text()) if wanted.into.exists() else {}
    pages = figures.setdefault("pages", {})
    for number, (name, visit) in enumerate(_visits()):
        if wanted.only in name:
            key = f"{number:03} {name.split('?')[0]}"  # what is looked for is called otherwise in another house
            pages.setdefault(key, {})[wanted.name] = {"address": name, **_measure(visit)}
            _say(name, pages[key], wanted.name)
    wanted.into.parent.mkdir(parents=True, exist_ok=True)
    wanted.into.write_text(json.dumps(figures, indent=1, sort_keys=True))


def _measure(visit: Callable[[], Any]) -> dict[str, Any]:
    from tests.bench.growing import GROWING  # noqa: PLC0415
    from tests.bench.plans import watch  # noqa: PLC0415

    visit()
    seen = watch(visit, {model._meta.db_table for model in GROWING}, analyze=True)
    rounds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        visit()
        rounds.append(time.perf_counter() - began)
    return {
        "statements": len(seen.statements),
        "blocks": seen.blocks,
        "whole": sorted({table for table, _ in seen.from_end_to_end}),
        "ms": round(1000 * statistics.median(rounds), 1),
    }


def _visits() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Every page and every job, as somebody who may do everything."""
    from django.conf import settings  # noqa: PLC0415
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    from tests.bench.desk_pages import desk_pages, jobs  # noqa: PLC0415

    settings.ALLOWED_HOSTS = ["testserver"]
    client = Client()
    client.force_login(User.objects.filter(username="bench").first() or User.objects.create_superuser("bench"))

    def visiting(address: str) -> Callable[[], Any]:
        return lambda: client.get(address).content

    for address in desk_pages():
        yield address, visiting(address)
    yield from jobs().items()


def _say(name: str, both: dict[str, dict[str, Any]], mine: str) -> None:
    now, small = both[mine], both.get("small")
    told = f"{now['ms'] / small['ms']:5.2f} x" if small and mine == "full" else ""
    print(
        f"{now['ms']:9.1f} ms {now['blocks']:9,} blocks {now['statements']:3} st {told} {name} {now['whole'] or ''}",
        flush=True,
    )


if __name__ == "__main__":
    main()
