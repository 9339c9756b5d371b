"""Finding the order that a person at the counter means."""

from decimal import Decimal as D
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.admin.find_order import find_orders
from billing.models import Payment, Voucher
from billing.payments import report_payment
from connections.actors import Actor
from connections.models import Application
from tests.billing.money import CASHIER, at_the_cashier, order, paid, text_of, typed
from tests.connections.desk import ESCAPED, SCRIPT, boss
from tests.factories import JONATHAN, application

pytestmark = pytest.mark.django_db


def named(name: str, **fields: Any) -> Application:
    applicant = type(JONATHAN)(**{**JONATHAN.__dict__, "applicant_name": name, "billing_name": name, **fields})
    return order(applicant=applicant)


@pytest.mark.parametrize("term", ["conn-order-", "CONN-ORDER-", "ada", "lovelace ada", "415 555 1234", "(415) 5551234"])
def test_an_order_is_found_by_id_name_and_telephone(term: str) -> None:
    wanted = named("Ada Lovelace", applicant_phone="+1 (415) 555-1234")
    if term.endswith("-"):
        term = f"{term}{wanted.pk:03d}"
    named("Grace Hopper", applicant_phone="+14155550000")

    assert find_orders(term) == [wanted]


def test_an_order_is_found_by_the_reference_of_its_payment_report_source_and_paper() -> None:
    wanted, _ = order(source_reference="P-17"), order(source_reference="P-18")
    paid(wanted, "10", method="CARD", reference="SLIP-9")
    report_payment(wanted.instalments.all()[1], amount=D(150), reference="UPI-1", actor=Actor.buyer_app("bap.example"))
    receipt = Voucher.objects.get(kind="RECEIPT").number

    assert [find_orders(term) for term in ("p-17", "slip-9", "upi-1", receipt)] == [[wanted]] * 4


def test_a_reference_that_is_also_a_name_means_the_order_that_was_brought_under_it() -> None:
    wanted = order(source_reference="Hopper")
    named("Grace Hopper", applicant_phone="+14155550000")
    named("Grace Hopperton", applicant_phone="+14155550001")

    assert find_orders("hopper") == [wanted]
    assert len(find_orders("hopp")) == 3


def test_an_order_id_given_in_full_means_that_order_alone() -> None:
    first = order()
    Application.objects.filter(pk=order().pk).update(number=f"{first.number}1")

    assert find_orders(first.number) == [first]


def test_one_order_that_fits_is_shown_at_once_with_a_key_of_its_own() -> None:
    wanted = order()

    response = boss().get(CASHIER, {"q": wanted.number})

    assert response["Location"].startswith(f"{at_the_cashier(wanted)}?key=")


def test_several_orders_are_listed_and_none_is_said_in_words() -> None:
    first, second, client = order(), order(), boss()

    listed = text_of(client, CASHIER, q="park")

    assert at_the_cashier(first) in listed
    assert at_the_cashier(second) in listed
    assert f"No order fits “{ESCAPED}”" in text_of(client, CASHIER, q=SCRIPT)


@pytest.mark.parametrize("term", ["", " ", "\x00", "x" * 300, "%", "'; --"])
def test_whatever_is_searched_for_gets_an_answer(term: str) -> None:
    order()

    assert boss().get(CASHIER, {"q": term}).status_code == 200


def test_a_draft_is_not_found_and_takes_no_money() -> None:
    draft, client = application(), boss()

    assert find_orders("park") == []
    assert client.get(at_the_cashier(draft))["Location"] == CASHIER
    assert client.post(at_the_cashier(draft), typed())["Location"] == CASHIER
    assert not Payment.objects.exists()


def test_the_list_of_found_orders_asks_as_many_queries_for_three_as_for_two() -> None:
    client = boss()
    order(), order()
    client.get(CASHIER, {"q": "park"})
    with CaptureQueriesContext(connection) as for_two:
        client.get(CASHIER, {"q": "park"})
    order()
    with CaptureQueriesContext(connection) as for_three:
        client.get(CASHIER, {"q": "park"})

    assert len(for_three) == len(for_two)
