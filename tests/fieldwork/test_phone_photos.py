"""Photos from the phone: judged by content, kept once, shown to few."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from PIL import Image

from fieldwork.models import Photo, Visit
from fieldwork.services import call_off_visits
from tests.factories import SYSTEM, staff
from tests.fieldwork.phone import assigned, camera, page
from tests.fieldwork.premises import (
    assessment,
    on_site,
    phone_of,
    photo,
    picture,
    ravi,
)

pytestmark = pytest.mark.django_db


def upload(client: Client, visit: Visit, data: bytes, **more: str) -> Any:
    return client.post(page(visit, "photos"), {"kind": "PREMISES", "photo": camera(data), **more})


def test_a_photo_is_kept_without_its_place_and_camera() -> None:
    worker = ravi()
    visit = on_site(assessment(), worker)
    told = Image.Exif()
    told[271] = "ACME Phone"

    answer = upload(phone_of(worker), visit, picture(exif=told))

    assert answer.status_code == 201
    kept = Photo.objects.get().file.read()
    assert b"ACME" not in kept
    assert kept.startswith(b"\xff\xd8\xff")


def test_the_same_photo_sent_twice_is_kept_once() -> None:
    worker = ravi()
    visit, client, name = on_site(assessment(), worker), phone_of(worker), str(uuid4())

    answers = [upload(client, visit, picture(), photo_id=name) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert Photo.objects.count() == 1


@pytest.mark.parametrize("data", [b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", b"%PDF-1.4 none", b"MZ\x90"])
def test_what_is_no_photo_is_refused_by_its_content(data: bytes) -> None:
    worker = ravi()
    visit = on_site(assessment(), worker)

    answer = upload(phone_of(worker), visit, data)

    assert answer.status_code == 422
    assert answer.json()["errors"]["photo"]
    assert not Photo.objects.exists()


def test_no_photo_is_added_when_the_visit_is_over() -> None:
    worker = ravi()
    visit = assigned(worker)
    call_off_visits(visit.application, reason="Moved away", actor=SYSTEM)

    answer = upload(phone_of(worker), visit, picture())

    assert answer.json()["errors"] == {"photo": ["This visit is over: no photo can be added."]}


def test_a_photo_that_is_too_large_is_answered_with_what_the_camera_can_do() -> None:
    worker = ravi()
    visit = on_site(assessment(), worker)

    answer = upload(phone_of(worker), visit, b"\xff\xd8\xff" + bytes(10_500_000))

    assert answer.json()["errors"]["photo"] == [
        "This file is 10.5 MB; we take at most 10 MB. Set your camera to a smaller picture size."
    ]


def test_an_upload_that_lacks_something_is_told_what() -> None:
    worker = ravi()
    visit = on_site(assessment(), worker)

    answer = phone_of(worker).post(page(visit, "photos"), {"kind": "CAT", "photo_id": "7"})

    assert answer.status_code == 422
    assert answer.json()["errors"] == {
        "kind": ['"CAT" is not a valid choice.'],
        "photo": ["No file was submitted."],
        "photo_id": ["Must be a valid UUID."],
    }


def test_photos_are_shown_to_staff_and_to_their_technician_only(client: Client) -> None:
    worker = ravi()
    kept = photo(on_site(assessment(), worker), Photo.Kind.PREMISES)
    address, clerk, stranger = f"/field/photos/{kept.pk}/", Client(), Client()
    clerk.force_login(staff("fieldwork.view_visit"))
    stranger.force_login(staff())

    assert phone_of(worker).get(address)["Content-Type"] == "image/jpeg"
    assert clerk.get(address).status_code == 200
    assert stranger.get(address).status_code == 404
    assert phone_of(ravi(name="Ana Silva")).get(address).status_code == 404
    assert client.get(address)["Location"].startswith("/field/login/")
