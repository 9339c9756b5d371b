"""A day's figures from the ledger, and closing the day with them.

A day ends at midnight of the provider's time zone. Money carries the time at which it was recorded, so nothing can come
to a day that is over.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Case, Count, DecimalField, F, OuterRef, Q, Subquery, Sum, When
from django.utils import timezone

from billing.models import Closing, Entry, Payment, Voucher
from billing.models.voucher import VoucherKind
from billing.pricing import in_words, say_decimals, to_minor_unit
from connections.actors import Actor
from connections.lifecycle import Refused
from connections.models import Provider
from connections.vocabulary import EntryKind, PaymentMethod

Json = dict[str, Any]
AFTER_MIDNIGHT = timedelta(minutes=5)  # until the last transaction of the day has certainly ended
LOOK_BACK = 31  # days that are asked about when they are not closed
AMOUNTS = ("taken", "paid_back", "taken_back", "net")


def window_of(provider: Provider, day: date) -> tuple[datetime, datetime]:
    """From the day's midnight to the next one, on the provider's clock; 23 or 25 hours where clocks are changed."""
    zone = provider.zone
    return (
        datetime.combine(day, time.min, tzinfo=zone),
        datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone),
    )


def is_over(provider: Provider, day: date) -> bool:
    """True where no transaction can still write to the day."""
    return timezone.now() >= window_of(provider, day)[1] + AFTER_MIDNIGHT


def signed_money() -> Case:
    """An entry's amount as the till feels it: what came in above zero, what went back or was undone below."""
    undone_in = Q(kind=EntryKind.REVERSAL, reverses__kind=EntryKind.PAYMENT)
    undone_out = Q(kind=EntryKind.REVERSAL, reverses__kind=EntryKind.REFUND)
    return Case(
        When(Q(kind=EntryKind.PAYMENT) | undone_out, then=F("amount")),
        When(Q(kind=EntryKind.REFUND) | undone_in, then=-F("amount")),
        default=None,
        output_field=DecimalField(),
    )


def figures_of(provider: Provider, day: date) -> Json:
    """The day by currency, method and person, and the papers that were numbered.

    `net` is the sum of the ledger's own lines; `taken_back` is what the day's payments and refunds differ from it, so
    that taken - paid back - taken back = net. Money that only moved to another instalment cancels out.
    """
    start, end = window_of(provider, day)
    sums: dict[tuple[str, str, str], dict[str, Any]] = defaultdict(lambda: dict.fromkeys(("count", *AMOUNTS), 0))
    for moved in _payments(provider, start, end):
        row = sums[moved["currency"], moved["method"], moved["actor"]]
        row["paid_back" if moved["is_refund"] else "taken"] += moved["sum"]
        row["count"] += moved["count"]
    for posted in _entries(provider, start, end):
        sums[posted["currency"], posted["payment__method"], posted["actor"]]["net"] += posted["sum"]
    rows = [_row(key, sums[key]) for key in sorted(sums)]
    papers = {
        name: _numbers(provider, kind, start, end)
        for name, kind in (("receipts", VoucherKind.RECEIPT), ("refund_notes", VoucherKind.REFUND_NOTE))
    }
    return {"rows": [row for row in rows if row["count"] or Decimal(row["net"])], **papers}


def _payments(provider: Provider, start: datetime, end: datetime) -> Iterable[Any]:
    moved = Payment.objects.order_by().filter(provider=provider, at__gte=start, at__lt=end)
    return moved.values("currency", "method", "actor", "is_refund").annotate(sum=Sum("amount"), count=Count("pk"))


def _entries(provider: Provider, start: datetime, end: datetime) -> Iterable[Any]:
    posted = Entry.objects.order_by().filter(till=provider, at__gte=start, at__lt=end)
    return posted.values("currency", "payment__method", "actor").annotate(sum=Sum(signed_money()))


def _row(key: tuple[str, str, str], sums: Json) -> Json:
    currency, method, who = key
    sums["taken_back"] = sums["taken"] - sums["paid_back"] - sums["net"]
    amounts = {name: str(to_minor_unit(Decimal(sums[name]), currency)) for name in AMOUNTS}
    return {"currency": currency, "method": method, "who": who, "count": sums["count"], **amounts}


def _numbers(provider: Provider, kind: VoucherKind, start: datetime, end: datetime) -> Json:
    issued = Voucher.objects.order_by("id").filter(
        provider=provider, kind=kind, payment__at__gte=start, payment__at__lt=end
    )
    numbers = list(issued.values_list("number", flat=True))
    return {"count": len(numbers), "first": numbers[0] if numbers else "", "last": numbers[-1] if numbers else ""}


