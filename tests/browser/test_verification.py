"""Staff look at papers and judge them, in a real browser."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page, expect

from connections.documents.verdicts import reject_document
from connections.models import Application
from tests.browser.conftest import SCREENS, Look, nothing_sticks_out
from tests.connections.intake import files, paper_of, send
from tests.connections.papers import jpeg, pdf, png
from tests.factories import SYSTEM, scheduled_application

__all__ = ["files"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("files")]


@pytest.fixture
def order() -> Application:
    ordered = scheduled_application()
    send(paper_of(ordered), jpeg("Identity card: first try", width=1600, height=1000))
    reject_document(paper_of(ordered), reason="The picture is blurred or too dark to read.", actor=SYSTEM)
    send(paper_of(ordered), jpeg("Identity card", width=1600, height=1000))
    send(paper_of(ordered, "ownership"), png("Deed"))
    send(paper_of(ordered, "wiring"), pdf(pages=2))
    return ordered


def enter(page: Page, live_server: Any) -> None:
    """Log somebody in who may do everything."""
    client = Client()
    client.force_login(User.objects.create_superuser("anna"))
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([cookie])  # type: ignore[list-item]


def test_a_clerk_verifies_rejects_and_waives_one_after_the_other(
    desktop: Page, live_server: Any, order: Application, look: Look
) -> None:
    enter(desktop, live_server)
    desktop.goto(f"/admin/connections/application/{order.pk}/change/")
    desktop.get_by_role("link", name="Check documents (3)").click()
    expect(desktop.get_by_role("heading", name="ID proof, version 2")).to_be_visible()
    expect(desktop.get_by_alt_text("Page 1 of 1")).to_be_visible()
    look(desktop, "verify-1-desktop")

    desktop.get_by_role("button", name="Verify ID proof").click()
    expect(desktop.get_by_role("heading", name="Ownership certificate, version 1")).to_be_visible()
    desktop.get_by_text("It is not good").click()
    desktop.get_by_label("The name is not the applicant's.").check()
    look(desktop, "verify-2-reject-desktop")
    desktop.get_by_role("button", name="Reject Ownership certificate").click()
    expect(desktop.get_by_role("heading", name="Wiring diagram, version 1")).to_be_visible()
    desktop.get_by_text("It is not needed", exact=True).click()
    desktop.get_by_label("Why it is not needed").fill("Seen at the counter")
    desktop.get_by_role("button", name="Waive Wiring diagram").click()

    expect(desktop.get_by_text("No other document waits for a check.")).to_be_visible()
    look(desktop, "verify-3-end-desktop")
    states = {document.code: document.state for document in order.documents.all()}
    assert states == {"id-proof": "VERIFIED", "ownership": "REJECTED", "wiring": "SUBMITTED"}
    assert paper_of(order, "wiring").waiver_reason == "Seen at the counter"
    assert order.holds.filter(closed_at=None).count() == 1


def test_a_rejection_without_reason_stands_where_the_eye_is(
    desktop: Page, live_server: Any, order: Application
) -> None:
    enter(desktop, live_server)
    desktop.goto(f"/admin/connections/application/{order.pk}/documents/")
    desktop.get_by_text("It is not good").click()
    desktop.get_by_role("button", name="Reject ID proof").click()

    expect(desktop.get_by_role("alert")).to_contain_text("Say why")
    expect(desktop.get_by_role("button", name="Reject ID proof")).to_be_visible()


def test_an_older_version_can_be_seen(desktop: Page, live_server: Any, order: Application) -> None:
    enter(desktop, live_server)
    desktop.goto(f"/admin/connections/application/{order.pk}/documents/")

    desktop.get_by_role("link", name="Version 1").click()

    expect(desktop.get_by_text("This is an older version.")).to_be_visible()
    expect(desktop.get_by_role("heading", name=re.compile("version 1"))).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["phone", "desktop"])
def test_the_screen_fits_in_light_and_dark(
    new_page: Callable[..., Page], live_server: Any, order: Application, look: Look, name: str, scheme: str
) -> None:
    page = new_page(**SCREENS[name], color_scheme=scheme)
    enter(page, live_server)

    page.goto(f"/admin/connections/application/{order.pk}/documents/")
    page.get_by_text("It is not good").click()
    expect(page.get_by_alt_text("Page 1 of 1")).to_be_visible()
    look(page, f"verify-{name}-{scheme}")

    assert nothing_sticks_out(page)
