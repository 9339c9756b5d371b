"""One buyer app never learns of another's orders: asked about one, we answer as if it did not exist, byte for byte."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from beckn_adapter.models import Conversation, Message
from beckn_adapter.sandbox import orders
from connections.models import Application, Feedback, SupportRequest
from tests.beckn_adapter.conversation import BAP, Json, answer, application, new_id, place_order, receive, request

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]
EVE = "eve.test"
NOBODYS = "conn-order-999999"
Question = tuple[str, Callable[[str], Json]]

QUESTIONS: list[Question] = [
    ("status", lambda order: {"order_id": order}),
    ("track", lambda order: {"order_id": order}),
    ("cancel", lambda order: {"order_id": order, "cancellation_reason_id": "c1"}),
    ("cancel", lambda order: {"order_id": order, "cancellation_reason_id": "no such reason"}),
    (
        "cancel",
        lambda order: {"order_id": order, "cancellation_reason_id": "c1", "descriptor": {"code": "SOFT_CANCEL"}},
    ),
    ("update", lambda order: {"update_target": "billing", "order": {"id": order, "billing": {"name": "Eve"}}}),
    ("update", lambda order: {"update_target": "no such target", "order": {"id": order}}),
    ("support", lambda order: {"support": {"ref_id": order, "callback_phone": "+14155550100"}}),
    ("support", lambda order: {"ref_id": order}),
]


def ask_as(bap: str, action: str, message: Json, transaction_id: str) -> str:
    """The callback's text, without what differs from message to message."""
    body = request(action, message, transaction_id=transaction_id, bap_id=bap, bap_uri=f"https://{bap}/beckn")
    callback = answer(receive(body, sender=bap))
    for name in ("message_id", "timestamp", "transaction_id"):
        callback["context"].pop(name)
    return json.dumps(callback)


def traces() -> tuple[Any, ...]:
    """What a question about an order may not change."""
    return (
        list(Application.objects.order_by("pk").values()),
        list(Conversation.objects.order_by("pk").values()),
        Feedback.objects.count(),
        SupportRequest.objects.count(),
    )


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda row: f"{row[0]} {json.dumps(row[1](''))[:60]}")
@pytest.mark.parametrize("thread", ["in a transaction of her own", "in the owner's transaction"])
def test_somebody_elses_order_is_answered_like_one_that_does_not_exist(question: Question, thread: str) -> None:
    transaction_id, order = place_order()
    action, message = question
    before = traces()
    where = transaction_id if thread == "in the owner's transaction" else new_id()

    theirs = ask_as(EVE, action, message(order["id"]), where)
    nobodys = ask_as(EVE, action, message(NOBODYS), where)

    assert theirs == nobodys
    assert json.loads(theirs)["error"]["code"] == "30010"
    assert traces() == before
    assert not Message.objects.filter(bap_id=EVE).exclude(application=None).exists()


@pytest.mark.parametrize("entity", ["Order", "Item", "Provider", "Agent"])
def test_rating_in_somebody_elses_transaction_is_like_rating_in_none(entity: str) -> None:
    transaction_id, order = place_order()
    ids = {"Item": "new-resi-connection", "Provider": "sf_electric_authority"}
    rating = {"ratings": [{"rating_category": entity, "id": ids.get(entity, order["id"]), "value": "1"}]}
    before = traces()

    theirs = ask_as(EVE, "rating", rating, transaction_id)
    nobodys = ask_as(EVE, "rating", rating, new_id())

    assert theirs == nobodys
    assert json.loads(theirs)["error"]["code"] == "30010"
    assert traces() == before


def test_rating_somebody_elses_order_from_an_order_of_ones_own_finds_nothing() -> None:
    _, order = place_order()
    own = order_of(EVE)

    answers = [
        ask_as(EVE, "rating", {"ratings": [{"rating_category": "Order", "id": id_, "value": "1"}]}, own)
        for id_ in (order["id"], NOBODYS)
    ]

    assert answers[0] == answers[1]
    assert json.loads(answers[0])["error"]["code"] == "30014"


def test_an_order_in_somebody_elses_transaction_is_an_order_of_ones_own() -> None:
    """The same transaction_id under another buyer app is another transaction: neither sees or stops the other."""
    transaction_id, order = place_order()

    order_of(EVE, transaction_id)

    assert sorted(Conversation.objects.values_list("bap_id", flat=True)) == [BAP, EVE]
    numbers = set(Application.objects.values_list("number", flat=True))
    assert len(numbers) == 2
    assert order["id"] in numbers


def order_of(bap: str, transaction_id: str = "") -> str:
    """init and confirm by another buyer app; its transaction."""
    where = transaction_id or new_id()
    who = {"transaction_id": where, "bap_id": bap, "bap_uri": f"https://{bap}/beckn"}
    terms = answer(receive(request("init", {"order": application()}, **who), sender=bap))["message"]["order"]
    agreed = orders.agreement(application(), terms)
    confirmed = answer(receive(request("confirm", {"order": agreed}, **who), sender=bap))
    assert "error" not in confirmed
    return where