def totals_of(rows: Iterable[Json], *by: str) -> list[Json]:
    """The rows added up by some of currency, method and who, in their order."""
    sums: dict[tuple[str, ...], Json] = {}
    for row in rows:
        key = tuple(row[name] for name in by)
        added = sums.setdefault(
            key, dict.fromkeys(AMOUNTS, Decimal(0)) | {"count": 0} | dict(zip(by, key, strict=True))
        )
        added["count"] += row["count"]
        for name in AMOUNTS:
            added[name] += Decimal(row[name])
    return list(sums.values())


def expected_cash(provider: Provider, figures: Json) -> Decimal:
    """What the day must have left in the till, in the provider's currency; below zero where more went out."""
    cash = [
        Decimal(row["net"])
        for row in figures["rows"]
        if (row["method"], row["currency"]) == (PaymentMethod.CASH, provider.currency)
    ]
    return sum(cash, Decimal(0))


def days_to_close(providers: Iterable[Provider]) -> dict[Provider, list[date]]:
    """For each provider the days of the last month that are over, on which money moved, and that nobody closed; the
    oldest first. However many they are: one query for what is closed, and one for each of their time zones."""
    month = {provider: _days_over(provider) for provider in providers}
    since = min((days[0] for days in month.values()), default=date.max)
    closings = Closing.objects.order_by().filter(provider__in=month, day__gte=since)
    closed = set(closings.values_list("provider", "day"))
    unclosed = {provider: [day for day in days if (provider.pk, day) not in closed] for provider, days in month.items()}
    moved = set(_moved(unclosed))
    return {provider: [day for day in days if (provider.pk, day) in moved] for provider, days in unclosed.items()}


def _days_over(provider: Provider) -> list[date]:
    """The days of the last month that are over on the provider's clock, the oldest first."""
    days = (provider.today() - timedelta(days=back) for back in range(LOOK_BACK, 0, -1))
    return [day for day in days if is_over(provider, day)]


def _moved(asked: dict[Provider, list[date]]) -> Iterator[tuple[int, date]]:
    """Provider ids with those of the days, and perhaps others, on which they moved money."""
    by_zone = defaultdict(list)
    for provider in asked:
        by_zone[provider.time_zone].append(provider)
    for neighbours in by_zone.values():
        days = sorted({day for provider in neighbours for day in asked[provider]})
        first = {f"day_{n}": _first_entry(*window_of(neighbours[0], day)) for n, day in enumerate(days)}
        rows = Provider.objects.order_by().filter(pk__in=[provider.pk for provider in neighbours])
        for pk, *entries in rows.annotate(**first).values_list("pk", *first) if days else ():
            yield from ((pk, day) for day, entry in zip(days, entries, strict=True) if entry)


def _first_entry(start: datetime, end: datetime) -> Subquery:
    """Of a provider's day: a hop by the index. Asked whether there is any, PostgreSQL may read the whole ledger."""
    moved = Entry.objects.filter(till=OuterRef("pk"), at__gte=start, at__lt=end)
    return Subquery(moved.order_by("at").values("pk")[:1])


def close_day(provider: Provider, day: date, *, counted_cash: Decimal, note: str, actor: Actor) -> Closing:
    """Freeze the day's figures beside the cash that was counted. Raises `Refused`: `not_allowed`, `not_over`,
    `amount_wrong`, `note_missing` (the cash differs and nobody says why), `already_closed`."""
    if actor.kind != "staff" or not actor.user.has_perm("billing.add_closing"):
        raise Refused("not_allowed", f"{actor} may not close a day.")
    if not is_over(provider, day):
        raise Refused("not_over", f"The day is not over in {provider.time_zone}: it can be closed after midnight.")
    if counted_cash != to_minor_unit(counted_cash, provider.currency):
        raise Refused("amount_wrong", f"Give the cash {say_decimals(provider.currency)}.")
    figures = figures_of(provider, day)
    expected = expected_cash(provider, figures)
    if counted_cash != expected and not note.strip():
        difference = in_words(counted_cash - expected, provider.currency)
        raise Refused("note_missing", f"The cash differs by {difference}. Count again, or say why.")
    try:
        with transaction.atomic():
            return Closing.objects.create(
                provider=provider,
                day=day,
                currency=provider.currency,
                figures=figures,
                expected_cash=expected,
                counted_cash=counted_cash,
                note=note.strip(),
                closed_by=actor.user,
            )
    except IntegrityError:
        raise Refused("already_closed", "This day is closed already.") from None
