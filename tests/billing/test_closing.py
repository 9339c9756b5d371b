"""A day's closing: its figures are the ledger's, it adds up, and it is frozen."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from billing.closing import AMOUNTS, close_day, days_to_close, expected_cash, figures_of, totals_of, window_of
from billing.ledger import account_of
from billing.models import Closing, Entry, Payment, Voucher
from billing.payments import return_payment, reverse_payment
from connections.actors import Actor
from connections.lifecycle import Refused
from connections.models import Provider
from connections.vocabulary import EntryKind
from tests.billing.money import order, paid, text_of
from tests.connections.desk import boss, browser_of
from tests.factories import SYSTEM, provider, staff

pytestmark = pytest.mark.django_db
DAY = date(2026, 5, 12)
NOON = datetime(2026, 5, 12, 19, tzinfo=UTC)  # in San Francisco
PAGE = "/admin/billing/closing/day/"


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


def by_method(day: date = DAY) -> dict[str, tuple[str, str, str, str]]:
    rows = totals_of(figures_of(utility(), day)["rows"], "method")
    return {
        row["method"]: tuple(str(row[name]) for name in ("taken", "paid_back", "taken_back", "net")) for row in rows
    }  # type: ignore[misc]


def page(day: date = DAY) -> dict[str, Any]:
    return {"provider": utility().pk, "day": day.isoformat()}


def close(client: Client, day: date = DAY, **given: str) -> Any:
    typed = {"counted_cash": "50.00", "note": "", **given}
    return client.post(f"{PAGE}?provider={utility().pk}&day={day}", typed, follow=True)


# --- The figures ----------------------------------------------------------------------------------------------------


def test_a_day_is_added_up_by_method_and_by_person() -> None:
    wanted, anna, ben = order(), staff("billing.add_payment"), staff("billing.add_payment")
    dated(NOON, lambda: paid(wanted, "50", actor=Actor.staff(anna)))
    dated(NOON, lambda: paid(wanted, "20", actor=Actor.staff(ben)))
    dated(NOON, lambda: paid(wanted, "100", method="CARD", reference="SLIP-1", actor=Actor.staff(anna)))

    rows = figures_of(utility(), DAY)["rows"]

    assert [(row["method"], row["who"], row["count"], row["taken"], row["net"]) for row in rows] == [
        ("CARD", f"staff {anna}", 1, "100.00", "100.00"),
        ("CASH", f"staff {anna}", 1, "50.00", "50.00"),
        ("CASH", f"staff {ben}", 1, "20.00", "20.00"),
    ]
    assert expected_cash(utility(), figures_of(utility(), DAY)) == D(70)


def test_what_goes_back_and_what_is_taken_back_is_told_apart() -> None:
    wanted = order()
    dated(NOON, lambda: paid(wanted, "250"))
    dated(NOON, lambda: return_payment(wanted, amount=D(50), method="CASH", actor=SYSTEM))
    wrong = dated(NOON, lambda: paid(order(), "30"))
    dated(NOON, lambda: reverse_payment(wrong, reason="Wrong order", actor=SYSTEM))

    assert by_method() == {"CASH": ("280.00", "50.00", "30.00", "200.00")}


def test_a_payment_of_yesterday_that_bounces_today_counts_today() -> None:
    cheque = dated(NOON - timedelta(days=1), lambda: paid(order(), "50", method="BANK_TRANSFER", reference="T-1"))
    dated(NOON, lambda: reverse_payment(cheque, reason="Returned by the bank", actor=SYSTEM))

    assert by_method() == {"BANK_TRANSFER": ("0.00", "0.00", "50.00", "-50.00")}
    assert by_method(DAY - timedelta(days=1)) == {"BANK_TRANSFER": ("50.00", "0.00", "0.00", "50.00")}


def test_a_refund_that_did_not_arrive_counts_as_money_again() -> None:
    wanted = order()
    dated(NOON - timedelta(days=1), lambda: paid(wanted, "250"))
    refund = dated(
        NOON, lambda: return_payment(wanted, amount=D(50), method="BANK_TRANSFER", reference="OUT-1", actor=SYSTEM)
    )
    dated(NOON, lambda: reverse_payment(refund, reason="Account closed", actor=SYSTEM))

    assert by_method() == {"BANK_TRANSFER": ("0.00", "50.00", "-50.00", "0.00")}


def test_the_day_is_the_providers_own() -> None:
    start, end = window_of(provider(), DAY)
    moments = [start - timedelta(seconds=1), start, end - timedelta(seconds=1), end]
    for moment in moments:
        dated(moment, lambda: paid(order(), "1"))

    assert by_method()["CASH"][0] == "2.00"


def test_a_day_on_which_the_clock_changes_is_an_hour_longer() -> None:
    start, end = window_of(provider(), date(2026, 11, 1))

    assert end.astimezone(UTC) - start.astimezone(UTC) == timedelta(hours=25)


def test_receipts_are_counted_from_the_first_number_to_the_last() -> None:
    wanted = order()
    for _ in range(3):
        dated(NOON, lambda: paid(wanted, "10"))
    numbers = list(Voucher.objects.filter(kind="RECEIPT").order_by("id").values_list("number", flat=True))

    figures = figures_of(utility(), DAY)

    assert figures["receipts"] == {"count": 3, "first": numbers[0], "last": numbers[2]}
    assert figures["refund_notes"] == {"count": 0, "first": "", "last": ""}


def test_another_providers_money_is_not_counted() -> None:
    dated(NOON, lambda: paid(order(), "50"))
    other = provider(code="oakland", area=False)

    assert figures_of(other, DAY)["rows"] == []


@pytest.mark.parametrize("seed", range(6))
def test_the_figures_of_random_days_are_the_sum_of_the_ledger(seed: int) -> None:
    chance = random.Random(seed)
    orders, clerks = [order() for _ in range(2)], [Actor.staff(staff(*MAY_ALL)) for _ in range(2)]
    days = [DAY + timedelta(days=n) for n in range(3)]
    for n in range(14):
        at = NOON + timedelta(days=chance.randrange(3), hours=chance.randrange(-6, 6))
        dated(at, lambda n=n: something_with(chance.choice(orders), chance, chance.choice(clerks), f"R-{seed}-{n}"))

    for day in days:
        start, end = window_of(utility(), day)
        entries = Entry.objects.filter(at__gte=start, at__lt=end, payment__isnull=False).select_related("reverses")
        by_hand = sum((felt_by_the_till(entry) for entry in entries), D(0))
        rows = figures_of(utility(), day)["rows"]
        payments = Payment.objects.filter(at__gte=start, at__lt=end)

        assert sum((D(row["net"]) for row in rows), D(0)) == by_hand
        assert sum((D(row["taken"]) for row in rows), D(0)) == sum(
            (payment.amount for payment in payments if not payment.is_refund), D(0)
        )
        assert all(D(row["taken"]) - D(row["paid_back"]) - D(row["taken_back"]) == D(row["net"]) for row in rows)
    kept = sum((account_of(one).kept for one in orders), D(0))
    assert sum((D(row["net"]) for day in days for row in figures_of(utility(), day)["rows"]), D(0)) == kept


MAY_ALL = ("billing.add_payment", "billing.refund_payment", "billing.reverse_payment")


def felt_by_the_till(entry: Entry) -> D:
    undone = entry.reverses
    came_in = (undone.kind == EntryKind.REFUND) if undone else entry.kind == EntryKind.PAYMENT
    return entry.amount if came_in else -entry.amount


def something_with(one: Any, chance: random.Random, actor: Actor, reference: str) -> None:
    """A payment, a refund where one is due, or a reversal."""
    method = chance.choice(["CASH", "CARD", "BANK_TRANSFER"])
    due_back, payments = account_of(one).refund_due, list(one.payments.all())
    what = chance.choice(["pay", "pay", "return", "reverse"])
    if what == "return" and due_back:
        return_payment(one, amount=due_back, method=method, reference=reference, actor=actor)
    elif what == "reverse" and payments:
        try:
            reverse_payment(chance.choice(payments), reason="A slip", actor=actor)
        except Refused as refused:
            assert refused.code == "already_taken_back"  # noqa: PT017
    else:
        paid(one, str(chance.randrange(1, 30000) / D(100)), method=method, reference=reference, actor=actor)


# --- Closing --------------------------------------------------------------------------------------------------------


def test_a_day_that_is_over_is_closed_and_frozen() -> None:
    wanted = order()
    dated(NOON, lambda: paid(wanted, "50"))
    client = boss()

    response = close(client)

    closing = Closing.objects.get()
    assert "Its figures stand as they are now." in response.content.decode()
    assert (closing.day, closing.expected_cash, closing.counted_cash, closing.difference) == (DAY, D(50), D(50), D(0))
    shown = text_of(client, PAGE, **page())
    assert "Closed by anna" in shown
    assert "None: it adds up" in shown
    assert "Close the day" not in shown
    closing.note = "changed"
    with pytest.raises(TypeError, match="never changed"):
        closing.save()
    with pytest.raises(TypeError, match="never changed"):
        closing.delete()


def test_what_is_shown_of_a_closed_day_is_what_was_frozen() -> None:
    dated(NOON, lambda: paid(order(), "50"))
    client = boss()
    close(client)
    dated(NOON, lambda: paid(order(), "33.33"))  # only a test can write to a day that is over

    shown = text_of(client, PAGE, **page())

    assert "50.00 USD" in shown
    assert "33.33" not in shown


def test_cash_that_differs_needs_a_note_and_nothing_typed_is_lost() -> None:
    dated(NOON, lambda: paid(order(), "50"))
    client = boss()

    refused = close(client, counted_cash="48.50")

    assert "The cash differs by -1.50 USD. Count again, or say why." in refused.content.decode()
    assert 'value="48.50"' in refused.content.decode()
    close(client, counted_cash="48.50", note="A coin fell behind the desk")
    assert Closing.objects.get().difference == D("-1.50")
    assert "-1.50 USD" in text_of(client, PAGE, **page())


def test_the_database_too_wants_a_difference_explained_and_a_day_closed_once() -> None:
    row = {
        "provider": provider(),
        "day": DAY,
        "currency": "USD",
        "figures": {},
        "expected_cash": D(50),
        "closed_by": staff(),
    }
    with pytest.raises(IntegrityError, match="a_difference_is_explained"), transaction.atomic():
        Closing.objects.create(**row, counted_cash=D(49))
    Closing.objects.create(**row, counted_cash=D(50))
    with pytest.raises(IntegrityError, match="a_day_is_closed_once"), transaction.atomic():
        Closing.objects.create(**row, counted_cash=D(50))


def test_a_day_is_closed_once() -> None:
    dated(NOON, lambda: paid(order(), "50"))
    client = boss()
    close(client)

    assert "This day is closed already." in close(client).content.decode()
    with pytest.raises(Refused, match="closed already"):
        close_day(utility(), DAY, counted_cash=D(50), note="", actor=Actor.staff(staff("billing.add_closing")))
    assert Closing.objects.count() == 1


def test_today_is_shown_as_it_grows_and_can_not_be_closed() -> None:
    paid(order(), "50")
    client, today = boss(), timezone.localdate()

    shown = text_of(client, PAGE, **page(today))
    refused = close(client, today)

    assert "The day is not over: these are the figures up to now" in shown
    assert "Close the day" not in shown
    assert "it can be closed after midnight" in refused.content.decode()
    assert not Closing.objects.exists()


@pytest.mark.parametrize("counted", ["", "a lot", "NaN", "0.001"])
def test_cash_that_can_not_be_counted_is_asked_for_again(counted: str) -> None:
    dated(NOON, lambda: paid(order(), "50"))

    response = close(boss(), counted_cash=counted, note="?")

    assert response.context["form"].errors
    assert not Closing.objects.exists()


def test_closing_and_looking_need_their_permissions() -> None:
    dated(NOON, lambda: paid(order(), "50"))
    looks = browser_of(staff("billing.view_closing"))

    assert browser_of(staff("billing.view_payment")).get(PAGE).status_code == 403
    assert "Somebody who may close days can do it here." in text_of(looks, PAGE, **page())
    close(looks)
    assert not Closing.objects.exists()


@pytest.mark.parametrize("query", [{"provider": "x"}, {"provider": "1", "day": "never"}, {"day": "2026-05-12"}])
def test_a_day_that_makes_no_sense_is_asked_for_again(query: dict[str, str]) -> None:
    provider()

    assert boss().get(PAGE, query).status_code == 200
    assert boss_again().post(PAGE, query).status_code in {200, 302}


def boss_again() -> Client:
    return browser_of(staff("billing.view_closing", "billing.add_closing"))


def test_days_that_nobody_closed_are_named_oldest_first() -> None:
    noon = timezone.now().replace(hour=20, minute=0)
    for days in (2, 4, 60):
        dated(noon - timedelta(days=days), lambda: paid(order(), "50"))
    paid(order(), "50")
    client = boss()
    open_days = days_to_close(utility())

    assert len(open_days) == 2
    assert open_days == sorted(open_days)
    assert "2 days to close" in text_of(client, "/admin/billing/closing/")
    assert f"{open_days[0].day}" in text_of(client, PAGE)
    close(client, open_days[0])
    close(client, open_days[1])
    assert "is closed" in text_of(client, "/admin/billing/closing/")


def test_a_closing_in_the_list_leads_to_its_day() -> None:
    dated(NOON, lambda: paid(order(), "50"))
    client = boss()
    close(client)

    response = client.get(f"/admin/billing/closing/{Closing.objects.get().pk}/change/")

    assert response["Location"] == f"{PAGE}?provider={utility().pk}&day=2026-05-12"
    assert client.get("/admin/billing/closing/999/change/").status_code in {302, 404}
