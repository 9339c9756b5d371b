"""A technician's phone as the tests press it: the address of a visit, its buttons, its forms and its camera."""

import re
from typing import Any
from uuid import uuid4

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from fieldwork.models import Technician, Visit
from fieldwork.services import assign_visit
from tests.factories import SYSTEM
from tests.fieldwork.premises import READ, assessment, picture

FINDINGS = {"feasible": "yes", "phase": "SINGLE_PHASE", "load_kw": "8,5", "service_drop_m": "12.5"}
TYPED = {key: str(value) for key, value in READ.items()}


def assigned(worker: Technician, visit: Visit | None = None) -> Visit:
    return assign_visit(visit or assessment(), technician=worker, actor=SYSTEM)


def page(visit: Visit, *more: str) -> str:
    return "/".join(["/field/visits", str(visit.pk), *more, ""])


def press(client: Client, visit: Visit, step: str) -> Any:
    return client.post(page(visit, "step", step), {"client_id": str(uuid4())})


def hidden_fields(shown: Any) -> dict[str, str]:
    """What the page carries beside what is typed: the id of the act, and what was shown."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', shown.content.decode()))


def fill_in(client: Client, visit: Visit, sheet: str, **typed: Any) -> Any:
    return client.post(page(visit, sheet), {"client_id": str(uuid4()), **typed})


def camera(data: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile("IMG_1.jpg", data or picture(), "image/jpeg")
