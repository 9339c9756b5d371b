"""init opens a draft, or says what is wrong with it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from beckn_adapter.models import Conversation
from connections.models import Application, Offering, PaymentTerm, ServiceArea
from tests.beckn_adapter.conversation import BAP, MARIA, application, ask, new_id, place_order

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]

LOST_SIGN = replace(MARIA, gps="37.774921,122.419424")


def init(order: dict[str, Any], **context: Any) -> dict[str, Any]:
    return ask("init", {"order": order}, **context)


def without(order: dict[str, Any], *path: Any) -> dict[str, Any]:
    thing: Any = order
    for step in path[:-1]:
        thing = thing[step]
    del thing[path[-1]]
    return order


def changed(order: dict[str, Any], value: Any, *path: Any) -> dict[str, Any]:
    thing: Any = order
    for step in path[:-1]:
        thing = thing[step]
    thing[path[-1]] = value
    return order


CUSTOMER = ("fulfillments", 0, "customer")
LOCATION = ("fulfillments", 0, "stops", 0, "location")


def test_init_opens_a_draft_with_one_pending_document_per_requirement() -> None:
    init(application(), transaction_id="6f2b6f6a-7d0f-4a1e-9c56-0a44f9c0d001")

    draft = Application.objects.get()
    assert draft.fulfillment_state == "DRAFT"
    assert (draft.source, draft.source_reference) == (BAP, "6f2b6f6a-7d0f-4a1e-9c56-0a44f9c0d001")
    assert (draft.applicant_name, draft.applicant_phone) == ("Maria", "+14155553333")
    assert list(draft.documents.values_list("name", "state")) == [
        ("ID proof", "PENDING"),
        ("ownership certificate", "PENDING"),
        ("wiring diagram", "PENDING"),
    ]
    assert Conversation.objects.get().application == draft


def test_on_init_tells_the_quote_the_payments_and_a_form_with_a_heading_per_document() -> None:
    order = init(application())["message"]["order"]

    assert order["payments"] == [
        {
            "type": "ON-FULFILLMENT",
            "collected_by": "BPP",
            "status": "NOT-PAID",
            "params": {"amount": "150", "currency": "USD"},
        }
    ]
    head = order["items"][0]["xinput"]["head"]
    assert head["headings"] == ["ID proof", "ownership certificate", "wiring diagram"]
    assert head["index"] == {"min": 0, "cur": 0, "max": 2}
    assert [term["cancellation_fee"]["percentage"] for term in order["cancellation_terms"]] == ["0", "10", "25", "50"]


def test_a_utility_without_terms_asks_the_full_quote() -> None:
    PaymentTerm.objects.all().delete()

    payments = init(application())["message"]["order"]["payments"]

    assert [payment["params"]["amount"] for payment in payments] == ["200"]


def test_a_share_of_the_quote_is_worked_out() -> None:
    PaymentTerm.objects.all().delete()
    offering = Offering.objects.get(code="new-resi-connection")
    PaymentTerm.objects.create(offering=offering, type="PRE_FULFILLMENT", percent=25)
    PaymentTerm.objects.create(offering=offering, type="POST_FULFILLMENT", percent=75, position=1)

    payments = init(application())["message"]["order"]["payments"]

    assert [(payment["type"], payment["params"]["amount"]) for payment in payments] == [
        ("PRE-FULFILLMENT", "50"),
        ("POST-FULFILLMENT", "150"),
    ]


def test_a_lost_sign_is_accepted_kept_as_sent_and_flagged_for_staff() -> None:
    order = init(application(LOST_SIGN))["message"]["order"]

    draft = Application.objects.get()
    assert order["fulfillments"][0]["stops"][0]["location"]["gps"] == "37.774921,122.419424"
    assert draft.position_as_given == "37.774921,122.419424"
    assert draft.attention == (
        "Check the position: the position is in San Francisco only as 37.7749, -122.419: a sign seems lost."
    )


def test_premises_without_a_position_are_judged_by_the_city() -> None:
    order = without(application(), *LOCATION, "gps")

    assert "error" not in init(order)
    assert init(order, location={"city": {"code": "NANP:212"}})["error"]["code"] == "40000"


def test_premises_are_judged_by_postcode_where_the_area_lists_postcodes() -> None:
    ServiceArea.objects.update(polygon=[], postcodes=["94110"])
    order = without(application(), *LOCATION, "gps")

    inside = init(changed(order, "94110", *LOCATION, "area_code"))
    outside = init(changed(order, "10001", *LOCATION, "area_code"))

    assert inside["message"]["order"]["fulfillments"][0]["stops"][0]["location"]["area_code"] == "94110"
    assert outside["error"]["message"] == (
        "San Francisco Electric Authority does not serve this place: postcode 10001 is in no service area."
    )


REFUSALS = [
    (
        "a place that is not served",
        application(replace(MARIA, gps="40.7,-74.0")),
        "40000",
        "San Francisco Electric Authority does not serve this place: the position is outside every service area.",
        "/message/order/fulfillments/0/stops/0/location",
    ),
    (
        "a position that can not be read",
        application(replace(MARIA, gps="somewhere")),
        "30000",
        "gps is 'somewhere', latitude,longitude in degrees was expected.",
        "/message/order/fulfillments/0/stops/0/location/gps",
    ),
    (
        "a latitude beyond the pole",
        application(replace(MARIA, gps="91.0,10.0")),
        "30000",
        "gps is '91.0,10.0', latitude,longitude in degrees was expected.",
        "/message/order/fulfillments/0/stops/0/location/gps",
    ),
    (
        "no address",
        application(replace(MARIA, address="  ")),
        "30000",
        "The address of the premises is missing.",
        "/message/order/fulfillments/0/stops/0/location/address",
    ),
    (
        "no name anywhere",
        application(replace(MARIA, name="")),
        "30000",
        "The applicant's name is missing.",
        "/message/order/fulfillments/0/customer/person/name",
    ),
    (
        "neither telephone nor e-mail",
        application(replace(MARIA, phone="", email="")),
        "30000",
        "The applicant's telephone number or e-mail address is missing.",
        "/message/order/fulfillments/0/customer/contact",
    ),
    (
        "a telephone number that is none",
        application(replace(MARIA, phone="call me")),
        "30000",
        "'call me' is not a telephone number.",
        "/message/order/fulfillments/0/customer/contact/phone",
    ),
    (
        "an e-mail address that is none",
        changed(application(), "maria", "billing", "email"),
        "30000",
        "'maria' is not an e-mail address.",
        "/message/order/billing/email",
    ),
    (
        "an endless name",
        application(replace(MARIA, name="x" * 201)),
        "30000",
        "The text is longer than 200 characters.",
        "/message/order/fulfillments/0/customer/person/name",
    ),
    (
        "no load",
        application(replace(MARIA, load_kw="")),
        "30000",
        "The tag requested_load_kw is missing.",
        "/message/order/items/0/tags",
    ),
    (
        "a load out of range",
        application(replace(MARIA, load_kw="50")),
        "40000",
        "Residential Electricity Connection serves loads from 1 to 20 kW; 50 kW was asked for.",
        "/message/order/items/0/tags",
    ),
    (
        "an unknown provider",
        application(provider="nobody"),
        "30001",
        "No provider has the id 'nobody'.",
        "/message/order/provider/id",
    ),
]


@pytest.mark.parametrize(("case", "order", "code", "message", "path"), REFUSALS, ids=[row[0] for row in REFUSALS])
def test_init_says_what_is_wrong_and_leaves_nothing_behind(
    case: str, order: dict[str, Any], code: str, message: str, path: str
) -> None:
    answer = init(order)

    assert answer["error"] == {"code": code, "message": message, "paths": path}
    assert not Application.objects.exists()


def test_the_billing_contact_stands_in_where_the_customer_has_none() -> None:
    init(without(application(), *CUSTOMER))

    draft = Application.objects.get()
    assert (draft.applicant_name, draft.applicant_phone) == ("Maria", "+14155553333")


def test_a_second_init_corrects_the_same_draft() -> None:
    transaction = new_id()
    init(application(), transaction_id=transaction)

    answer = init(application(replace(MARIA, name="Maria Park", load_kw="7")), transaction_id=transaction)

    assert Application.objects.get().applicant_name == "Maria Park"
    assert answer["message"]["order"]["fulfillments"][0]["customer"]["person"]["name"] == "Maria Park"
    assert [event.kind for event in Application.objects.get().events.all()] == [
        "application.opened",
        "application.revised",
    ]


def test_the_documents_follow_when_a_second_init_wants_another_offering() -> None:
    transaction = new_id()
    init(application(), transaction_id=transaction)

    init(application(item="new-comm-connection"), transaction_id=transaction)

    names = list(Application.objects.get().documents.values_list("name", flat=True))
    assert names == ["Business license", "wiring plan", "ID proof"]


def test_an_init_after_the_order_is_refused_with_the_order_id() -> None:
    transaction, order = place_order()

    answer = init(application(), transaction_id=transaction)

    assert answer["error"]["message"] == f"This application is already ordered as {order['id']}."


def test_the_same_transaction_id_of_two_buyer_apps_is_two_applications() -> None:
    transaction = new_id()
    ours, theirs = application(), application(replace(MARIA, name="Noor"))

    from tests.beckn_adapter.conversation import answer, receive, request  # noqa: PLC0415

    answer(receive(request("init", {"order": ours}, transaction_id=transaction)))
    other = request("init", {"order": theirs}, transaction_id=transaction, bap_id="other.test")
    answer(receive(other, sender="other.test"))

    assert set(Application.objects.values_list("source", "applicant_name")) == {
        (BAP, "Maria"),
        ("other.test", "Noor"),
    }


def test_the_quote_holds_as_long_as_the_provider_says() -> None:
    init(application())

    valid_until = Application.objects.get().quote.valid_until
    assert timedelta(days=29) < valid_until - timezone.now() <= timedelta(days=30)


def test_the_premises_are_the_end_of_a_line_that_starts_elsewhere() -> None:
    order = application()
    start = {"type": "START", "location": {"address": "Depot, 1 Harbour Rd", "gps": "37.75,-122.40"}}
    order["fulfillments"][0]["stops"].insert(0, start)

    told = init(order)["message"]["order"]["fulfillments"][0]["stops"]

    assert [stop["location"]["address"] for stop in told] == [MARIA.address]
    assert Application.objects.get().address == MARIA.address


def test_a_start_needs_no_place() -> None:
    order = application()
    order["fulfillments"][0]["stops"].insert(0, {"type": "start"})

    assert "error" not in init(order)


def test_a_second_place_is_not_dropped_without_a_word() -> None:
    order = application()
    order["fulfillments"] *= 2

    assert init(order)["error"] == {
        "code": "40000",
        "message": "One connection is ordered at a time.",
        "paths": "/message/order/fulfillments/1",
    }


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("37.7749 , -122.4194", "37.7749, -122.4194"),
        ("37.7749,-122.4194", "37.7749,-122.4194"),
        ("+37.774900, -122.41940", "+37.774900, -122.41940"),
    ],
)
def test_a_position_is_told_back_as_it_was_given_in_cores_spelling(said: str, told: str) -> None:
    order = init(changed(application(), said, *LOCATION, "gps"))["message"]["order"]

    assert order["fulfillments"][0]["stops"][0]["location"]["gps"] == told


@pytest.mark.parametrize("address", ["a..b@x.yz", "<a@b.cc>", "a@b.c.", "ödön@exämple.de", "a@b", "@b.cc"])
def test_an_address_that_no_callback_could_tell_back_is_no_e_mail_address(address: str) -> None:
    error = init(changed(application(), address, "billing", "email"))["error"]

    assert error["message"] == f"{address!r} is not an e-mail address."
    assert error["paths"] == "/message/order/billing/email"
