"""A real browser (Debian's Chromium) against a real server: a phone, a desktop, and a page without errors.

Set SERVICEDROP_SCREENSHOTS to a folder to keep what the tests saw.
"""

import os
import random
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page

PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "is_mobile": True,
    "has_touch": True,
    "device_scale_factor": 2,
}
DESKTOP: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
SCREENS = {"phone": PHONE, "desktop": DESKTOP}
Look = Callable[[Page, str], None]


@pytest.fixture
def new_page(browser: Browser, live_server: Any) -> Iterator[Callable[..., Page]]:
    """A page of a kind of screen; after the test none of them may have told of an error or a broken policy."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(**screen: Any) -> Page:
        context = browser.new_context(base_url=live_server.url, **screen)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda problem: complaints.append(str(problem)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        return page

    yield open_page
    for context in contexts:
        context.close()
    # The browser notes an answer like 422 and a cut connection too; those are no mistakes of the page.
    assert [said for said in complaints if not said.startswith("Failed to load resource")] == []


@pytest.fixture
def phone(new_page: Callable[..., Page]) -> Page:
    return new_page(**PHONE)


@pytest.fixture
def desktop(new_page: Callable[..., Page]) -> Page:
    return new_page(**DESKTOP)


@pytest.fixture
def look() -> Look:
    """Keep a picture of the whole page, where a folder for pictures is named."""
    folder = os.environ.get("SERVICEDROP_SCREENSHOTS")

    def keep(page: Page, name: str) -> None:
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)

    return keep


def come_to_rest(page: Page) -> None:
    """Loaded, and its scripts have had their say. Playwright's own "networkidle" may never come on a busy machine."""
    page.wait_for_load_state("load")
    page.wait_for_timeout(300)


def nothing_sticks_out(page: Page) -> bool:
    """No part of the page is wider than the screen."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def large_picture() -> bytes:
    """A JPEG of more than 10 MB: nothing compresses worse than noise."""
    out = BytesIO()
    Image.frombytes("RGB", (3600, 2700), random.Random(7).randbytes(3600 * 2700 * 3)).save(out, "JPEG", quality=95)
    assert out.tell() > 10_000_000
    return out.getvalue()
