"""confirm makes the order that on_init offered, once, or names the field that differs."""

from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from beckn_adapter import drain
from beckn_adapter.models import Callback, Message
from beckn_adapter.sandbox import orders
from connections.lifecycle import advance
from connections.models import Application, Event, Offering, PaymentTerm, PriceLine
from connections.services import amend_application
from tests.beckn_adapter.conversation import MARIA, application, ask, new_id, place_order, receive, request
from tests.conftest import AtOnce
from tests.factories import SYSTEM

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]


def offer(transaction: str) -> dict[str, Any]:
    """init in this transaction; the order of a confirm that agrees in every field."""
    terms = ask("init", {"order": application()}, transaction_id=transaction)["message"]["order"]
    return {**orders.agreement(application(), terms), "quote": deepcopy(terms["quote"])}


def confirm(order: dict[str, Any], transaction: str) -> dict[str, Any]:
    return ask("confirm", {"order": order}, transaction_id=transaction)


def test_confirm_schedules_the_application_and_opens_the_assessment_visit() -> None:
    _, order = place_order()

    ordered = Application.objects.get()
    assert ordered.fulfillment_state == "SCHEDULED"
    assert order["id"] == ordered.number == f"conn-order-{ordered.pk:03d}"
    assert list(ordered.visits.values_list("kind", "state")) == [("ASSESSMENT", "SCHEDULED")]


def test_on_confirm_tells_status_state_and_times() -> None:
    _, order = place_order()

    assert order["status"] == "ACTIVE"
    assert order["fulfillments"][0]["state"]["descriptor"] == {
        "code": "Scheduled",
        "name": "Connection Visit Scheduled",
    }
    assert order["created_at"] <= order["updated_at"]
    assert order["tags"][0]["list"][0] == {"descriptor": {"code": "connection-status"}, "value": "PENDING"}


def test_the_timeline_says_who_ordered() -> None:
    place_order()

    events = Event.objects.filter(application__isnull=False)
    assert [(event.kind, event.actor) for event in events] == [
        ("application.opened", "buyer app buyer.test"),
        ("application.scheduled", "buyer app buyer.test"),
        ("visit.scheduled", "buyer app buyer.test"),
    ]


def test_a_second_confirm_under_a_new_message_id_is_told_the_same_order() -> None:
    transaction = new_id()
    order = offer(transaction)

    first, second = confirm(order, transaction), confirm(order, transaction)

    assert first["message"]["order"] == second["message"]["order"]
    assert Event.objects.filter(kind="application.scheduled").count() == 1


@pytest.mark.parametrize("amount", [Decimal(0), Decimal(150)])
@pytest.mark.parametrize("falls_due", ["PRE_ORDER", "PRE_FULFILLMENT", "ON_FULFILLMENT"])
def test_a_new_order_is_told_as_it_is_told_when_its_books_are_looked_into(falls_due: str, amount: Decimal) -> None:
    PaymentTerm.objects.update(type=falls_due, amount=amount, percent=None)
    transaction = new_id()
    order = offer(transaction)
    order["payments"][0].update(status="PAID", params={"transaction_id": "UPI-7"})

    first, second = confirm(order, transaction), confirm(order, transaction)

    assert first["message"]["order"] == second["message"]["order"]


def test_a_confirm_that_leaves_things_out_accepts_what_was_offered() -> None:
    transaction = new_id()
    offer(transaction)
    bare = {"provider": {"id": "sf_electric_authority"}, "items": [{"id": "new-resi-connection"}]}

    assert confirm(bare, transaction)["message"]["order"]["status"] == "ACTIVE"


def test_an_order_whose_paper_was_rejected_before_is_told_as_waiting_for_it() -> None:
    transaction = new_id()
    order = offer(transaction)
    paper = Application.objects.get().documents.all()[0]
    advance(advance(paper, "submit", actor=SYSTEM), "reject", actor=SYSTEM, reason="Not readable")

    tags = confirm(order, transaction)["message"]["order"]["tags"][0]["list"]

    assert [(tag["descriptor"]["code"], tag["value"]) for tag in tags[:2]] == [
        ("connection-status", "ON_HOLD"),
        (f"document-{paper.code}", "REJECTED"),
    ]


