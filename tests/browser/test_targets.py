"""Whatever is pressed by itself on the applicant's pages is as large as a thumb: 3 rem (look.md)."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from connections.form_link import form_token
from fieldwork.models import Visit
from tests.billing.paper_trail import page_address
from tests.browser.conftest import nothing_sticks_out
from tests.browser.test_tracking import a_rejected_paper, power_on, utility
from tests.connections.intake import files, paper_of, send
from tests.factories import scheduled_application

__all__ = ["files", "utility"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("files", "utility")]
# A link in a sentence may be as high as the sentence; none stands on these pages.
PRESSED = "a:not(.skip-link), button, summary, textarea, input:not([type=hidden])"
TOO_SMALL = """(parts) => parts.flatMap((e) => {
  const part = e.closest('label') || e, box = part.getBoundingClientRect();
  if (!box.height || (box.height > 47.9 && box.width > 47.9)) return [];
  return [`${part.textContent.trim()}: ${box.width}x${box.height}`];
})"""


def too_small(page: Page, *addresses: str) -> dict[str, Any]:
    """By the page: what a thumb does not find there."""
    found = {}
    for address in addresses:
        page.goto(address)
        assert nothing_sticks_out(page), address
        if small := page.locator(PRESSED).evaluate_all(TOO_SMALL):
            found[address] = small
    return found


def test_a_thumb_finds_everything_on_the_way_to_the_power(phone: Page) -> None:
    page = f"/track/{a_rejected_paper().tracking_id}/"

    assert too_small(phone, page, f"{page}visit/") == {}


def test_a_thumb_finds_everything_when_nobody_came(phone: Page) -> None:
    page = f"/track/{a_rejected_paper().tracking_id}/"
    Visit.objects.update(window_start=timezone.now() - timedelta(days=1), window_end=timezone.now())

    assert too_small(phone, page, f"{page}visit/") == {}


def test_a_thumb_finds_everything_when_the_power_is_on(phone: Page) -> None:
    order = power_on()
    page = f"/track/{order.tracking_id}/"
    papers = [page_address(paper) for paper in order.vouchers.all()]

    assert len(papers) == 3
    assert too_small(phone, page, *papers, f"{page}feedback/") == {}


def test_a_thumb_finds_everything_on_the_document_form(phone: Page) -> None:
    order = scheduled_application()
    send(paper_of(order), original_name="passport.jpg")
    form = f"/documents/{form_token(order)}/"

    assert too_small(phone, form, f"{form}papers/id-proof/", f"{form}check/", "/documents/broken/") == {}
