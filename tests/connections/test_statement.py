"""One statement on the kept connection: its rows, another try where the connection had died, and nothing twice."""

from datetime import UTC, datetime

import pytest
from django.db import DataError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from connections import statement
from connections.models import Edition
from connections.statement import VALUES_READ_ONCE, among, insert, moment, run

INTO = "INSERT INTO connections_edition (token) VALUES (%s)"
CHOSEN = "SELECT id FROM connections_edition WHERE id {} ORDER BY id"
TOKEN = "00000000-0000-4000-8000-{:012d}"


def cut() -> None:
    """The server ends this thread's connection, as a restart of it does."""
    connection.connection.close()


@pytest.mark.django_db
def test_the_rows_that_come_back_are_returned_and_none_where_none_do() -> None:
    assert run("SELECT 1, 'a'", []) == [(1, "a")]
    assert run("UPDATE connections_edition SET token = token WHERE id = %s", [0]) == []


@pytest.mark.django_db
def test_rows_that_go_in_several_statements_have_their_ids_in_their_order() -> None:
    tokens = [TOKEN.format(n) for n in range(2 * VALUES_READ_ONCE + 1)]

    ids = insert(INTO, [(token,) for token in tokens])

    assert [str(Edition.objects.get(pk=row_id).token) for row_id in ids] == tokens


@pytest.mark.django_db
def test_narrow_rows_go_in_one_statement_with_their_ids_in_their_order() -> None:
    tokens = [TOKEN.format(n) for n in range(2 * VALUES_READ_ONCE + 1)]

    with CaptureQueriesContext(connection) as asked:
        ids = insert(INTO, [(token,) for token in tokens], ("uuid",))

    assert [str(Edition.objects.get(pk=row_id).token) for row_id in ids] == tokens
    assert connection.vendor != "postgresql" or len(asked) == 1


@pytest.mark.django_db
def test_any_number_of_ids_makes_the_same_statement_and_finds_those_rows() -> None:
    ids = insert(INTO, [(TOKEN.format(n),) for n in range(3)])

    for wanted in (ids[:2], ids, []):
        those, value = among(wanted)
        found = run(CHOSEN.format(those), [value])
        assert [row_id for (row_id,) in found] == wanted

    assert among(ids)[0] == among([])[0]


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_had_died_costs_no_statement() -> None:
    run("SELECT 1", [])
    cut()

    assert run("SELECT 2", []) == [(2,)]


@pytest.mark.django_db(transaction=True)
def test_within_a_transaction_nothing_is_tried_again_on_another_connection() -> None:
    def lose_it() -> None:
        with transaction.atomic():
            insert(INTO, [(TOKEN.format(1),)])
            cut()
            insert(INTO, [(TOKEN.format(2),)])

    with pytest.raises(Exception, match="closed"):
        lose_it()

    connection.close()
    assert not Edition.objects.filter(token__in=[TOKEN.format(1), TOKEN.format(2)]).exists()


@pytest.mark.django_db
def test_what_the_database_refuses_is_django_s_error() -> None:
    with pytest.raises(DataError), transaction.atomic():
        run("SELECT %s::integer", ["no number"])


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_is_an_operational_error(monkeypatch: pytest.MonkeyPatch) -> None:
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")
    monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")

    with pytest.raises(OperationalError):
        run("SELECT 1", [])


def test_a_time_without_a_zone_is_in_utc() -> None:
    noon = datetime(2026, 1, 1, 12)  # noqa: DTZ001 - as SQLite has it

    assert moment(noon) == datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert moment(None) is None


@pytest.mark.parametrize(
    ("words", "rows"),
    [("SELECT 1", True), (" with a as (select 1) select 1", True), (f"{INTO} RETURNING id", True), (INTO, False)],
)
def test_a_statement_says_by_its_words_whether_it_returns_rows(words: str, rows: bool) -> None:
    assert statement._returns_rows(words) is rows
