"""What waits for somebody: reported payments to match, and waivers to decide."""

from decimal import Decimal as D
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from billing.ledger import account_of, payment_status
from billing.models import Payment, PaymentReport, Waiver
from billing.payments import approve_waiver
from connections.actors import Actor
from connections.lifecycle import Refused
from connections.models import Event
from connections.vocabulary import PaymentStatus
from tests.billing.money import asked_by, decider, early_of, errors_in, order, paid, report, text_of
from tests.connections.desk import boss, browser_of, page_of, state_of, step
from tests.factories import staff

pytestmark = pytest.mark.django_db


# --- Reported payments ----------------------------------------------------------------------------------------------


def found(**changes: Any) -> dict[str, Any]:
    return {"amount": "50.00", "method": "BANK_TRANSFER", "reference": "UPI-1", "key": str(uuid4()), **changes}


def test_a_reported_payment_is_matched_with_money_that_came_in() -> None:
    told, client = report(), boss()

    page = text_of(client, step(told, "match"))
    assert 'value="50.00"' in page
    assert 'value="UPI-1"' in page
    client.post(step(told, "match"), found())

    payment = Payment.objects.get()
    assert (payment.amount, payment.method, payment.reference) == (D(50), "BANK_TRANSFER", "UPI-1")
    assert (state_of(told), PaymentReport.objects.get().payment) == ("MATCHED", payment)
    assert payment_status(told.instalment) == PaymentStatus.PAID


def test_the_amount_counts_as_it_was_found() -> None:
    told = report()

    boss().post(step(told, "match"), found(amount="30.00"))

    assert payment_status(told.instalment) == PaymentStatus.PARTIALLY_PAID


def test_more_than_is_owed_is_asked_about_and_taken_once_somebody_says_yes_to_the_surplus() -> None:
    told, client, form = report(), boss(), found(amount="1500.00")

    asked = client.post(step(told, "match"), form)
    taken_before = Payment.objects.count()
    client.post(step(told, "match"), {**form, "agreed": asked.context["agreed"]})

    assert "1,500.00 USD is more than what is owed: 200.00 USD." in asked.content.decode()
    assert "If you take it, 1,300.00 USD more will be due back to Jonathan Park." in asked.content.decode()
    assert taken_before == 0
    assert (state_of(told), account_of(told.application).refund_due) == ("MATCHED", D(1300))


def test_a_yes_to_another_surplus_is_asked_about_anew() -> None:
    told, client = report(), boss()

    client.post(step(told, "match"), found(amount="1500.00", agreed="10.00"))

    assert (state_of(told), Payment.objects.count()) == ("REPORTED", 0)


def test_going_back_from_the_surplus_keeps_what_was_typed() -> None:
    told, client = report(), boss()

    page = client.post(step(told, "match"), found(amount="1500.00", change="1")).content.decode()

    assert 'value="1500.00"' in page
    assert 'value="UPI-1"' in page
    assert (state_of(told), Payment.objects.count()) == ("REPORTED", 0)


def test_pressed_twice_it_is_matched_once() -> None:
    told, client, form = report(), boss(), found()

    client.post(step(told, "match"), form)
    again = client.post(step(told, "match"), form, follow=True)

    assert again.status_code == 200
    assert Payment.objects.count() == 1
    assert Event.objects.filter(kind="paymentreport.matched").count() == 1


def test_one_payment_is_matched_with_one_report() -> None:
    wanted, client = order(), boss()
    first, second = report(wanted), report(wanted, "UPI-2")
    client.post(step(first, "match"), found())

    refused = client.post(step(second, "match"), found())

    assert "UPI-1 is matched with another report already." in refused.content.decode()
    assert state_of(second) == "REPORTED"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"amount": "x"}, "Enter a number."),
        ({"amount": "50.001"}, "Give the amount with no more than 2 decimals, such as 150.25 USD."),
        ({"reference": ""}, "Give the reference of the bank transfer."),
        ({"method": "PIGEON"}, "Select a valid choice. PIGEON is not one of the available choices."),
    ],
)
def test_a_match_that_says_too_little_is_refused_with_all_that_was_typed(changes: dict[str, str], said: str) -> None:
    told = report()

    response = boss().post(step(told, "match"), found(**changes))

    assert errors_in(response) == [said]
    assert state_of(told) == "REPORTED"


def test_a_match_of_nothing_is_refused_as_a_sentence() -> None:
    response = boss().post(step(report(), "match"), found(amount="0"))

    assert "The amount must be above nothing" in response.content.decode()
    assert not Payment.objects.exists()


def test_a_payment_that_is_not_found_is_rejected_with_a_reason() -> None:
    told, client = report(), boss()

    assert "Say why: whoever asked will read it." in errors_in(client.post(step(told, "reject"), {"reason": " "}))
    client.post(step(told, "reject"), {"reason": "Not on the statement of 12 May"})

    assert state_of(told) == "REJECTED"
    assert payment_status(told.instalment) == PaymentStatus.FAILED
    refused = client.post(step(told, "match"), found())
    assert "can not match now" in refused.content.decode()
    assert not Payment.objects.exists()


