"""Ratings and calls for help, and what else may be asked about an order."""

from decimal import Decimal
from typing import Any

import pytest

from connections.actors import Actor
from connections.lifecycle import advance
from connections.models import Application, Feedback, Provider, SupportRequest
from fieldwork.models import Finding, Photo, Technician, Visit
from fieldwork.services import assign_visit
from tests.beckn_adapter.conversation import answer, ask, new_id, place_order, receive, request
from tests.factories import bring_to

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]
SYSTEM = Actor.system("test")


@pytest.fixture
def order() -> Application:
    place_order()
    return Application.objects.get()


def rate(order: Application, category: str, value: Any, id_: str = "") -> dict[str, Any]:
    ratings = [{"rating_category": category, "id": id_ or order.number, "value": value}]
    return ask("rating", {"ratings": ratings}, transaction_id=order.source_reference)


def assign(order: Application) -> Visit:
    david = Technician.objects.create(provider=order.provider, name="David C", phone="+14155550101")
    return assign_visit(order.visits.get(), technician=david, actor=SYSTEM)


def test_a_rating_is_kept_and_a_form_for_words_is_offered(order: Application) -> None:
    reply = rate(order, "Order", "4.5")

    assert Feedback.objects.get().value == Decimal("4.5")
    form = reply["message"]["feedback_form"]
    assert form["form"]["url"].endswith(f"/track/{order.tracking_id}/feedback/")


@pytest.mark.parametrize(
    ("category", "id_"),
    [("Item", "new-resi-connection"), ("Fulfillment", "1"), ("provider", "sf_electric_authority"), ("SUPPORT", "")],
)
def test_each_thing_is_rated_by_its_own_id(category: str, id_: str, order: Application) -> None:
    assert "message" in rate(order, category, "5", id_)
    assert Feedback.objects.get().category.lower() == category.lower()


def test_the_technician_is_rated_on_the_visit(order: Application) -> None:
    visit = advance(assign(order), "arrive", actor=SYSTEM)
    Finding.objects.create(visit=visit, feasible=True, phase="SINGLE_PHASE", load_kw=10, service_drop_m=12)
    Photo.objects.create(visit=visit, kind=Photo.Kind.PREMISES, file="x", media_type="image/jpeg")
    advance(visit, "complete", actor=SYSTEM)

    rate(order, "Agent", "3", "David C")

    assert Visit.objects.get(pk=visit.pk).rating == 3


def test_the_last_word_counts(order: Application) -> None:
    rate(order, "Order", "1")
    rate(order, "Order", "5")

    assert Feedback.objects.get().value == 5


@pytest.mark.parametrize(
    ("category", "value", "id_", "code", "path"),
    [
        ("Charger", "5", "", "50003", "/message/ratings/0/rating_category"),
        ("Item", "5", "gas", "30014", "/message/ratings/0/id"),
        ("Agent", "5", "", "30014", "/message/ratings/0/id"),
        ("Order", "6", "", "30015", "/message/ratings/0/value"),
        ("Order", "0", "", "30015", "/message/ratings/0/value"),
        ("Order", "good", "", "30015", "/message/ratings/0/value"),
        ("Order", "NaN", "", "30015", "/message/ratings/0/value"),
        ("Order", "4.55", "", "30015", "/message/ratings/0/value"),
    ],
)
def test_a_rating_of_nothing_or_of_no_value_is_refused(
    category: str, value: str, id_: str, code: str, path: str, order: Application
) -> None:
    error = rate(order, category, value, id_)["error"]

    assert (error["code"], error["paths"]) == (code, path)
    assert not Feedback.objects.exists()


def test_one_bad_rating_keeps_the_good_ones_beside_it_out(order: Application) -> None:
    ratings = [
        {"rating_category": "Order", "id": order.number, "value": "5"},
        {"rating_category": "Item", "id": order.number, "value": "9"},
    ]

    ask("rating", {"ratings": ratings}, transaction_id=order.source_reference)

    assert not Feedback.objects.exists()


def test_a_transaction_without_an_order_has_nothing_to_rate() -> None:
    ratings = [{"rating_category": "Order", "id": "conn-order-001", "value": "5"}]

    error = ask("rating", {"ratings": ratings})["error"]

    assert (error["code"], error["paths"]) == ("30010", "/message/ratings/0/id")


def test_the_categories_can_be_asked_for() -> None:
    reply = ask("get_rating_categories", {})

    assert reply["context"]["action"] == "rating_categories"
    assert reply["message"]["rating_categories"] == ["Item", "Order", "Fulfillment", "Provider", "Agent", "Support"]


def test_support_tells_the_providers_contact(order: Application) -> None:
    reply = ask("support", {"support": {"ref_id": order.number}}, transaction_id=order.source_reference)

    assert reply["message"]["support"] == {
        "ref_id": order.number,
        "phone": "+18004321234",
        "email": "support@sfea.gov",
        "url": f"http://localhost:8000/track/{order.tracking_id}/",
    }


