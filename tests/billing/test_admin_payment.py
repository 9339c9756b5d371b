"""Payments at the desk: looked at, taken back, paid back; never typed over."""

from decimal import Decimal as D
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billing.ledger import account_of, payment_status, reverse
from billing.models import Entry, Payment, Voucher
from billing.payments import ask_waiver
from connections.actors import Actor
from connections.lifecycle import advance
from connections.models import Application, Event
from connections.vocabulary import EntryKind, PaymentStatus
from tests.billing.money import REFUNDS, errors_in, order, paid, refund_page, text_of, typed
from tests.connections.desk import boss, browser_of, page_of, step
from tests.factories import SYSTEM, staff

pytestmark = pytest.mark.django_db
LIST = "/admin/billing/payment/"


# --- Looking --------------------------------------------------------------------------------------------------------


def test_payments_are_neither_added_nor_changed_nor_deleted_by_hand() -> None:
    row, client = paid(order(), "50"), boss()

    assert client.get(page_of(row)).status_code == 200
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(page_of(row), {"amount": "1"}).status_code == 403
    assert client.post(f"{LIST}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Payment.objects.get().amount == D(50)


def test_the_list_says_which_payments_count_in_as_many_queries_for_three_rows_as_for_one() -> None:
    client, wanted = boss(), order()
    paid(wanted, "10")
    client.get(LIST)
    with CaptureQueriesContext(connection) as for_one:
        client.get(LIST)
    paid(wanted, "20")
    client.post(step(paid(wanted, "30"), "take_back"), {"reason": "Bounced"})
    client.get(LIST)
    with CaptureQueriesContext(connection) as for_three:
        response = client.get(LIST)

    assert [row.counts for row in response.context["cl"].result_list] == [False, True, True]
    assert len(for_three) == len(for_one)
    assert [q["sql"].split()[0] for q in for_three if "billing_entry" in q["sql"]] == ["SELECT"]  # once, for the page


def test_a_payment_counts_in_the_list_while_something_of_it_stands() -> None:
    wanted, client = order(), boss()
    split = paid(wanted, "70")  # for both instalments
    reverse(split.entries.first(), actor=SYSTEM, why="carried over")

    response = client.get(LIST)

    assert [row.counts for row in response.context["cl"].result_list] == [True]


# --- Taking back ----------------------------------------------------------------------------------------------------


def test_a_payment_that_bounced_is_taken_back_with_its_reason() -> None:
    row = paid(order(), "50")

    boss().post(step(row, "take_back"), {"reason": "The cheque bounced"}, follow=True)

    early = row.application.instalments.all()[0]
    assert payment_status(early) == PaymentStatus.FAILED
    reversal = Entry.objects.get(kind=EntryKind.REVERSAL)
    assert (reversal.actor, reversal.amount) == ("staff anna", D(50))
    assert reversal.title == "50.00 USD, before the work, taken back"  # the reason is a word that can be erased
    assert Event.objects.get(kind="payment.reversed").data["reason"] == "The cheque bounced"


def test_taking_back_says_before_what_it_means() -> None:
    page = text_of(boss(), step(paid(order(), "50"), "take_back"))

    assert "50.00 USD does not count any more, and is owed again." in page
    assert "This can not be undone." in page


@pytest.mark.parametrize("reason", ["", "   "])
def test_taking_back_asks_why(reason: str) -> None:
    row = paid(order(), "50")

    response = boss().post(step(row, "take_back"), {"reason": reason})

    assert errors_in(response) == ["Say why the payment is taken back."]
    assert not Entry.objects.filter(kind=EntryKind.REVERSAL).exists()


def test_a_payment_is_taken_back_once() -> None:
    row, client = paid(order(), "50"), boss()
    client.post(step(row, "take_back"), {"reason": "Bounced"})

    again = client.post(step(row, "take_back"), {"reason": "Bounced"})

    assert "This payment is taken back already." in again.content.decode()
    assert client.get(step(row, "take_back")).status_code == 302
    assert Entry.objects.filter(kind=EntryKind.REVERSAL).count() == 1


def test_taking_back_needs_its_permission() -> None:
    row = paid(order(), "50")
    client = browser_of(staff("billing.view_payment", "billing.add_payment", "billing.refund_payment"))

    assert "Take it back" not in client.get(page_of(row)).content.decode()
    assert "may not do this with money" in client.post(step(row, "take_back"), {"reason": "x"}).content.decode()
    assert not Entry.objects.filter(kind=EntryKind.REVERSAL).exists()


def test_a_refund_that_did_not_arrive_is_due_back_again() -> None:
    wanted, client = order(), boss()
    paid(wanted, "250")
    client.post(refund_page(wanted), typed(agreed="50"))
    refund = Payment.objects.get(is_refund=True)

    assert "is due back to the applicant again" in text_of(client, step(refund, "take_back"))
    client.post(step(refund, "take_back"), {"reason": "Account closed"})

    assert account_of(wanted).refund_due == D(50)


# --- Paying back ----------------------------------------------------------------------------------------------------


def cancelled(deposit: str = "50") -> Application:
    """Ended by the utility, so all that came in is due back."""
    ended = order()
    paid(ended, deposit)
    return advance(ended, "fail", actor=SYSTEM, reason="No capacity")


def rows(client: Client) -> list[tuple[str, str, str]]:
    return [(row["order"].number, row["due"], row["why"]) for row in client.get(REFUNDS).context["rows"]]


def test_what_is_due_back_is_listed_with_why() -> None:
    ended, overpaid, even = cancelled(), order(), order()
    paid(overpaid, "200.01")
    paid(even, "200")

    assert rows(boss()) == [
        (ended.number, "50.00 USD", "The utility rejected it."),
        (overpaid.number, "0.01 USD", "More came in than is asked for."),
    ]


def test_nothing_due_back_is_said_in_words() -> None:
    assert "Nothing is due back." in text_of(boss(), REFUNDS)


def test_the_list_asks_as_many_queries_for_three_orders_as_for_one() -> None:
    client = boss()
    cancelled()
    rows(client)
    with CaptureQueriesContext(connection) as for_one:
        rows(client)
    cancelled(), cancelled()
    with CaptureQueriesContext(connection) as for_three:
        assert len(rows(client)) == 3

    assert len(for_three) == len(for_one)


def test_a_waiver_of_more_than_is_still_charged_is_no_money_due_back() -> None:
    wanted, asks, decides = order(), staff("billing.add_waiver"), staff("billing.approve_waiver", "billing.view_waiver")
    early = wanted.instalments.all()[0]
    waiver = ask_waiver(early, amount=D(50), reason="Flooded street", actor=Actor.staff(asks))
    browser_of(decides).post(step(waiver, "approve"))
    advance(wanted, "fail", actor=SYSTEM, reason="No capacity")  # nothing is charged any more

    assert account_of(wanted).refund_due == 0
    assert rows(boss()) == []


def test_paying_back_shows_first_what_will_happen_and_then_does_it_once() -> None:
    ended, client, form = cancelled(), boss(), typed(method="BANK_TRANSFER", reference="OUT-1")

    asked = client.post(refund_page(ended), form)
    page = asked.content.decode()
    assert "50.00 USD goes back to Jonathan Park: bank transfer, reference OUT-1." in page
    assert "Nothing more is due back then." in page
    assert not Payment.objects.filter(is_refund=True).exists()

    agreed = {**form, "agreed": asked.context["agreed"]}
    done = client.post(refund_page(ended), agreed, follow=True).content.decode()
    again = client.post(refund_page(ended), agreed, follow=True).content.decode()

    refund = Payment.objects.get(is_refund=True)
    assert (refund.amount, refund.reference, refund.actor) == (D(50), "OUT-1", "staff anna")
    assert Voucher.objects.get(kind="REFUND_NOTE").number in done
    assert "already recorded" in again
    assert rows(client) == []


def test_never_more_than_is_due_goes_back() -> None:
    ended, client = cancelled(), boss()

    refused = client.post(refund_page(ended), typed(amount="50.01", agreed="50.01"))

    assert errors_in(refused) == ["50.00 USD is due back, not more."]
    assert 'value="50.01"' in refused.content.decode()
    assert not Payment.objects.filter(is_refund=True).exists()


def test_a_part_may_go_back_and_the_rest_stays_due() -> None:
    ended, client = cancelled(), boss()

    asked = client.post(refund_page(ended), typed(amount="20.00"))
    assert "30.00 USD is still due back then." in asked.content.decode()
    client.post(refund_page(ended), typed(amount="20.00", agreed="20.00"))

    assert [due for _, due, _ in rows(client)] == ["30.00 USD"]


def test_a_yes_to_one_amount_is_no_yes_to_another() -> None:
    ended, client = cancelled(), boss()

    asked = client.post(refund_page(ended), typed(amount="40.00", agreed="20.00"))

    assert "40.00 USD goes back to Jonathan Park" in asked.content.decode()
    assert not Payment.objects.filter(is_refund=True).exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"method": ""}, "Choose cash, card or transfer."),
        ({"method": "CARD"}, "Give the number on the card slip."),
        ({"amount": "0", "agreed": "0"}, "The amount must be above nothing."),
        ({"amount": "-1"}, "The amount must be above nothing."),
        ({"amount": "20.001"}, "Give the amount with no more than 2 decimals, such as 150.25 USD."),
    ],
)
def test_what_can_not_go_back_is_said_beside_what_was_typed(changes: dict[str, Any], said: str) -> None:
    response = boss().post(refund_page(cancelled()), typed(**changes))

    assert errors_in(response) == [said]
    assert not Payment.objects.filter(is_refund=True).exists()


def test_paying_back_needs_its_permission() -> None:
    ended = cancelled()
    client = browser_of(staff("billing.view_payment", "billing.add_payment"))

    assert client.get(REFUNDS).status_code == 403
    assert client.get(refund_page(ended)).status_code == 403
    assert client.post(refund_page(ended), typed(agreed="50")).status_code == 403
    assert "Somebody who may pay back can do so" in text_of(client, f"/admin/billing/payment/cashier/{ended.pk}/")


def test_a_form_without_its_key_pays_nothing_back() -> None:
    ended, client = cancelled(), boss()

    response = client.post(refund_page(ended), typed(key="x", agreed="50"), follow=True)

    assert "Nothing was paid back. Please enter it once more." in response.content.decode()
    assert not Payment.objects.filter(is_refund=True).exists()
