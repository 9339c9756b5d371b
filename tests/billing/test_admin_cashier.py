"""The cashier's screen: finding an order, taking its payment once, and the page between."""

from collections.abc import Callable
from decimal import Decimal as D
from typing import Any
from uuid import uuid4

import pytest

from billing.models import Payment, Voucher
from billing.payments import report_payment
from connections.actors import Actor
from connections.lifecycle import advance
from connections.models import Event
from connections.vocabulary import ApplicationState as S
from tests.billing.money import CASHIER, at_the_cashier, errors_in, order, paid, text_of, typed
from tests.connections.desk import boss, browser_of
from tests.factories import SYSTEM, offering, staff
from tests.factories import provider as new_provider

pytestmark = pytest.mark.django_db


# --- What is due ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "paid_before", "answer", "proposed"),
    [
        (S.SCHEDULED, "0", "<strong>50.00 USD</strong> is due now", "50.00"),
        (S.SCHEDULED, "20", "<strong>30.00 USD</strong> is due now", "30.00"),
        (S.SCHEDULED, "50", "Nothing is due now", "150.00"),  # the rest may be paid ahead
        (S.SCHEDULED, "200", "Nothing is due now", ""),
        (S.SCHEDULED, "210", "<strong>10.00 USD</strong> is due back", ""),
        (S.FAILED, "50", "<strong>50.00 USD</strong> is due back", ""),
    ],
)
def test_the_first_line_says_what_is_due_and_the_form_proposes_it(
    state: str, paid_before: str, answer: str, proposed: str
) -> None:
    wanted = order()
    if D(paid_before):
        paid(wanted, paid_before)
    if state == S.FAILED:
        advance(wanted, "fail", actor=SYSTEM, reason="No capacity")

    response = boss().get(at_the_cashier(wanted), follow=True)

    assert answer in " ".join(response.content.decode().split())
    assert str(response.context["form"].initial["amount"]) == proposed


def test_payments_reports_and_waivers_of_the_order_are_seen_at_once() -> None:
    wanted = order()
    paid(wanted, "20", method="CARD", reference="SLIP-9")
    early, late = wanted.instalments.all()
    report_payment(late, amount=D(150), reference="UPI-1", actor=Actor.buyer_app("bap.example"))
    client = boss()
    client.post(f"/admin/billing/instalment/{early.pk}/advance/waive/", {"amount": "30.00", "reason": "Flooded street"})

    page = text_of(client, at_the_cashier(wanted))

    assert "SLIP-9" in page
    assert "buyer app bap.example says that 150.00 USD was paid, reference UPI-1." in page
    assert "anna asked to waive 30.00 USD: “Flooded street”." in page


# --- Taking it ------------------------------------------------------------------------------------------------------


def test_a_payment_is_taken_with_receipt_by_name() -> None:
    wanted, client = order(), boss()

    done = client.post(at_the_cashier(wanted), typed(), follow=True)

    payment = Payment.objects.get()
    assert (payment.amount, payment.method, payment.actor) == (D(50), "CASH", "staff anna")
    page = done.content.decode()
    assert Voucher.objects.get(kind="RECEIPT").number in page
    assert "Next order" in page
    assert Event.objects.filter(kind="payment.recorded").count() == 1


def test_the_same_form_sent_twice_is_one_payment_and_the_second_answer_says_so() -> None:
    wanted, client, form = order(), boss(), typed()

    client.post(at_the_cashier(wanted), form)
    again = client.post(at_the_cashier(wanted), form, follow=True)

    assert Payment.objects.count() == 1
    assert "This payment was already recorded. Nothing was added." in again.content.decode()


def test_going_back_to_a_form_that_was_sent_shows_that_it_is_recorded() -> None:
    wanted, client, form = order(), boss(), typed()
    client.post(at_the_cashier(wanted), form)

    page = text_of(client, at_the_cashier(wanted), key=form["key"])

    assert "This form is already recorded: 50.00 USD received (cash)" in page
    assert "Take the payment" not in page


def test_the_same_reference_typed_anew_is_the_same_payment() -> None:
    wanted, client = order(), boss()
    client.post(at_the_cashier(wanted), typed(method="CARD", reference="SLIP-9"))

    again = client.post(at_the_cashier(wanted), typed(method="CARD", reference="SLIP-9"), follow=True)

    assert Payment.objects.count() == 1
    assert "already recorded" in again.content.decode()


def test_a_reference_of_another_order_is_refused_and_nothing_typed_is_lost() -> None:
    first, second, client = order(), order(), boss()
    client.post(at_the_cashier(first), typed(method="CARD", reference="SLIP-9"))

    refused = client.post(at_the_cashier(second), typed(method="CARD", reference="SLIP-9"))

    assert errors_in(refused) == ["SLIP-9 is already recorded for another payment: 50.00 USD."]
    assert 'value="SLIP-9"' in refused.content.decode()
    assert Payment.objects.count() == 1


def test_a_form_that_was_sent_for_another_order_is_refused() -> None:
    first, second, client, form = order(), order(), boss(), typed()
    client.post(at_the_cashier(first), form)

    refused = client.post(at_the_cashier(second), form)

    assert errors_in(refused) == ["This form was sent before, for another payment: 50.00 USD."]


