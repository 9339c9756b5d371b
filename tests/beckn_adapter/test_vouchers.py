"""A buyer app is told of the papers of its order, with a link that it can pass on."""

import json
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client

from beckn_adapter.announce import announce_events
from beckn_adapter.models import Callback
from beckn_adapter.sandbox.news import news
from billing.models import Voucher
from billing.vouchers import issue_demand_note
from connections.models import Application
from tests.beckn_adapter.conversation import ask, place_order
from tests.core_schema import violations
from tests.factories import SYSTEM, bring_to

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]


def issue(order: Application) -> Voucher:
    with transaction.atomic():
        voucher = issue_demand_note(order, actor=SYSTEM, everything=True)
    assert voucher is not None
    return voucher


def last_told() -> dict[str, Any]:
    while announce_events():
        pass
    message: dict[str, Any] = json.loads(bytes(Callback.objects.exclude(event=None).latest("id").body))
    return message


def papers_in(message: dict[str, Any]) -> dict[str, dict[str, str]]:
    """The tag groups of papers by their code."""
    groups = {group["descriptor"]["code"]: group["list"] for group in message["message"]["order"]["tags"]}
    return {
        code: {tag["descriptor"]["code"]: tag["value"] for tag in tags}
        for code, tags in groups.items()
        if code in {"demand-note", "invoice"}
    }


def test_an_order_without_papers_tells_of_none() -> None:
    _, order = place_order()

    assert [group["descriptor"]["code"] for group in order["tags"]] == ["connection-progress"]


def test_a_demand_note_is_told_with_number_link_amount_and_day() -> None:
    place_order()
    voucher = issue(Application.objects.get())

    message = last_told()

    assert papers_in(message) == {
        "demand-note": {
            "number": voucher.number,
            "url": f"{settings.PUBLIC_URL}/track/{voucher.application.tracking_id}/papers/{voucher.number}/",
            "amount": "150",
            "amount-due": "150",
            "currency": "USD",
            "due-date": voucher.due_on.isoformat() if voucher.due_on else None,
        }
    }
    assert violations(message, uuid_ids=True) == []
    link = papers_in(message)["demand-note"]["url"]
    assert Client().get(link.removeprefix(settings.PUBLIC_URL)).status_code == 200


def test_only_the_latest_demand_note_is_told_and_the_invoice_beside_it() -> None:
    place_order()
    order = Application.objects.get()
    issue(order)
    latest = issue(order)
    bring_to(order, "CONNECTION_ESTABLISHED")

    message = last_told()

    told = papers_in(message)
    assert told["demand-note"]["number"] == latest.number
    assert (told["invoice"]["amount"], told["invoice"]["amount-due"]) == ("200", "200")
    assert violations(message, uuid_ids=True) == []


def test_a_status_that_is_asked_for_tells_of_the_papers_too() -> None:
    transaction_id, _ = place_order()
    order = Application.objects.get()
    issue(order)

    answer = ask("status", {"order_id": order.number}, transaction_id=transaction_id)

    assert set(papers_in(answer)) == {"demand-note"}


def test_the_sandbox_says_in_words_what_a_paper_asks_for() -> None:
    _, before = place_order()
    voucher = issue(Application.objects.get())

    said = news(before, last_told()["message"]["order"])

    assert said == f"demand note {voucher.number} asks for 150 USD by {voucher.due_on}"
