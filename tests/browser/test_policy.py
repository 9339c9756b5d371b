"""Every kind of page in a real browser: nothing that it loads or runs is refused by its own policy.

`new_page` fails a test whose console told of an error, which is how a browser reports a broken policy.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page, Response, expect

from beckn_adapter.sandbox.buyer import BuyerApp
from beckn_adapter.sandbox.registry import Registry
from connections.form_link import form_token
from connections.models import Application
from fieldwork.models import Technician
from fieldwork.services import assign_visit
from tests.browser.conftest import Look, come_to_rest
from tests.connections.intake import files, paper_of, send
from tests.connections.papers import jpeg
from tests.factories import SYSTEM, application_in, scheduled_application
from tests.fieldwork.premises import ravi

__all__ = ["files"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("files")]
DESK_PAGES = [
    "",
    "connections/application/",
    "connections/application/add/",
    "connections/application/{order}/change/",
    "connections/application/{order}/documents/",
    "connections/application/{order}/advance/cancel/",
    "connections/offering/{offering}/change/",
    "connections/provider/{provider}/change/",
    "connections/document/",
    "fieldwork/visit/",
    "fieldwork/visit/add/",
    "fieldwork/technician/{technician}/change/",
    "fieldwork/meter/add/",
    "billing/payment/",
    "beckn_adapter/message/",
    "beckn_adapter/callback/",
    "auth/user/",
    "auth/user/{clerk}/change/",
    "axes/accessattempt/",
    "password_change/",
    "second-step/set-up/",
]


@pytest.fixture
def order() -> Application:
    ordered = scheduled_application()
    send(paper_of(ordered), jpeg("Identity card"))
    return ordered


@pytest.fixture
def worker(order: Application) -> Technician:
    return ravi(shares_position=True)


def enter(page: Page, live_server: Any, user: User) -> None:
    client = Client()
    client.force_login(user)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([cookie])  # type: ignore[list-item]


def open_page(page: Page, address: str) -> Response:
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 200, address
    come_to_rest(page)
    return answer


def policy_of(answer: Response) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in answer.headers["content-security-policy"].split(";"))
    return {directive: sources for directive, _, sources in parts}


def test_every_page_of_the_desk_keeps_its_policy(
    desktop: Page, live_server: Any, order: Application, worker: Technician
) -> None:
    clerk = User.objects.create_superuser("anna")
    enter(desktop, live_server, clerk)
    known = {
        "order": order.pk,
        "offering": order.offering_id,
        "provider": order.provider_id,
        "technician": worker.pk,
        "clerk": clerk.pk,
    }

    for name in DESK_PAGES:
        policy = policy_of(open_page(desktop, f"/admin/{name.format(**known)}"))
        assert "unsafe" not in policy["style-src-elem"], name
        assert "unsafe-inline" not in policy["script-src"], name
        assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'", name


def test_the_menus_of_the_desk_still_open(desktop: Page, live_server: Any, order: Application, look: Look) -> None:
    enter(desktop, live_server, User.objects.create_superuser("anna"))
    open_page(desktop, "/admin/auth/user/")

    desktop.locator("input.action-select").first.check()
    expect(desktop.locator("select[name=action]")).to_be_visible()
    desktop.get_by_text("unfold_more").click()
    expect(desktop.get_by_role("link", name="Second step at log-in")).to_be_visible()
    look(desktop, "policy-list")
    colour = desktop.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--color-primary-600')")
    assert colour.strip() != ""


def test_the_log_in_page_and_the_public_pages_keep_their_policy(
    new_page: Callable[..., Page], order: Application, live_server: Any
) -> None:
    page = new_page()
    done = application_in("CONNECTION_ESTABLISHED")
    public = [
        "/field/login/",
        f"/track/{order.tracking_id}/",
        f"/track/{done.tracking_id}/feedback/",
        f"/documents/{form_token(order)}/",
        f"/documents/{form_token(order)}/check/",
    ]

    for address in public:
        assert "unsafe" not in open_page(page, address).headers["content-security-policy"], address
    open_page(page, "/admin/login/")


def test_the_technicians_pages_keep_their_policy(phone: Page, worker: Technician, live_server: Any) -> None:
    visit = assign_visit(scheduled_application().visits.get(), technician=worker, actor=SYSTEM)
    assert worker.user is not None
    enter(phone, live_server, worker.user)

    for name in ("", f"visits/{visit.pk}/", f"visits/{visit.pk}/no-access/"):
        assert "unsafe" not in open_page(phone, f"/field/{name}").headers["content-security-policy"], name


def test_the_pages_of_errors_keep_their_policy(desktop: Page) -> None:
    answer = desktop.goto("/nowhere/")

    assert answer is not None
    assert answer.status == 404
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_the_sandbox_keeps_its_policy(new_page: Callable[..., Page]) -> None:
    page = new_page()

    with Registry() as registry, BuyerApp(registry.url, "") as buyer:
        assert "unsafe" not in open_page(page, buyer.url).headers["content-security-policy"]
