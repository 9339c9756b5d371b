"""The roles on a real PostgreSQL: the application works as ever, and can not touch what it has written down."""

from collections.abc import Iterator
from decimal import Decimal
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction

from beckn_adapter.announce import announce_events
from billing.models import Payment
from billing.payments import record_payment
from connections.audit.verify import verify
from connections.lifecycle import advance
from connections.models import Event, EventWords
from connections.vocabulary import ApplicationState as S
from tests.factories import SYSTEM, application_in

pytestmark = pytest.mark.django_db

DENIED = "permission denied"


@pytest.fixture
def as_application() -> Iterator[None]:
    """From here on the test's connection has the application's rights; roles and grants go with the transaction."""
    if connection.vendor != "postgresql":
        pytest.skip("roles are PostgreSQL's")
    mark = uuid4().hex[:8]
    out = StringIO()
    call_command("database_roles", application=f"app_{mark}", owner=f"owner_{mark}", stdout=out)
    script = "\n".join(line for line in out.getvalue().splitlines() if line not in {"BEGIN;", "COMMIT;"})
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for _ in range(2):  # safe to run again
            cursor.execute(script)
        cursor.execute(f'SET LOCAL ROLE "app_{mark}"')
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


def refused(statement: str) -> None:
    with pytest.raises(ProgrammingError, match=DENIED), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_work_goes_on_as_ever(as_application: None) -> None:
    order = application_in(S.APPROVED)
    record_payment(order, amount=Decimal(150), reference="R-1", actor=SYSTEM)
    advance(order, "cancel", actor=SYSTEM, reason="Moved away")

    while announce_events():
        pass
    assert not Event.objects.filter(announced_at=None).exists()
    assert list(verify()) == []


@pytest.mark.parametrize(
    "column", ["facts", "kind", "state", "actor", "hash", "seal", "number", "chain", "at", "user_id"]
)
def test_no_column_of_an_event_can_be_changed(as_application: None, column: str) -> None:
    application_in(S.SCHEDULED)

    refused(f"UPDATE connections_event SET {column} = {column}")  # noqa: S608 - a column of ours


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM connections_event",
        "TRUNCATE connections_event CASCADE",
        "UPDATE connections_eventwords SET words = '{}'",
        "TRUNCATE connections_eventwords",
        "UPDATE billing_payment SET amount = 1",
        "DELETE FROM billing_payment",
        "ALTER TABLE connections_event DISABLE TRIGGER ALL",
        "DROP TABLE connections_event CASCADE",
        "GRANT UPDATE ON connections_event TO CURRENT_USER",
        "CREATE TABLE public.elsewhere (id int)",
        "DELETE FROM django_migrations",
    ],
)
def test_what_is_written_down_stays(as_application: None, statement: str) -> None:
    order = application_in(S.CANCELLED)
    assert order.events.exists()

    if statement.startswith("GRANT"):  # PostgreSQL only warns that nothing was granted
        with connection.cursor() as cursor:
            cursor.execute(statement)
        statement = "UPDATE connections_event SET kind = kind"
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), transaction.atomic():
        connection.cursor().execute(statement)


def test_words_can_be_erased_and_payments_read(as_application: None) -> None:
    order = application_in(S.CANCELLED)

    EventWords.objects.filter(event__application=order).delete()

    assert not order.events.get(kind="application.cancelled").data.get("reason")
    assert not Payment.objects.exists()