@pytest.mark.django_db(transaction=True)
def test_twenty_presses_at_once_are_one_payment(at_once: Callable[..., list[Any]]) -> None:
    wanted, form = order(), typed()
    user = staff("billing.add_payment")

    answers = at_once(20, lambda: browser_of(user).post(at_the_cashier(wanted), form)["Location"])

    done = f"{CASHIER}done/{Payment.objects.get().pk}/"
    assert sorted(answers) == [done] + [f"{done}?again=1"] * 19


@pytest.mark.django_db(transaction=True)
def test_the_same_slip_typed_for_two_orders_at_once_is_taken_for_one(at_once: Callable[..., list[Any]]) -> None:
    orders = iter([order(), order()])

    outcomes = at_once(2, lambda: paid(next(orders), "50", method="CARD", reference="SLIP-9"))

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Payment", "Refused"]
    assert Payment.objects.count() == 1


# --- More than is due -----------------------------------------------------------------------------------------------


def test_more_than_is_owed_is_asked_about_once() -> None:
    wanted, client, form = order(), boss(), typed(amount="250.00")

    asked = client.post(at_the_cashier(wanted), form)

    page = asked.content.decode()
    assert "250.00 USD is more than what is owed: 200.00 USD." in page
    assert "50.00 USD more will be due back to Jonathan Park." in page
    assert not Payment.objects.exists()

    client.post(at_the_cashier(wanted), {**form, "agreed": asked.context["agreed"]})
    assert Payment.objects.get().amount == D(250)


def test_a_yes_to_one_surplus_is_no_yes_to_another() -> None:
    wanted, client, form = order(), boss(), typed(amount="250.00", agreed="50.00")
    paid(wanted, "100")

    asked = client.post(at_the_cashier(wanted), form)

    assert "150.00 USD more will be due back" in asked.content.decode()
    assert Payment.objects.count() == 1


def test_whoever_goes_back_from_the_question_finds_what_was_typed() -> None:
    wanted, client, form = order(), boss(), typed(amount="250.00", method="CARD", reference="SLIP-9")

    page = client.post(at_the_cashier(wanted), {**form, "agreed": "50", "change": "1"}).content.decode()

    assert 'value="250.00"' in page
    assert 'value="SLIP-9"' in page
    assert form["key"] in page
    assert not Payment.objects.exists()


# --- What is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"amount": ""}, "Give the amount."),
        ({"amount": "a lot"}, "Give the amount in figures, such as 150.00."),
        ({"amount": "NaN"}, "Give the amount in figures, such as 150.00."),
        ({"amount": "0"}, "The amount must be above nothing."),
        ({"amount": "-5"}, "The amount must be above nothing."),
        ({"amount": "50.001"}, "Give the amount with no more than 2 decimals, such as 150.25 USD."),
        ({"amount": "9" * 20}, "Ensure that there are no more than 14 digits in total."),
        ({"method": ""}, "Choose cash, card or transfer."),
        ({"method": "CARD"}, "Give the number on the card slip."),
        ({"method": "BANK_TRANSFER", "reference": "  "}, "Give the reference of the bank transfer."),
        ({"reference": "x\x00"}, "Null characters are not allowed."),
    ],
)
def test_what_can_not_be_taken_is_said_beside_what_was_typed(changes: dict[str, str], said: str) -> None:
    response = boss().post(at_the_cashier(order()), typed(**changes))

    assert response.status_code == 200
    assert errors_in(response) == [said]
    assert not Payment.objects.exists()


@pytest.mark.parametrize("key", ["", "x", "²"])
def test_a_form_without_its_key_is_not_taken(key: str) -> None:
    wanted, client = order(), boss()

    response = client.post(at_the_cashier(wanted), typed(key=key), follow=True)

    assert "Nothing was recorded. Please enter it once more." in response.content.decode()
    assert not Payment.objects.exists()
    assert client.get(at_the_cashier(wanted), {"key": key}).status_code == 302


@pytest.mark.parametrize("address", ["", "1/", "done/1/"])
def test_the_screen_is_for_those_who_may_view_or_take_payments(address: str) -> None:
    client = browser_of(staff("connections.view_application"))

    assert client.get(f"{CASHIER}{address}").status_code == 403


def test_who_may_look_and_not_take_has_no_form_and_no_way_round() -> None:
    wanted = order()
    client = browser_of(staff("billing.view_payment"))

    assert "Your account may look, and not take payments." in text_of(client, at_the_cashier(wanted))
    assert client.post(at_the_cashier(wanted), typed()).status_code == 403


def test_a_cashier_needs_no_other_permission() -> None:
    wanted = order()
    client = browser_of(staff("billing.add_payment"))

    done = client.post(at_the_cashier(wanted), typed(), follow=True)

    assert done.status_code == 200
    assert "Cashier" in text_of(client, "/admin/")


@pytest.mark.parametrize("address", ["999/", "999999999999999999999/", "done/999/"])
def test_what_is_not_there_is_not_found(address: str) -> None:
    assert boss().get(f"{CASHIER}{address}").status_code == 404


def test_each_provider_takes_its_own_currency() -> None:
    kuwait = new_provider(code="kuwait_power", currency="KWD", area=False)
    wanted = order(offering=offering(provider=kuwait, code="kw", terms=()))
    client = boss()

    client.post(at_the_cashier(wanted), typed(amount="1.235", key=str(uuid4())))

    assert str(Payment.objects.get()) == "1.235 KWD"
