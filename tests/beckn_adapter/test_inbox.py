"""However many threads take messages, one connection to the database stores them."""

import json

import pytest
from django.db import connection

from beckn_adapter import inbox, signing
from beckn_adapter.gate import Admitted
from beckn_adapter.models import Message
from tests.beckn_adapter.conversation import request
from tests.conftest import AtOnce

pytestmark = pytest.mark.django_db(transaction=True)
OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = %s"


def store_twice() -> tuple[str, str, bool]:
    """What became of a message and of its repetition, and whether this thread has opened a connection of its own."""
    body = request("search", {"intent": {}})
    raw = json.dumps(body).encode()
    admitted = Admitted(body, None, "Signature …", signing.digest(raw))
    first, second = inbox.store(admitted, raw), inbox.store(admitted, raw)
    return first.outcome, second.outcome, connection.connection is not None


def test_no_thread_opens_a_connection_of_its_own(at_once: AtOnce) -> None:
    assert at_once(8, store_twice) == [("stored", "repeated", False)] * 8


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's connections can not be ended by others")
def test_a_connection_that_died_is_opened_anew(at_once: AtOnce) -> None:
    at_once(1, store_twice)
    with connection.cursor() as cursor:
        cursor.execute(OTHERS, [connection.settings_dict["NAME"]])
        assert cursor.rowcount == 1

    assert at_once(1, store_twice) == [("stored", "repeated", False)]
    assert Message.objects.count() == 2