def test_the_price_that_was_offered_holds_when_the_catalogue_changes() -> None:
    transaction = new_id()
    order = offer(transaction)
    PriceLine.objects.update(amount=999)

    confirmed = confirm(order, transaction)["message"]["order"]

    assert confirmed["quote"] == order["quote"]
    assert confirmed["items"][0]["price"]["estimated_value"] == "200"


def test_the_terms_that_were_offered_hold_when_the_offering_is_taken_off() -> None:
    transaction = new_id()
    order = offer(transaction)
    Offering.objects.update(active=False)

    assert confirm(order, transaction)["message"]["order"]["status"] == "ACTIVE"


PAYMENT = ("payments", 0)
CUSTOMER = ("fulfillments", 0, "customer")
LOCATION = ("fulfillments", 0, "stops", 0, "location")
DIFFERENCES = [
    (("provider", "id"), "oakland", "30000", "The provider"),
    (("items", 0, "id"), "new-comm-connection", "30000", "The item"),
    (("items", 0, "tags", 1, "list", 0, "value"), "6", "30000", "The requested load"),
    (("items", 0, "tags", 1, "list", 1, "value"), "301", "30000", "The estimated consumption"),
    (("items", 0, "tags", 0, "list", 0, "value"), "Producer", "30000", "The user type"),
    (("billing", "name"), "Somebody Else", "30000", "The billing name"),
    (("billing", "email"), "else@example.com", "30000", "The billing e-mail address"),
    (("billing", "phone"), "+14155550000", "30000", "The billing telephone number"),
    (("billing", "address"), "1 Elsewhere", "30000", "The billing address"),
    ((*CUSTOMER, "person", "name"), "Somebody Else", "30000", "The applicant's name"),
    ((*CUSTOMER, "contact", "phone"), "+14155550000", "30000", "The applicant's telephone number"),
    ((*CUSTOMER, "contact", "email"), "else@example.com", "30000", "The applicant's e-mail address"),
    ((*LOCATION, "address"), "1 Elsewhere", "30000", "The address"),
    ((*LOCATION, "gps"), "37.78,-122.41", "30000", "The position"),
    (("quote", "price", "value"), "100", "40003", "The quote"),
    (("quote", "price", "currency"), "EUR", "40003", "The currency"),
    (("quote", "breakup", 0, "price", "value"), "1", "40003", "The sum of the breakup"),
    ((*PAYMENT, "type"), "PRE-ORDER", "40004", "The payment type"),
    ((*PAYMENT, "collected_by"), "BAP", "40004", "Who collects"),
    ((*PAYMENT, "params", "amount"), "15", "40004", "The amount"),
    ((*PAYMENT, "params", "currency"), "EUR", "40004", "The currency"),
]


@pytest.mark.parametrize(
    ("path", "value", "code", "what"), DIFFERENCES, ids=["/".join(map(str, row[0])) for row in DIFFERENCES]
)
def test_a_confirm_that_differs_is_refused_by_name(path: tuple[Any, ...], value: str, code: str, what: str) -> None:
    transaction = new_id()
    order = offer(transaction)
    thing: Any = order
    for step in path[:-1]:
        thing = thing[step]
    thing[path[-1]] = value

    error = confirm(order, transaction)["error"]

    assert (error["code"], error["message"]) == (code, f"{what} differs from what on_init offered.")
    assert error["paths"].startswith("/message/order/" + str(path[0]))
    assert Application.objects.get().fulfillment_state == "DRAFT"


NAMED = [
    ("the quantity", ("items", 0), {"quantity": {"selected": {"count": 2}}}, "40002"),
    ("an offer", (), {"offers": [{"id": "half-price"}]}, "30006"),
    ("an add-on", (), {"add_ons": [{"id": "a1"}]}, "30007"),
    ("an item's add-on", ("items", 0), {"add_ons": [{"id": "a1"}]}, "30007"),
    ("a location", ("provider",), {"locations": [{"id": "99"}]}, "30002"),
    ("a category", ("items", 0), {"category_ids": ["99"]}, "30003"),
    ("a way of serving", ("fulfillments", 0), {"type": "DELIVERY"}, "30008"),
    ("a phase", ("items", 0, "tags", 0, "list", 0), {"descriptor": {"code": "phase"}, "value": "Quad"}, "40000"),
]


