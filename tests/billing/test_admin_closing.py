"""Closing a day at the desk: counted, compared, frozen."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal as D
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing.closing import close_day, days_to_close
from billing.models import Closing
from billing.payments import reverse_payment
from connections.actors import Actor
from connections.lifecycle import Refused
from connections.models import Provider
from tests.billing.days import DAY, NOON, dated, utility
from tests.billing.money import errors_in, order, paid, text_of
from tests.connections.desk import boss, browser_of
from tests.factories import SYSTEM, offering, provider, staff

pytestmark = pytest.mark.django_db
LIST = "/admin/billing/closing/"
PAGE = f"{LIST}day/"


def page(day: date = DAY) -> dict[str, Any]:
    return {"provider": utility().pk, "day": day.isoformat()}


def close(client: Client, day: date = DAY, **given: str) -> Any:
    typed = {"counted_cash": "50.00", "note": "", **given}
    return client.post(f"{PAGE}?provider={utility().pk}&day={day}", typed, follow=True)


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


@pytest.mark.parametrize(
    ("counted", "said"),
    [
        ("", "Count the cash, and give the sum."),
        ("a lot", "Give the sum in figures."),
        ("NaN", "Give the sum in figures."),
        ("0.001", "Give the cash with no more than 2 decimals, such as 150.25 USD."),
    ],
)
def test_cash_that_can_not_be_counted_is_asked_for_again(counted: str, said: str) -> None:
    dated(NOON, lambda: paid(order(), "50"))

    response = close(boss(), counted_cash=counted, note="?")

    assert errors_in(response) == [said]
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
    open_days = days_of(utility())

    assert len(open_days) == 2
    assert open_days == sorted(open_days)
    assert "2 days to close" in text_of(client, LIST)
    assert f"{open_days[0].day}" in text_of(client, PAGE)
    close(client, open_days[0])
    close(client, open_days[1])
    assert "is closed" in text_of(client, LIST)


def days_of(*providers: Provider) -> list[date]:
    return [day for days in days_to_close(providers).values() for day in days]


def test_a_day_on_which_money_was_only_taken_back_is_to_be_closed_too() -> None:
    noon = timezone.now().replace(hour=20, minute=0)
    cheque = dated(noon - timedelta(days=40), lambda: paid(order(), "50"))
    dated(noon - timedelta(days=3), lambda: reverse_payment(cheque, reason="Returned by the bank", actor=SYSTEM))

    assert days_of(utility()) == [timezone.localdate(noon - timedelta(days=3), ZoneInfo(utility().time_zone))]


def test_the_days_to_close_are_each_providers_own() -> None:
    here, far = provider(), provider(code="kolkata", area=False, time_zone="Asia/Kolkata")
    evening = datetime.combine(timezone.localdate(), time(20), tzinfo=UTC) - timedelta(days=3)  # tomorrow in Kolkata
    dated(evening, lambda: paid(order(), "50"))
    dated(evening, lambda: paid(order(offering=offering(provider=far)), "50"))

    found = days_to_close([here, far])

    assert found == {here: [evening.date()], far: [evening.date() + timedelta(days=1)]}


def test_fifty_providers_days_ask_as_many_queries_as_ones() -> None:
    noon, client = timezone.now().replace(hour=20, minute=0), boss()
    dated(noon - timedelta(days=2), lambda: paid(order(), "50"))
    client.get(LIST)
    with CaptureQueriesContext(connection) as for_one:
        client.get(LIST)
    others = [provider(code=f"other{number}", area=False) for number in range(49)]
    for days, other in enumerate(others[:5], start=2):
        dated(noon - timedelta(days=days), lambda other=other: paid(order(offering=offering(provider=other)), "50"))

    with CaptureQueriesContext(connection) as for_fifty:
        response = client.get(LIST)

    assert len(response.context["days_to_close"]) == 6
    assert len(for_fifty) == len(for_one)


def test_a_closing_in_the_list_leads_to_its_day() -> None:
    dated(NOON, lambda: paid(order(), "50"))
    client = boss()
    close(client)

    response = client.get(f"{LIST}{Closing.objects.get().pk}/change/")

    assert response["Location"] == f"{PAGE}?provider={utility().pk}&day=2026-05-12"
    assert client.get(f"{LIST}999/change/").status_code in {302, 404}
