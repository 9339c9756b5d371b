"""Money of another day: the books are never changed, so a test that needs one writes past the models."""

from datetime import UTC, date, datetime
from typing import Any

from django.db import connection

from billing.models import Entry, Payment
from connections.models import Provider

DAY = date(2026, 5, 12)
NOON = datetime(2026, 5, 12, 19, tzinfo=UTC)  # in San Francisco


def move_to(at: datetime, *, entries: list[int], payments: list[int]) -> None:
    """The books are never changed, so a test that needs another day writes past the models."""
    with connection.cursor() as cursor:
        for table, ids in (("billing_entry", entries), ("billing_payment", payments)):
            cursor.execute(f"UPDATE {table} SET at = %s WHERE id = ANY(%s)", [at, ids])  # noqa: S608


def dated(at: datetime, act: Any) -> Any:
    """Do it, as if it had been done then."""
    entries, payments = (
        set(Entry.objects.values_list("pk", flat=True)),
        set(Payment.objects.values_list("pk", flat=True)),
    )
    outcome = act()
    move_to(
        at,
        entries=list(Entry.objects.exclude(pk__in=entries).values_list("pk", flat=True)),
        payments=list(Payment.objects.exclude(pk__in=payments).values_list("pk", flat=True)),
    )
    return outcome


def utility() -> Provider:
    return Provider.objects.get(code="sf_electric_authority")