@pytest.mark.parametrize("permissions", [(), ("billing.add_payment",), ("billing.match_paymentreport",)])
def test_matching_needs_its_permission_and_that_to_take_payments(permissions: tuple[str, ...]) -> None:
    told = report()
    client = browser_of(staff("billing.view_paymentreport", *permissions))

    refused = client.post(step(told, "match"), found())

    assert "may not" in refused.content.decode()
    assert (state_of(told), Payment.objects.count()) == ("REPORTED", 0)


# --- Waivers --------------------------------------------------------------------------------------------------------


def test_a_waiver_is_asked_for_on_an_instalment_and_changes_nothing_yet() -> None:
    early = early_of(order())
    client = browser_of(staff("billing.view_instalment", "billing.add_waiver"))

    assert 'value="50.00"' in text_of(client, step(early, "waive"))
    done = client.post(step(early, "waive"), {"amount": "30.00", "reason": "Flooded street"}, follow=True)

    assert "Somebody else must decide." in done.content.decode()
    assert (Waiver.objects.get().amount, Waiver.objects.get().state) == (D(30), "ASKED")
    assert account_of(early.application).open == D(200)
    assert client.get(step(early, "waive")).status_code == 302  # one at a time


@pytest.mark.parametrize(
    ("amount", "reason", "said"),
    [
        ("50.01", "Flooded", "Only 50.00 USD is open of this instalment."),
        ("0", "Flooded", "The amount must be above nothing"),
        ("30", "", "Say why it should be waived: the second person will read it."),
    ],
)
def test_a_waiver_of_too_much_of_nothing_or_without_reason_is_refused(amount: str, reason: str, said: str) -> None:
    response = boss().post(step(early_of(order()), "waive"), {"amount": amount, "reason": reason})

    assert said in response.content.decode()
    assert f'value="{amount}"' in response.content.decode()
    assert not Waiver.objects.exists()


def test_another_person_approves_and_it_is_not_owed_any_more() -> None:
    waiver = asked_by(staff("billing.add_waiver"))

    browser_of(decider()).post(step(waiver, "approve"))

    assert state_of(waiver) == "APPROVED"
    assert payment_status(waiver.instalment) == PaymentStatus.PAID
    assert account_of(waiver.application).open == D(150)


def test_whoever_asked_sees_that_somebody_else_must_decide_and_can_not_approve() -> None:
    both = decider()
    waiver, client = asked_by(both), browser_of(both)

    page = text_of(client, page_of(waiver))
    assert "You asked for it: somebody else must decide." in page
    assert step(waiver, "approve") not in page
    refused = client.post(step(waiver, "approve"))

    assert "Whoever asked for the waiver can not approve it" in refused.content.decode()
    assert state_of(waiver) == "ASKED"


def test_four_eyes_are_held_by_the_guard_and_by_the_database() -> None:
    both = decider()
    waiver = asked_by(both)

    with pytest.raises(Refused, match="can not approve it") as refused:
        approve_waiver(waiver, actor=Actor.staff(both))
    with pytest.raises(IntegrityError, match="a_waiver_needs_four_eyes"), transaction.atomic():
        Waiver.objects.filter(pk=waiver.pk).update(state="APPROVED", decided_by=both)
    with pytest.raises(IntegrityError, match="a_waiver_needs_four_eyes"), transaction.atomic():
        Waiver.objects.filter(pk=waiver.pk).update(state="APPROVED", decided_by=None)

    assert refused.value.code == "four_eyes"


def test_a_refusal_says_why() -> None:
    waiver, client = asked_by(staff("billing.add_waiver")), browser_of(decider())

    assert errors_in(client.post(step(waiver, "refuse"), {"reason": ""})) == ["Say why: whoever asked will read it."]
    client.post(step(waiver, "refuse"), {"reason": "The street is dry"})

    assert Waiver.objects.get().refusal == "The street is dry"
    assert account_of(waiver.application).open == D(200)


def test_what_was_paid_meanwhile_is_not_waived() -> None:
    waiver = asked_by(staff("billing.add_waiver"))
    paid(waiver.application, "50")

    refused = browser_of(decider()).post(step(waiver, "approve"))

    assert "Only 0.00 USD is still open of this instalment." in refused.content.decode()
    assert state_of(waiver) == "ASKED"


def test_asking_and_deciding_need_their_permissions() -> None:
    waiver = asked_by(staff("billing.add_waiver"))
    other = early_of(order())
    client = browser_of(staff("billing.view_waiver", "billing.view_instalment"))

    assert "may not approve this" in client.post(step(waiver, "approve")).content.decode()
    asked = client.post(step(other, "waive"), {"amount": "5", "reason": "x"})
    assert "may not do this with money" in asked.content.decode()
    assert Waiver.objects.count() == 1
