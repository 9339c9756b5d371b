"""A technician with a phone in a browser: the login, the camera, and where the premises are."""

from typing import Any

import pytest
from playwright.sync_api import FilePayload, Page, expect

from fieldwork.models import Technician
from tests.factories import provider
from tests.fieldwork.premises import HERE, picture, ravi

PASSWORD = "a long walk home"
AT_THE_PREMISES = {"latitude": float(HERE["latitude"]), "longitude": float(HERE["longitude"])}
CAMERA: FilePayload = {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": picture()}


@pytest.fixture(autouse=True)
def private_files(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def worker() -> Technician:
    provider()
    known = ravi(shares_position=True)
    assert known.user is not None
    known.user.set_password(PASSWORD)
    known.user.save()
    return known


def log_in(page: Page, worker: Technician) -> None:
    assert worker.user is not None
    page.goto("/field/")
    page.get_by_label("Name").fill(worker.user.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def take_photo(page: Page) -> None:
    page.locator("#photo").set_input_files(CAMERA)
    expect(page.get_by_text("The photo is kept.")).to_be_visible()
