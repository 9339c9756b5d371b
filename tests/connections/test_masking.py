"""What a mask leaves to be recognised, what it hides, and that no log line lets a person through."""

import io
import json
import logging
import time
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from beckn_adapter import drain
from beckn_adapter.models import Message
from config.logs import JsonLine
from connections.privacy.logs import Discreet
from connections.privacy.masking import (
    mask_address,
    mask_email,
    mask_name,
    mask_number,
    mask_object,
    mask_phone,
    mask_text,
)


@pytest.mark.parametrize(
    ("mask", "given_", "shown"),
    [
        (mask_name, "Jonathan Park", "J. P."),
        (mask_name, "Érik de la Cruz", "É. D. L."),
        (mask_name, "", ""),
        (mask_phone, "+1 (415) 555-3333", "···3333"),
        (mask_phone, "555333", "···33"),
        (mask_phone, "", ""),
        (mask_email, "jonathan@example.com", "j···@example.com"),
        (mask_email, "nonsense", "···"),
        (mask_email, "", ""),
        (mask_address, "123 Valencia Street, Apt 4b, 94110", "··· Valencia Street, Apt ···, ···"),
        (mask_address, "The old mill", "The old mill"),
        (mask_number, "TAX-12345", "···345"),
        (mask_number, "12", "···"),
        (mask_number, "", ""),
    ],
)
def test_mask_leaves_what_a_clerk_needs(mask: Any, given_: str, shown: str) -> None:
    assert mask(given_) == shown


def test_message_is_masked_by_its_keys_and_keeps_its_shape() -> None:
    body = {
        "context": {"bap_id": "bap.test", "timestamp": "2026-05-12T14:00:00.000Z"},
        "order": {
            "billing": {"name": "Jonathan Park", "phone": "+14155553333", "tax_id": "TAX-123", "note": "+14155553333"},
            "stops": [{"location": {"gps": "37.774921,-122.4194", "address": "123 Valencia Street"}, "latitude": 37.7}],
            "descriptor": {"code": "X", "name": "Residential connection"},
            "amount": 200,
        },
    }  # fmt: skip

    assert mask_object(body) == {
        "context": body["context"],
        "order": {
            "billing": {"name": "J. P.", "phone": "···3333", "tax_id": "···123", "note": "···3333"},
            "stops": [{"location": {"gps": "···", "address": "··· Valencia Street"}, "latitude": "···"}],
            "descriptor": {"code": "X", "name": "Residential connection"},
            "amount": 200,
        },
    }


SECRETS = ["4155553333", "555-3333", "jonathan", "Park", "Valencia", "37.774921", "TAX-123"]
LINES = [
    "calling +14155553333 now",
    "calling (415) 555-3333 now",
    "calling 415 555-3333",
    "calling 4155553333",
    "wrote to jonathan@example.com",
    '{"name": "Jonathan Park", "phone": "4155553333", "gps": "37.774921,-122.419424"}',
    '"{\\"name\\": \\"Jonathan Park\\", \\"email\\": \\"jonathan@example.com\\"}"',
    "Applicant(applicant_name='Jonathan Park', tax_id='TAX-123', billing_address=\"123 Valencia Street\")",
    "{'applicant_name': 'Jonathan Park', 'applicant_phone': '415-555-3333'}",
    "DETAIL:  Failing row contains (1, Jonathan Park, +14155553333, 123 Valencia Street (rear), 37.774921).",
    "DETAIL:  Key (source, applicant_name)=(counter, Jonathan Park) already exists.",
    "at 37.774921, -122.419424",
]


@pytest.mark.parametrize("line", LINES)
def test_no_line_lets_a_person_through(line: str) -> None:
    assert [secret for secret in SECRETS if secret.lower() in mask_text(line).lower()] == []


@pytest.mark.parametrize(
    "line",
    [
        "callback 12 (on_status) delivered in 41 ms, attempt 2 of 8",
        "event 77 (visit.assigned) of conn-order-001 at 2026-05-12T14:00:00.123456+00:00",
        "message 4f0a8c3e-9a41-4c0e-8f8d-0123456789ab of bap.example",
        "meter 84469825, seal S-1, 200.00 USD, created=1747058400",
        "POST https://bap.example/on_confirm 503",
        "task beckn_adapter.tasks.work(name='inbox') 10.0.0.1:5432",
    ],
)
def test_lines_that_tell_of_no_person_stay_as_they_are(line: str) -> None:
    assert mask_text(line) == line


