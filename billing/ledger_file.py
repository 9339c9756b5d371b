"""The ledger as a file for the accountants: one line of CSV an entry, oldest first, made while it is sent."""

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet, Sum

from billing.closing import window_of
from billing.models import Entry
from billing.pricing import to_minor_unit
from connections.models import Provider
from connections.vocabulary import EntryKind

BYTE_ORDER_MARK = "\ufeff"  # without it spreadsheets read UTF-8 as something else
COLUMNS = (
    "date_local",
    "date_utc",
    "order",
    "kind",
    "title",
    "debit",
    "credit",
    "amount",
    "currency",
    "method",
    "reference",
    "receipt",
    "who",
)
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class _Line:
    """What csv.writer writes to: the line is what `write` was given."""

    def write(self, line: str) -> str:
        return line


def entries_between(provider: Provider, first: date, last: date) -> QuerySet[Entry]:
    """The provider's entries from the first local day to the last one, both included."""
    start, end = window_of(provider, first)[0], window_of(provider, last)[1]
    rows = Entry.objects.filter(application__provider=provider, at__gte=start, at__lt=end)
    return rows.select_related("application", "payment__voucher", "reverses").order_by("at", "id")


def ledger_lines(entries: QuerySet[Entry], zone: ZoneInfo) -> Iterator[str]:
    """The file, line by line, with the columns' names on top. It has no sum: whoever adds up the column has it."""
    writer: Any = csv.writer(_Line())  # its writerow returns what the line's `write` returns
    yield BYTE_ORDER_MARK + writer.writerow(COLUMNS)
    for entry in entries.iterator(chunk_size=2000):
        yield writer.writerow(_cells(entry, zone))


def _cells(entry: Entry, zone: ZoneInfo) -> list[str]:
    amount = to_minor_unit(entry.amount, entry.currency)
    payment = entry.payment
    voucher = getattr(payment, "voucher", None)
    figures = [str(amount), "", str(amount)] if entry.is_debit else ["", str(amount), str(-amount)]
    return [
        _time(entry.at, zone),
        _time(entry.at, UTC),
        _safe(entry.application.number or ""),
        entry.kind,
        _safe(entry.title),
        *figures,
        entry.currency,
        payment.method if payment else "",
        _safe(payment.reference) if payment else "",
        voucher.number if voucher else "",
        _safe(entry.actor),
    ]


def _time(at: datetime, zone: Any) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def _safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula (OWASP: CSV injection); our own figures need no such care."""
    return f"'{text}" if text.startswith(STARTS_A_FORMULA) else text


def sums_of(entries: QuerySet[Entry]) -> list[dict[str, Any]]:
    """For each currency how many lines there are, their debits, their credits, and what is left of them."""
    undone = Q(kind=EntryKind.REVERSAL)
    raising = [EntryKind.CHARGE, EntryKind.REFUND]
    debit = Q(kind__in=raising) | (undone & ~Q(reverses__kind__in=raising))
    grouped = entries.order_by().values("currency").annotate(debit=Sum("amount", filter=debit), all=Sum("amount"))
    return [_balanced(dict(row)) for row in grouped.order_by("currency")]


def _balanced(row: dict[str, Any]) -> dict[str, Any]:
    debit = to_minor_unit(row["debit"] or Decimal(0), row["currency"])
    credit = to_minor_unit(row["all"], row["currency"]) - debit
    return {"currency": row["currency"], "debit": debit, "credit": credit, "balance": debit - credit}