def test_the_reference_is_also_found_where_some_guides_put_it(order: Application) -> None:
    assert ask("support", {"ref_id": order.number})["message"]["support"]["ref_id"] == order.number


def test_who_wants_to_be_called_back_becomes_a_task_for_staff_once(order: Application) -> None:
    for _ in range(2):
        ask("support", {"support": {"ref_id": order.number, "callback_phone": "+14155550000"}})

    task = SupportRequest.objects.get()
    assert (task.application, task.callback_phone, task.done_at) == (order, "+14155550000", None)


def test_without_a_contact_support_is_unavailable() -> None:
    Provider.objects.update(support_phone="", support_email="")

    assert ask("support", {"support": {}})["error"]["code"] == "50004"


def test_status_tells_the_whole_order(order: Application) -> None:
    bring_to(order, "ASSESSMENT_COMPLETED")

    told = ask("status", {"order_id": order.number})["message"]["order"]

    assert told["id"] == order.number
    assert told["fulfillments"][0]["state"]["descriptor"]["code"] == "ASSESSMENT_COMPLETED"


def test_track_points_to_the_page_of_the_order(order: Application) -> None:
    tracking = ask("track", {"order_id": order.number})["message"]["tracking"]

    assert tracking == {
        "id": str(order.tracking_id),
        "url": f"http://localhost:8000/track/{order.tracking_id}/",
        "status": "active",
    }


@pytest.mark.parametrize("shares", [True, False])
def test_the_technicians_position_is_told_on_the_way_if_they_share_it(shares: bool, order: Application) -> None:
    visit = assign(order)
    Technician.objects.update(shares_position=shares, latitude="37.760000", longitude="-122.430000")
    before = ask("track", {"order_id": order.number})["message"]["tracking"]
    advance(visit, "set_out", actor=SYSTEM)

    on_the_way = ask("track", {"order_id": order.number})["message"]["tracking"]

    assert "location" not in before
    assert on_the_way.get("location") == ({"gps": "37.760000,-122.430000"} if shares else None)


def test_with_the_power_on_tracking_is_inactive(order: Application) -> None:
    bring_to(order, "CONNECTION_ESTABLISHED")

    assert ask("track", {"order_id": order.number})["message"]["tracking"]["status"] == "inactive"


def test_what_was_cancelled_is_not_tracked(order: Application) -> None:
    advance(order, "cancel", actor=SYSTEM, reason="no more")

    assert ask("track", {"order_id": order.number})["error"]["code"] == "40005"


ABOUT_AN_ORDER = [
    ("status", lambda number: {"order_id": number}),
    ("track", lambda number: {"order_id": number}),
    ("cancel", lambda number: {"order_id": number, "cancellation_reason_id": "c1"}),
    ("update", lambda number: {"update_target": "billing", "order": {"id": number, "billing": {"name": "Eve"}}}),
    ("support", lambda number: {"support": {"ref_id": number}}),
]


@pytest.mark.parametrize(("action", "message"), ABOUT_AN_ORDER, ids=[row[0] for row in ABOUT_AN_ORDER])
def test_somebody_elses_order_is_answered_exactly_as_one_that_does_not_exist(
    action: str, message: Any, order: Application
) -> None:
    def eve_asks(number: str) -> dict[str, Any]:
        asked = request(action, message(number), bap_id="eve.test", transaction_id=order.source_reference)
        return answer(receive(asked, sender="eve.test"))["error"]

    assert eve_asks(str(order.number)) == eve_asks("conn-order-999")
    assert eve_asks(str(order.number))["code"] == "30010"


def test_nobody_rates_somebody_elses_order(order: Application) -> None:
    ratings = [{"rating_category": "Order", "id": order.number, "value": "1"}]
    asked = request("rating", {"ratings": ratings}, bap_id="eve.test", transaction_id=order.source_reference)

    assert answer(receive(asked, sender="eve.test"))["error"]["code"] == "30010"


def test_a_draft_is_no_order_yet() -> None:
    from tests.beckn_adapter.conversation import application  # noqa: PLC0415

    transaction = new_id()
    ask("init", {"order": application()}, transaction_id=transaction)
    ratings = [{"rating_category": "Order", "id": "x", "value": "1"}]

    assert ask("rating", {"ratings": ratings}, transaction_id=transaction)["error"]["code"] == "30010"


def test_an_order_is_rated_by_its_id_where_the_transaction_has_none(order: Application) -> None:
    ratings = [{"rating_category": "Order", "id": order.number, "value": "4"}]

    assert "error" not in ask("rating", {"ratings": ratings})
    assert Feedback.objects.get().application == order


@pytest.mark.parametrize(("field", "words"), [("callback_phone", "a telephone number"), ("email", "an e-mail address")])
def test_who_can_not_be_reached_by_what_they_give_is_told_so(field: str, words: str, order: Application) -> None:
    error = ask("support", {"support": {"ref_id": order.number, field: "garbage"}})["error"]

    assert (error["message"], error["paths"]) == (f"'garbage' is not {words}.", f"/message/support/{field}")
    assert not SupportRequest.objects.exists()