@pytest.mark.parametrize(("case", "place", "more", "code"), NAMED, ids=[row[0] for row in NAMED])
def test_a_confirm_that_names_what_there_is_not_is_refused_as_an_init_is(
    case: str, place: tuple[Any, ...], more: dict[str, Any], code: str
) -> None:
    transaction = new_id()
    order = offer(transaction)
    thing: Any = order
    for step in place:
        thing = thing[step]
    thing.update(more)

    assert confirm(order, transaction)["error"]["code"] == code
    assert Application.objects.get().fulfillment_state == "DRAFT"


def test_the_same_confirm_is_told_the_order_as_it_has_become() -> None:
    transaction = new_id()
    order = offer(transaction)
    confirm(order, transaction)
    amend_application(Application.objects.get(), changes={"billing_phone": "+14155550999"}, actor=SYSTEM)

    again = confirm(order, transaction)

    assert again["message"]["order"]["billing"]["phone"] == "+14155550999"
    assert Event.objects.filter(kind="application.scheduled").count() == 1


def test_another_confirm_of_an_order_must_agree_with_the_order() -> None:
    transaction = new_id()
    order = offer(transaction)
    confirm(order, transaction)
    order["billing"]["name"] = "Somebody Else"

    error = confirm(order, transaction)["error"]

    assert error["message"] == "The billing name differs from the order."


def test_a_confirm_that_was_refused_before_is_not_taken_for_the_one_that_was_accepted() -> None:
    transaction = new_id()
    order = offer(transaction)
    wrong = deepcopy(order)
    wrong["billing"]["name"] = "Somebody Else"
    confirm(wrong, transaction)
    confirm(order, transaction)

    assert confirm(wrong, transaction)["error"]["message"] == "The billing name differs from the order."


def test_spellings_numbers_and_spaces_are_no_difference() -> None:
    transaction = new_id()
    order = offer(transaction)
    order["payments"][0].update(type="on_fulfillment", collected_by="bpp", params={"amount": "150.00"})
    order["quote"]["price"]["value"] = "200.00"
    order["items"][0]["tags"][0]["list"][0]["value"] = "CONSUMER"
    order["fulfillments"][0]["stops"][0]["location"]["gps"] = "37.774921, -122.4194240"
    order["billing"]["name"] = " Maria "

    assert "error" not in confirm(order, transaction)


def test_another_number_of_payments_is_refused() -> None:
    transaction = new_id()
    order = offer(transaction)
    order["payments"] *= 2

    error = confirm(order, transaction)["error"]

    assert (error["code"], error["message"]) == ("40004", "The number of payments differs from what on_init offered.")


def test_an_unknown_way_of_serving_is_refused() -> None:
    transaction = new_id()
    order = offer(transaction)
    order["fulfillments"][0]["id"] = "7"

    assert confirm(order, transaction)["error"]["code"] == "30008"


def test_a_confirm_without_an_init_is_refused() -> None:
    error = confirm(application(), new_id())["error"]

    assert error["message"] == "This transaction has no init to confirm."
    assert error["paths"] == "/context/transaction_id"


def test_nobody_confirms_somebody_elses_transaction() -> None:
    transaction = new_id()
    order = offer(transaction)
    theirs = request("confirm", {"order": order}, transaction_id=transaction, bap_id="other.test")

    drain.work(receive(theirs, sender="other.test"))

    assert Callback.objects.get(bap_id="other.test").body
    assert Application.objects.get().fulfillment_state == "DRAFT"


@pytest.mark.django_db(transaction=True)
def test_fifty_confirms_at_once_are_one_order(at_once: AtOnce) -> None:
    transaction = new_id()
    order = offer(transaction)
    rows = [receive(request("confirm", {"order": order}, transaction_id=transaction)) for _ in range(50)]
    connection.close()

    at_once(50, lambda: drain.work(rows.pop()))
    for late in Message.objects.filter(state="RECEIVED"):  # gave up waiting for the others: its turn comes again
        drain.work(late)

    assert Event.objects.filter(kind="application.scheduled").count() == 1
    answers = Callback.objects.filter(action="on_confirm")
    assert answers.count() == 50
    assert {row.application_id for row in answers} == {Application.objects.get().pk}


def test_two_orders_have_two_numbers() -> None:
    _, first = place_order()
    _, second = place_order(replace(MARIA, name="Noor"))

    assert first["id"] != second["id"]
