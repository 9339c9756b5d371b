"""What is due: over all orders, on the page of an application, and on the first page."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import strip_tags

from billing.tracking import money_that_holds_it_up
from connections.lifecycle import advance
from connections.models import Application
from connections.promises import with_clock
from connections.vocabulary import ApplicationState as S
from tests.billing.days import dated
from tests.billing.money import asked_by, at_the_cashier, decider, early_of, order, paid, report, text_of
from tests.connections.desk import boss, browser_of, page_of, step
from tests.factories import SYSTEM, application, staff

pytestmark = pytest.mark.django_db
DUE = "/admin/billing/instalment/"
ORDERS = "/admin/connections/application/"


def shown(client: Client, **query: str) -> list[str]:
    return [str(row) for row in client.get(DUE, query).context["cl"].result_list]


def test_the_list_shows_what_is_open_and_forgets_ended_orders_and_drafts() -> None:
    wanted, client = order(), boss()
    order(S.CANCELLED)
    application(offering=wanted.offering)
    paid(wanted, "50")

    assert shown(client) == ["150.00 USD, when power is on"]
    assert shown(client, open="no") == ["50.00 USD, before the work"]
    assert len(shown(client, open="all")) == 4
    assert shown(client, type="PRE_FULFILLMENT") == []


def test_the_list_of_orders_asks_the_ledger_as_often_for_many_that_wait_for_money_as_for_two() -> None:
    client = boss()
    order(S.ASSESSMENT_COMPLETED)
    paid(order(S.ASSESSMENT_COMPLETED), "50")
    client.get(ORDERS)
    with CaptureQueriesContext(connection) as for_two:
        client.get(ORDERS)
    for _ in range(3):
        order(S.ASSESSMENT_COMPLETED)
        paid(order(S.ASSESSMENT_COMPLETED), "50")

    with CaptureQueriesContext(connection) as for_eight:
        assert len(client.get(ORDERS).context["cl"].result_list) == 8

    assert len(for_eight) == len(for_two)
    assert len([query for query in for_eight if 'FROM "billing_' in query["sql"]]) == 3


def test_in_a_list_the_money_holds_up_what_it_holds_up_on_the_page() -> None:
    unpaid, settled = order(S.ASSESSMENT_COMPLETED), order(S.ASSESSMENT_COMPLETED)
    paid(settled, "50")

    (until_now,), (once,) = ([*money_that_holds_it_up(row)] for row in (unpaid, settled))

    assert until_now.what.startswith("Pay 50.00 USD by ")
    assert until_now.until is None
    assert once.until == settled.payments.get().at
    assert [*money_that_holds_it_up(listed(unpaid))] == [until_now]
    assert [*money_that_holds_it_up(listed(settled))] == [once]


def listed(of: Application) -> Application:
    """As a list reads it, with all that its clock asks for."""
    return with_clock(Application.objects.filter(pk=of.pk)).get()


def fees_shown(client: Client, **query: str) -> list[tuple[str, str]]:
    page = client.get(DUE, query)
    assert all(f">{fee['open']}<" in page.content.decode() for fee in page.context["fees"])
    return [(strip_tags(fee["order"]), fee["open"]) for fee in page.context["fees"]]


def cancelled_for(percent: int) -> Application:
    """Cancelled by the applicant, who owes so much of 200."""
    wanted = order()
    wanted.provider.cancellation_terms.update_or_create(state=S.SCHEDULED, defaults={"fee_percent": percent})
    advance(wanted, "cancel", actor=SYSTEM, reason="Moved away", asked_by_applicant=True)
    return wanted


def test_the_fee_of_a_cancelled_order_is_due_until_it_is_paid() -> None:
    wanted, client = cancelled_for(10), boss()
    cancelled_for(0)

    assert fees_shown(client) == [(str(wanted), "20.00 USD")]
    assert fees_shown(client, open="no") == fees_shown(client, type="PRE_FULFILLMENT") == []
    assert at_the_cashier(wanted) in client.get(DUE).content.decode()
    assert at_the_cashier(wanted) not in browser_of(staff("billing.view_instalment")).get(DUE).content.decode()
    paid(wanted, "5")
    assert fees_shown(client) == [(str(wanted), "15.00 USD")]
    paid(wanted, "15")
    assert fees_shown(client) == []


def test_the_oldest_order_stands_first() -> None:
    first, second = order(), order()

    listed = boss().get(DUE).context["cl"].result_list

    assert [row.application_id for row in listed] == [first.pk, first.pk, second.pk, second.pk]


def test_the_way_to_the_cashier_is_shown_to_those_who_may_take_money() -> None:
    order()

    assert "Take a payment" in text_of(browser_of(staff("billing.view_instalment", "billing.add_payment")), DUE)
    assert "Take a payment" not in text_of(browser_of(staff("billing.view_instalment")), DUE)


@pytest.mark.parametrize("address", [DUE, "/admin/billing/paymentreport/", "/admin/billing/waiver/"])
def test_a_list_asks_as_many_queries_for_three_rows_as_for_one(address: str) -> None:
    client, asks = boss(), staff("billing.add_waiver")

    def another() -> None:
        report(order(), reference=str(uuid4()))
        asked_by(asks)

    another()
    client.get(address)
    with CaptureQueriesContext(connection) as for_one:
        client.get(address)
    another(), another()
    with CaptureQueriesContext(connection) as for_three:
        response = client.get(address)

    assert len(response.context["cl"].result_list) >= 3
    assert len(for_three) == len(for_one)


# --- On the page of the application, and on the first page ----------------------------------------------------------


def test_the_page_of_an_application_tells_the_account_and_leads_to_the_acts() -> None:
    wanted, client = order(), boss()
    paid(wanted, "20")

    page = text_of(client, page_of(wanted))

    assert "Asked for: 200.00 USD" in page
    assert "Received: 20.00 USD" in page
    assert "Open: 180.00 USD" in page
    assert f"/admin/billing/payment/cashier/{wanted.pk}/?key=" in page
    assert step(early_of(wanted), "waive") in page


def test_the_page_of_an_application_offers_nothing_that_the_person_may_not_do() -> None:
    wanted = order()
    paid(wanted, "250")
    permissions = [f"{app}.view_{model}" for app, model in (("connections", "application"), ("billing", "quote"))]
    client = browser_of(staff(*permissions, "billing.view_instalment"))

    page = text_of(client, page_of(wanted))

    assert "Due back: 50.00 USD" in page
    assert "/cashier/" not in page
    assert "/refunds/" not in page
    assert "/advance/waive/" not in page


def test_a_draft_says_that_nothing_is_asked_for() -> None:
    assert "Nothing is asked for before the order." in text_of(boss(), page_of(application()))


def cards(client: Client) -> dict[str, tuple[Any, bool]]:
    return {card.title: (card.figure, card.waits) for card in client.get("/admin/").context["cards"]}


def test_the_first_page_counts_the_days_that_nobody_closed() -> None:
    dated(timezone.now() - timedelta(days=3), lambda: paid(order(), "50"))
    dated(timezone.now() - timedelta(days=2), lambda: paid(order(), "50"))

    seen_by_boss, seen_by_reader = cards(boss()), cards(browser_of(staff("billing.view_closing")))

    assert seen_by_boss["Days to close"] == (2, True)
    assert seen_by_reader == {"Days to close": (2, False)}  # somebody else may


def test_the_first_page_says_what_waits_for_somebody() -> None:
    mine = decider()
    report()
    asked_by(mine)
    paid(order(), "250")

    seen_by_boss, seen_by_asker = cards(boss()), cards(browser_of(mine))

    assert seen_by_boss["Due back"] == (1, True)
    assert seen_by_boss["Reported payments"] == (1, True)
    assert seen_by_boss["Waivers to decide"] == (1, True)
    assert seen_by_asker == {"Waivers to decide": (1, False)}  # somebody else must
