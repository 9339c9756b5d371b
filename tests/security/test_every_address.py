"""Every address of the house, asked for by everybody who has no business there: nothing opens, and nothing is told."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.test import Client

from connections.form_link import form_token
from connections.models import Application
from fieldwork.models import Slot
from fieldwork.services import assign_visit
from tests.connections.desk import browser_of
from tests.connections.intake import paper_of, send
from tests.factories import SYSTEM, provider, scheduled_application, staff
from tests.fieldwork.premises import meter, morning, phone_of, photo, ravi
from tests.security.addresses import addresses, patterns

pytestmark = pytest.mark.django_db
# What is in the house and belongs to somebody: none of it may stand in any answer.
SECRETS = [b"Jonathan", b"4155553333", b"jonathan@example.com", b"Valencia", b"deed-of-jonathan", b"S-4711"]
TO_ALL = {"/", "/healthz", "/readyz", "/metrics", "/admin/login/", "/field/login/", "/admin/jsi18n/"}
TO_STAFF = {
    "/admin/",
    "/admin/password_change/",
    "/admin/password_change/done/",
    "/admin/second-step/set-up/",
    "/admin/search/",
}
TO_TECHNICIANS = {"/field/", "/field/position/", "/admin/second-step/set-up/"}
DONE_LAST = {"/admin/logout/", "/field/logout/"}  # they end the session that the walk needs


@pytest.fixture
def known(settings: Any, tmp_path: Path) -> dict[str, str]:
    """A house with one row of everything, and what stands for the places in its addresses."""
    settings.MEDIA_ROOT = tmp_path
    order = scheduled_application()
    version = send(paper_of(order), original_name="deed-of-jonathan.jpg")
    visit = assign_visit(order.visits.get(), technician=ravi(), actor=SYSTEM)
    picture = photo(visit, "PREMISES")
    meter(serial="S-4711")
    morning(order.provider)
    return {
        "token": form_token(order)[:-5] + "AAAAA",
        "tracking_id": str(uuid4()),
        "version": str(version.pk),
        "page": "0",
        "code": "id-proof",
        "name": "findings",
        "action": "cancel",
        "content_type_id": str(ContentType.objects.get_for_model(Application).pk),
        "admin/r/<path:content_type_id>/<path:object_id>/ object_id": str(order.pk),
        "field/visits/<int:pk>/step/<slug:name>/ name": "set-out",
        "field/photos/<int:pk>/ pk": str(picture.pk),
        **{f"{route} pk": str(visit.pk) for route in patterns() if route.startswith("field/visits/")},
    }


def nobody() -> Client:
    return Client()


def staff_without_permissions() -> Client:
    return browser_of(staff())


def colleague() -> Client:
    """A technician of the same provider, who has no visit."""
    return phone_of(ravi(name="Asha Rao"))


def technician_of_another_provider() -> Client:
    other = provider(code="oakland", name="Oakland Power", area=False)
    return phone_of(ravi(name="Mina Lee", provider=other))


PEOPLE: list[tuple[Callable[[], Client], set[str]]] = [
    (nobody, TO_ALL),
    (staff_without_permissions, TO_ALL | TO_STAFF),
    (colleague, TO_ALL | TO_TECHNICIANS),
    (technician_of_another_provider, TO_ALL | TO_TECHNICIANS),
]


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(("person", "open_to_them"), PEOPLE, ids=[person.__name__ for person, _ in PEOPLE])
def test_nothing_opens_for_who_has_no_business_there(
    known: dict[str, str], person: Callable[[], Client], open_to_them: set[str], method: str
) -> None:
    client = person()
    asked = [address for address in addresses(known) if address not in DONE_LAST]
    assert len(asked) > 100
    before = snapshot()

    wrong = []
    for address in asked:
        answer = getattr(client, method)(address, {"reason": "because", "confirmed": "yes", "client_id": str(uuid4())})
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        refused = answer.status_code in {302, 403, 404, 405} or address in open_to_them
        led_away = answer.get("Location", "/admin/").startswith(("/admin/", "/field/")) or address == "/"
        if not refused or not led_away or any(secret in body for secret in SECRETS):
            wrong.append((address, answer.status_code, answer.get("Location")))

    assert wrong == []
    assert snapshot() == before


def test_the_desks_search_finds_nothing_for_who_may_see_nothing(known: dict[str, str]) -> None:
    answer = staff_without_permissions().get("/admin/search/", {"s": "Jonathan", "extended": "1"})

    assert answer.status_code == 200
    assert not any(secret in answer.content for secret in SECRETS[1:])


def snapshot() -> list[Any]:
    """Every order, paper, visit and window as it is now."""
    order = Application.objects.get()
    return [
        list(Application.objects.values()),
        list(order.documents.values()),
        list(order.visits.values()),
        list(order.events.values_list("pk", flat=True)),
        list(Slot.objects.values()),
        sorted(User.objects.filter(is_superuser=True).values_list("username", flat=True)),
    ]
