"""`python -m tests.bench.seed [--applications 100000] [--messages 500000]`: a house with years of work behind it.

Fills the PostgreSQL of DATABASE_URL, which must be migrated and hold no application yet, with lifelike rows in every
table that grows: two years of orders of 50 providers with 1,000 offerings, two of a hundred still under way, half of
them from buyer apps, and searches that led to nothing. Event hashes and files are made up; the constraints hold.
"""

import argparse
import os
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial

from tests.bench.filling import array, one_of, run, text, without_indexes

FIRST = [
    "Ada",
    "Amir",
    "Ann",
    "Ben",
    "Carla",
    "Chen",
    "Dana",
    "Eli",
    "Eva",
    "Finn",
    "Grace",
    "Hana",
    "Ivan",
    "Jonathan",
    "Kiran",
    "Lena",
    "Maya",
    "Noor",
    "Omar",
    "Priya",
]
LAST = [
    "Park",
    "Lovelace",
    "Hopper",
    "Garcia",
    "Smith",
    "Kumar",
    "Silva",
    "Okafor",
    "Tanaka",
    "Nguyen",
    "Rossi",
    "Weber",
    "Novak",
    "Haddad",
    "Cohen",
    "Diaz",
]
ENDINGS = ["", "s", "son", "er", "man", "ley", "ton", "berg", "field", "wood", "ova", "ini", "ez", "sen", "kin", "dale"]
STATES = ["SCHEDULED", "TECHNICIAN_ASSIGNED", "ASSESSMENT_COMPLETED", "APPROVED"]
FEW = 20_000  # up to so many orders the indexes are not worth taking away
OPEN_SHARE = 0.02  # of all orders are under way

# What is planned for each order, once: its state, how far it went (`rank`, 5 is power on), its times and its links.
PLAN = """
    CREATE TEMP TABLE plan AS
    SELECT n, state, created_at, created_at + interval '1 hour' AS ordered_at, name, bap, provider_id, offering_id,
           CASE WHEN state = 'CANCELLED' THEN 1 WHEN state = 'FAILED' THEN 3
                ELSE array_position({ladder}, state) - 1 END AS rank,
           CASE WHEN state IN ('CONNECTION_ESTABLISHED', 'CANCELLED', 'FAILED')
                THEN created_at + interval '20 days' END AS ended_at
    FROM (
        SELECT n, now() - ({count} - n) * (interval '730 days' / {count}) AS created_at,
               CASE WHEN n > {count} * (1 - {share}) THEN
                        CASE WHEN n % 10 < 3 THEN 'DRAFT' ELSE ({states})[1 + n % 4] END
                    WHEN n % 100 < 8 THEN 'DRAFT' WHEN n % 100 < 14 THEN 'CANCELLED' WHEN n % 100 < 17 THEN 'FAILED'
                    ELSE 'CONNECTION_ESTABLISHED' END AS state,
               {first} || ' ' || {last} || {ending} AS name,
               CASE WHEN n % 2 = 1 THEN {baps} END AS bap,
               {providers} + 1 + (n::bigint * 7919) % 50 AS provider_id,
               {offerings} + 1 + (n::bigint * 7919) % 50 + 50 * (n % {each}) AS offering_id
        FROM generate_series(1, {count}) AS n
    ) AS drawn
"""


def seed(applications: int, messages: int, *, say: Callable[[str], None] = print) -> None:
    """Fill every growing table of an empty house. Inside a transaction, as a superuser."""
    from tests.bench import growing, seed_catalogue, seed_money, seed_network, seed_orders  # noqa: PLC0415 - needs the models

    run("SET LOCAL session_replication_role = replica")  # foreign keys are right by themselves: looking each up is slow
    providers, offerings = seed_catalogue.fill_catalogue()
    run(
        PLAN.format(
            count=applications,
            share=OPEN_SHARE,
            states=array(STATES),
            ladder=array(["DRAFT", *STATES, "CONNECTION_ESTABLISHED"]),
            first=one_of(FIRST, "n"),
            last=one_of(LAST, "n / 20"),
            ending=one_of(ENDINGS, "n / 320"),
            baps=one_of(seed_catalogue.BAPS, "n / 2"),
            providers=providers,
            offerings=offerings,
            each=seed_catalogue.OFFERINGS_EACH,
        )
    )
    run("CREATE UNIQUE INDEX ON plan (n)")
    run("ANALYZE plan")
    steps: list[Callable[[], int]] = [*seed_orders.STEPS, *seed_money.STEPS]
    steps += [partial(seed_network.fill_messages, messages), *seed_network.STEPS]
    with without_indexes(growing.GROWING) if applications > FEW else nullcontext():
        _take(steps, say)
    run("DROP TABLE plan")
    run("SET LOCAL session_replication_role = DEFAULT")
    run("ANALYZE")


def _take(steps: list[Callable[[], int]], say: Callable[[str], None]) -> None:
    for step in steps:
        began = time.monotonic()
        rows = step()
        name = getattr(step, "__name__", "messages")
        say(f"{name:<16} {rows:>12,} rows {time.monotonic() - began:8.1f} s")


def main() -> None:
    asked = argparse.ArgumentParser(description=text(__doc__ or ""))
    asked.add_argument("--applications", type=int, default=100_000)
    asked.add_argument("--messages", type=int, default=500_000)
    wanted = asked.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("DATABASE_STATEMENT_TIMEOUT", "0")
    import django  # noqa: PLC0415

    django.setup()
    from django.db import transaction  # noqa: PLC0415

    from connections.models import Application  # noqa: PLC0415

    if Application.objects.exists():
        raise SystemExit("This house has applications already: only an empty one is filled.")
    with transaction.atomic():
        seed(wanted.applications, wanted.messages)


if __name__ == "__main__":
    main()
