"""The ledger as a file for the accountants."""

import csv
from datetime import timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing.ledger import account_of
from billing.models import Entry, Voucher
from billing.payments import return_payment, reverse_payment
from connections.models import Provider
from tests.billing.money import early_of, order, paid, text_of
from tests.connections.desk import boss, browser_of
from tests.factories import SYSTEM, provider, staff

pytestmark = pytest.mark.django_db
PAGE = "/admin/billing/entry/period/"
FILE = "/admin/billing/entry/ledger.csv"


def period(**changes: Any) -> dict[str, Any]:
    """From yesterday to tomorrow, so that no midnight comes between a test and its rows."""
    today = timezone.localdate()
    utility = Provider.objects.get(code="sf_electric_authority")
    day = timedelta(days=1)
    return {"provider": utility.pk, "first": str(today - day), "last": str(today + day), **changes}


def file_of(client: Client, **changes: Any) -> str:
    response = client.get(FILE, period(**changes))
    assert response.status_code == 200
    return b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]


def lines_of(client: Client, **changes: Any) -> list[dict[str, str]]:
    text = file_of(client, **changes)
    assert text.startswith("\ufeff")
    return list(csv.DictReader(text.lstrip("\ufeff").splitlines()))


def test_each_entry_is_one_line_with_its_payment_and_receipt() -> None:
    wanted = order()
    payment = paid(wanted, "50", method="CARD", reference="SLIP-9")

    line = lines_of(boss())[-1]

    told = {name: line[name] for name in line if not name.startswith("date")}
    assert told == {
        "order": wanted.number,
        "kind": "PAYMENT",
        "title": "50.00 USD, before the work",
        "debit": "",
        "credit": "50.00",
        "amount": "-50.00",
        "currency": "USD",
        "method": "CARD",
        "reference": "SLIP-9",
        "receipt": Voucher.objects.get(kind="RECEIPT").number,
        "who": "system test",
    }
    assert line["date_utc"] == f"{payment.at:%Y-%m-%d %H:%M:%S}"
    assert line["date_local"] == f"{timezone.localtime(payment.at):%Y-%m-%d %H:%M:%S}"


def test_the_amounts_add_up_to_what_the_account_says() -> None:
    wanted = order()
    paid(wanted, "250")
    return_payment(wanted, amount=D(20), method="CASH", actor=SYSTEM)
    reverse_payment(paid(wanted, "11"), reason="Wrong order", actor=SYSTEM)
    client = boss()

    lines, account = lines_of(client), account_of(wanted)

    assert len(lines) == Entry.objects.count()
    assert sum(D(line["amount"]) for line in lines) == account.open - account.refund_due == D(-30)
    assert all(D(line["amount"]) == D(line["debit"] or 0) - D(line["credit"] or 0) for line in lines)
    [sums] = client.get(PAGE, period()).context["sums"]
    assert (sums["debit"], sums["credit"]) == (
        sum(D(line["debit"] or 0) for line in lines),
        sum(D(line["credit"] or 0) for line in lines),
    )
    assert "-30.00" in text_of(client, PAGE, **period())


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1"])  # noqa: RUF001
def test_no_text_is_taken_for_a_formula(evil: str) -> None:
    row = paid(order(), "50", method="CARD", reference=evil)
    Entry.objects.create(
        application=row.application,
        instalment=early_of(row.application),
        kind="CHARGE",
        title=evil,
        currency="USD",
        amount=D(1),
        actor=evil,
    )

    charge, payment = lines_of(boss())[-1], next(line for line in lines_of_kind("PAYMENT"))

    assert (charge["title"], charge["who"], payment["reference"]) == (f"'{evil}",) * 3


def lines_of_kind(kind: str) -> list[dict[str, str]]:
    client = browser_of(staff("billing.view_entry"))
    return [line for line in lines_of(client) if line["kind"] == kind]


def test_commas_quotes_and_line_breaks_stay_in_their_cell() -> None:
    paid(order(), "50", method="CARD", reference='a, "b"')

    assert lines_of(boss())[-1]["reference"] == 'a, "b"'


def test_the_period_is_of_the_providers_days_and_another_providers_lines_are_not_in_it() -> None:
    paid(order(), "50")
    other, past = provider(code="oakland", area=False), str(timezone.localdate() - timedelta(days=2))
    client = boss()

    assert lines_of(client, provider=other.pk) == []
    assert lines_of(client, first=past, last=past) == []


def test_the_file_is_streamed_with_a_name_and_one_query_for_all_lines() -> None:
    wanted, client = order(), boss()
    client.get(FILE, period())
    with CaptureQueriesContext(connection) as for_few:
        file_of(client)
    for _ in range(5):
        paid(wanted, "10")
    with CaptureQueriesContext(connection) as for_more:
        response = client.get(FILE, period())
        b"".join(response.streaming_content)  # type: ignore[attr-defined]

    assert response.streaming
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"].startswith('attachment; filename="ledger-sf_electric_authority-')
    assert len(for_more) == len(for_few)


def test_the_page_says_when_there_is_nothing() -> None:
    provider()

    assert "Nothing was posted in this time." in text_of(boss(), PAGE, **period())


@pytest.mark.parametrize(
    "changes", [{"first": ""}, {"first": "x"}, {"provider": "999"}, {"first": "2026-05-02", "last": "2026-05-01"}]
)
def test_a_period_that_makes_no_sense_is_asked_for_again(changes: dict[str, str]) -> None:
    provider()
    client = boss()

    for address in (PAGE, FILE):
        response = client.get(address, period(**changes))
        assert response.status_code == 200
        assert response.context["form"].errors


@pytest.mark.parametrize("address", [PAGE, FILE])
def test_the_ledger_needs_its_permission(address: str) -> None:
    provider()

    assert browser_of(staff("billing.view_payment")).get(address, period()).status_code == 403
    assert browser_of(staff("billing.view_entry")).get(address, period()).status_code == 200


def test_the_list_of_entries_asks_as_many_queries_for_many_rows_as_for_few() -> None:
    wanted, client = order(), boss()
    client.get("/admin/billing/entry/")
    with CaptureQueriesContext(connection) as for_few:
        client.get("/admin/billing/entry/")
    for _ in range(3):
        paid(wanted, "10")
    reverse_payment(paid(wanted, "11"), reason="Wrong order", actor=SYSTEM)
    with CaptureQueriesContext(connection) as for_more:
        response = client.get("/admin/billing/entry/")

    assert len(response.context["cl"].result_list) == Entry.objects.count()
    assert len(for_more) == len(for_few)


def test_entries_are_neither_added_nor_changed_by_hand() -> None:
    row, client = paid(order(), "50").entries.get(), boss()

    assert client.get(f"/admin/billing/entry/{row.pk}/change/").status_code == 200
    assert client.post(f"/admin/billing/entry/{row.pk}/change/", {"amount": "1"}).status_code == 403
    assert client.get("/admin/billing/entry/add/").status_code == 403