@given(st.text(max_size=200))
def test_any_text_can_be_masked_and_again(text: str) -> None:
    once = mask_text(text)

    assert mask_text(once) is not None


def test_masking_a_long_line_takes_no_long_time() -> None:
    """Linear patterns: a hostile line of 20 kB is no way to stop a worker."""
    began = time.process_time()
    for hostile in (
        "+1" * 100_000,
        "a@" * 100_000,
        '"name": "' * 20_000,
        "1" * 200_000,
        "Key (" * 40_000,
        "(" * 200_000,
    ):
        mask_text(hostile)

    assert time.process_time() - began < 2


# --- The logs -------------------------------------------------------------------------------------------------------


@pytest.fixture
def log_of_the_house() -> Any:
    """The console as settings make it, its lines caught."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLine())
    handler.addFilter(Discreet())
    root = logging.getLogger()
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)


def test_every_handler_of_the_settings_has_the_filter() -> None:
    filters = settings.LOGGING["filters"]
    masking = {name for name, made in filters.items() if made["()"] == "connections.privacy.logs.Discreet"}

    assert masking
    assert [name for name, made in settings.LOGGING["handlers"].items() if not masking & set(made["filters"])] == []


def test_messages_arguments_and_tracebacks_are_masked(log_of_the_house: io.StringIO) -> None:
    try:
        raise ValueError("Jonathan's number is +14155553333")
    except ValueError:
        logging.getLogger("celery.app.trace").exception("task %s failed", {"applicant_email": "jonathan@example.com"})
    logging.getLogger("x").warning("bad %d", "+14155553333")

    lines = [json.loads(line) for line in log_of_the_house.getvalue().splitlines()]
    assert [line["message"] for line in lines] == ["task {'applicant_email': '···'} failed", "bad %d"]
    assert "ValueError: Jonathan's number is ···3333" in lines[0]["traceback"]
    assert "4155553333" not in log_of_the_house.getvalue()


def test_no_line_and_no_traceback_holds_a_key_to_a_page(log_of_the_house: io.StringIO) -> None:
    tracking, ticket = "4f0a8c3e-9a41-4c0e-8f8d-0123456789ab", "eyJhbGciOi.4155553333.x@y.zz"
    try:
        raise ValueError(f"no page at /track/{tracking}/feedback/")
    except ValueError:
        logging.getLogger("django.request").exception("%s and %s", f"/track/{tracking}/?x=1", f"/documents/{ticket}/a/")

    (line,) = map(json.loads, log_of_the_house.getvalue().splitlines())
    assert line["message"] == "/track/…/?x=1 and /documents/…/a/"
    assert "no page at /track/…/feedback/" in line["traceback"]


def test_a_traceback_that_another_handler_wrote_before_is_masked_all_the_same(log_of_the_house: io.StringIO) -> None:
    record = logging.LogRecord("x", logging.ERROR, "", 0, "failed", (), None)
    record.exc_text = "ValueError: +14155553333 at /track/4f0a8c3e/"

    logging.getLogger().handle(record)

    assert json.loads(log_of_the_house.getvalue())["traceback"] == "ValueError: ···3333 at /track/…/"


@pytest.mark.django_db
def test_row_that_the_database_refused_is_not_told_in_the_log(log_of_the_house: io.StringIO) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("only PostgreSQL tells the row")
    statement, values = "INSERT INTO connections_application (applicant_name) VALUES (%s)", ["Jonathan Park"]
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
    except IntegrityError:
        logging.getLogger("beckn_adapter.drain").exception("could not be handled")

    assert "Failing row contains (···)" in log_of_the_house.getvalue()
    assert "Jonathan" not in log_of_the_house.getvalue()


@pytest.mark.django_db
def test_message_that_can_not_be_handled_tells_no_person(log_of_the_house: io.StringIO) -> None:
    body = {"context": {}, "message": {"order": {"billing": {"name": "Jonathan Park", "phone": "+14155553333"}}}}
    row = Message.objects.create(
        bap_id="b", transaction_id="t", action="confirm", message_id="m", bap_uri="x", digest="d", signature="s",
        body=json.dumps(body).encode(), due_at=timezone.now(), received_at=timezone.now(), attempts=1,
    )  # fmt: skip

    drain.work(row)

    kept = Message.objects.get(pk=row.pk)
    assert kept.error
    assert "could not be handled" in log_of_the_house.getvalue()
    for secret in ("Jonathan", "4155553333"):
        assert secret not in log_of_the_house.getvalue()
        assert secret not in kept.error
