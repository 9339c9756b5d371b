"""However much the house has done: no page and no job reads a growing table from end to end.

The plans are PostgreSQL's own, over a seeded house of two thousand orders and ten thousand messages, analysed. Where it
prefers to read a table of a few pages whole, that says nothing: only tables are judged that an index pays for.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from beckn_adapter.models import Message
from beckn_adapter.questions import answer_together
from connections.models import Application, Provider
from connections.searching import find
from tests.bench.desk_pages import desk_lists, jobs, other_pages, read_list
from tests.bench.filling import run
from tests.bench.growing import GROWING
from tests.bench.plans import Seen, watch
from tests.bench.seed import seed

pytestmark = pytest.mark.django_db
MOST_FOR_A_LIST = 70  # filters of known values hop once for each, at most fifty times
MOST_STATEMENTS = 50  # of the page of one order, which shows every room's part
MOST_FOR_NOTHING = 150  # blocks of a list without rows; some hop to fifty values
PAGES_WORTH_AN_INDEX = 24  # of 8 kB


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: Any) -> Iterator[set[str]]:
    """A seeded house, taken back at the end; its large tables by name."""
    with django_db_blocker.unblock(), transaction.atomic():
        seed(2_000, 10_000, say=lambda _: None)
        run("SET LOCAL random_page_cost = 1.1")  # a disk without a moving arm, as docs/capacity.md advises
        run("SET LOCAL enable_hashjoin = off")  # these two read a whole table to join some rows of it, which pays in a
        run("SET LOCAL enable_mergejoin = off")  # small house only; what has no index is read whole all the same
        yield {model._meta.db_table for model in GROWING if _pages_of(model._meta.db_table) > PAGES_WORTH_AN_INDEX}
        transaction.set_rollback(True)


def _pages_of(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpages FROM pg_class WHERE relname = %s", [table])
        return int(cursor.fetchone()[0])


def told(seen: Seen) -> list[str]:
    return [f"{table} is read whole by: {sql[:600]}" for table, sql in seen.from_end_to_end]


def test_the_tables_that_matter_are_large_enough_to_tell(house: set[str]) -> None:
    assert {"connections_application", "beckn_adapter_message", "connections_event", "billing_entry"} <= house


@pytest.mark.usefixtures("house")
def test_the_messages_that_wait_in_a_seeded_house_can_be_answered() -> None:
    waiting = [row.pk for row in Message.objects.filter(state="RECEIVED").order_by("id")]
    with transaction.atomic():
        found = answer_together(None)
        transaction.set_rollback(True)

    assert waiting
    assert [row.pk for row in found.questions] == waiting
    assert {row.error for row in found.questions} == {""}


def test_no_list_of_the_desk_reads_a_growing_table_whole(house: set[str]) -> None:
    found, most = [], 0
    for address, pages in desk_lists():
        seen = watch(partial(read_list, address, pages), house)
        found += [f"{address}: {line}" for line in told(seen)]
        most = max(most, len(seen.statements))

    assert found == []
    assert most <= MOST_FOR_A_LIST


def lists_of_a_provider() -> Iterator[tuple[str, Any]]:
    """The address of each list that can be narrowed to a provider, but for its number, with its pages' admin."""
    for model, pages in admin.site._registry.items():
        for path in (entry[0] for entry in pages.list_filter if isinstance(entry, tuple)):
            if path.endswith("provider") and model in GROWING:
                name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
                yield f"{reverse(name)}?{path}__id__exact=", pages


def test_a_list_narrowed_to_a_provider_without_orders_passes_over_nobody_elses_rows(house: set[str]) -> None:
    idle = Provider.objects.create(code="idle", name="Idle", currency="USD", order_prefix="i")

    found = {
        address: watch(partial(read_list, f"{address}{idle.pk}", pages), house, analyze=True)
        for address, pages in lists_of_a_provider()
    }

    assert len(found) == 11
    assert [line for seen in found.values() for line in told(seen)] == []
    assert {address: seen.blocks for address, seen in found.items() if seen.blocks > MOST_FOR_NOTHING} == {}


def test_what_is_due_to_a_provider_who_is_owed_nothing_passes_over_its_drafts(house: set[str]) -> None:
    drafts = Application.objects.filter(fulfillment_state="DRAFT")
    paid = drafts.order_by("pk")[0].provider
    Application.objects.filter(provider=paid, number__isnull=False).update(owes=False)
    address, pages = next(entry for entry in lists_of_a_provider() if "instalment" in entry[0])

    seen = watch(partial(read_list, f"{address}{paid.pk}", pages), house, analyze=True)

    assert drafts.filter(provider=paid).count() > 10
    assert seen.blocks < MOST_FOR_NOTHING


@pytest.mark.usefixtures("house")
def test_a_first_name_with_a_surname_looks_at_no_row_of_those_who_have_the_surname_alone() -> None:
    of_the_surname = Application.objects.filter(applicant_name__contains=" Park").count()

    blocks = watch(partial(find, "noor park"), set(), analyze=True).blocks

    assert of_the_surname > 100
    assert blocks < of_the_surname * 1.5  # what is not vacuumed yet costs a look each, and one for another word four


def test_no_other_page_reads_a_growing_table_whole(house: set[str]) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("flat"))
    found, most = [], 0
    for address in other_pages():
        seen = watch(partial(client.get, address), house)
        found += [f"{address}: {line}" for line in told(seen)]
        most = max(most, len(seen.statements))

    assert found == []
    assert most <= MOST_STATEMENTS


def test_no_job_reads_a_growing_table_whole(house: set[str]) -> None:
    found = {name: told(watch(job, house)) for name, job in jobs().items()}

    assert {name: lines for name, lines in found.items() if lines} == {}
