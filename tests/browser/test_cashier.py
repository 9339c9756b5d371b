"""The cashier's screen in a real browser: with the keyboard alone, twice at once, and on a narrow screen."""

from collections.abc import Callable
from decimal import Decimal as D
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page, expect

from billing.models import Payment
from billing.payments import ask_waiver, report_payment
from connections.actors import Actor
from tests.billing.money import CASHIER, REFUNDS, at_the_cashier, order, paid, refund_page
from tests.browser.conftest import PHONE, Look, come_to_rest, nothing_sticks_out
from tests.connections.desk import page_of

pytestmark = pytest.mark.django_db(transaction=True)
WIDE: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}


def enter(page: Page, live_server: Any) -> User:
    """Log somebody in who may do everything."""
    client, user = Client(), User.objects.create_superuser("anna")
    client.force_login(user)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([cookie])  # type: ignore[list-item]
    return user


def test_a_payment_is_taken_with_the_keyboard_alone(
    new_page: Callable[..., Page], live_server: Any, look: Look
) -> None:
    wanted = order()
    page = new_page(**WIDE)
    enter(page, live_server)
    keys = page.keyboard

    page.goto(CASHIER)
    expect(page.get_by_label("Which order?")).to_be_focused()
    keys.type(wanted.number)
    keys.press("Enter")
    expect(page.get_by_label("Amount in USD")).to_be_focused()
    expect(page.get_by_label("Amount in USD")).to_have_value("50.00")
    look(page, "cashier-1-order")
    keys.press("Enter")  # the method is never guessed
    expect(page.get_by_text("Choose cash, card or transfer.")).to_be_visible()
    look(page, "cashier-2-error")
    keys.press("Tab")
    keys.press("ArrowDown")
    expect(page.get_by_label("Card")).to_be_checked()
    keys.press("Tab")
    keys.type("SLIP-9")
    keys.press("Enter")
    expect(page.get_by_text("50.00 USD received").first).to_be_visible()
    expect(page.get_by_role("link", name="Next order")).to_be_focused()
    look(page, "cashier-3-done")

    assert Payment.objects.get().reference == "SLIP-9"


def test_more_than_is_owed_is_agreed_to_and_paid_back_by_keyboard(
    new_page: Callable[..., Page], live_server: Any, look: Look
) -> None:
    wanted = order()
    page = new_page(**WIDE)
    enter(page, live_server)

    page.goto(at_the_cashier(wanted))
    page.get_by_label("Amount in USD").fill("250.00")
    page.get_by_label("Cash", exact=True).press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Take 250.00 USD")).to_be_focused()
    look(page, "cashier-4-check")
    page.keyboard.press("Enter")
    expect(page.get_by_text("50.00 USD is due back.")).to_be_visible()

    page.goto(REFUNDS)
    look(page, "cashier-5-refunds")
    page.get_by_role("link", name="Pay back conn-order").press("Enter")
    expect(page.get_by_label("Amount in USD")).to_be_focused()
    page.get_by_label("Cash", exact=True).press("Space")
    look(page, "cashier-6-refund")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing more is due back then.")).to_be_visible()
    page.keyboard.press("Enter")

    expect(page.get_by_text("50.00 USD paid back").first).to_be_visible()
    assert sorted((row.amount, row.is_refund) for row in Payment.objects.all()) == [(D(50), True), (D(250), False)]


def test_a_double_click_is_one_payment_and_back_shows_that_it_is_recorded(
    new_page: Callable[..., Page], live_server: Any
) -> None:
    wanted = order()
    page = new_page(**WIDE)
    enter(page, live_server)

    page.goto(at_the_cashier(wanted))
    page.get_by_label("Cash", exact=True).check()
    page.get_by_role("button", name="Take the payment").dblclick()

    expect(page.get_by_text("50.00 USD received").first).to_be_visible()
    page.go_back()
    expect(page.get_by_text("This form is already recorded: 50.00 USD received (cash)")).to_be_visible()
    assert Payment.objects.count() == 1


@pytest.mark.parametrize(("name", "screen"), [("wide", WIDE), ("phone", PHONE)])
def test_every_screen_of_the_money_fits(
    new_page: Callable[..., Page], live_server: Any, look: Look, name: str, screen: dict[str, Any]
) -> None:
    wanted, other = order(), order()
    paid(wanted, "20", method="CARD", reference="SLIP-9")
    paid(other, "260")
    early, late = wanted.instalments.all()
    report = report_payment(late, amount=D(150), reference="UPI-1", actor=Actor.buyer_app("bap.example"))
    page = new_page(**screen)
    waiver = ask_waiver(early, amount=D(30), reason="Flooded street", actor=Actor.staff(enter(page, live_server)))
    screens = {
        "today": "/admin/",
        "find": f"{CASHIER}?q=park",
        "order": at_the_cashier(wanted),
        "refund": refund_page(other),
        "due": "/admin/billing/instalment/",
        "instalment": page_of(late),
        "payment": page_of(wanted.payments.get()),
        "report": page_of(report),
        "match": f"/admin/billing/paymentreport/{report.pk}/advance/match/" if report else "",
        "waiver": page_of(waiver),
        "closings": "/admin/billing/closing/",
        "day": "/admin/billing/closing/day/",
        "ledger": "/admin/billing/entry/",
        "period": f"/admin/billing/entry/period/?provider={wanted.provider_id}&first=2026-01-01&last=2030-01-01",
        "application": page_of(wanted),
        "cancel": f"/admin/connections/application/{wanted.pk}/advance/cancel/",
    }
    for title, address in screens.items():
        page.goto(address)
        come_to_rest(page)  # the desk's frame lays itself out by script
        look(page, f"money-{name}-{title}")

        assert nothing_sticks_out(page), title
