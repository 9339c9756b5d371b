"""What waits for somebody: reported payments to match, waivers to decide, instalments that are due, and the cards."""

from decimal import Decimal as D
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billing.ledger import account_of, payment_status
from billing.models import Instalment, Payment, PaymentReport, Waiver
from billing.payments import approve_waiver, ask_waiver, report_payment
from connections.actors import Actor
from connections.lifecycle import Refused
from connections.models import Application, Event
from connections.vocabulary import ApplicationState as S
from connections.vocabulary import PaymentStatus
from tests.billing.money import errors_in, order, paid, text_of
from tests.connections.desk import boss, browser_of, page_of, state_of, step
from tests.factories import application, staff

pytestmark = pytest.mark.django_db
DUE = "/admin/billing/instalment/"
BUYER_APP = Actor.buyer_app("bap.example")


# --- Reported payments ----------------------------------------------------------------------------------------------


def report(of: Application | None = None, reference: str = "UPI-1") -> PaymentReport:
    """A buyer app says that the deposit of 50 was paid."""
    early = (of or order()).instalments.all()[0]
    made = report_payment(early, amount=D(50), reference=reference, actor=BUYER_APP)
    assert made
    return made


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


def early_of(of: Application) -> Instalment:
    first: Instalment = of.instalments.all()[0]
    return first


def asked_by(user: Any) -> Waiver:
    return ask_waiver(early_of(order()), amount=D(50), reason="Flooded street", actor=Actor.staff(user))


def decider() -> Any:
    return staff("billing.view_waiver", "billing.approve_waiver", "billing.add_waiver")


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


# --- What is due ----------------------------------------------------------------------------------------------------


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
