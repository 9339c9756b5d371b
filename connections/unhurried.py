"""Reading whole tables, for which the limits of a request are too short."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def unhurried() -> Iterator[None]:
    """A transaction in which a statement, and the pause before the next, takes its time; waiting for a lock does not.

    Where a pooler stands before PostgreSQL the limits are the role's, and no option of ours lifts them. Inside a
    transaction all goes to one server, so that rows may be streamed there too: what reads them takes them all in here.
    """
    known = connection.settings_dict
    was = known.get("DISABLE_SERVER_SIDE_CURSORS", False)
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
                cursor.execute("SET LOCAL statement_timeout = 0")
        known["DISABLE_SERVER_SIDE_CURSORS"] = False
        try:
            yield
        finally:
            known["DISABLE_SERVER_SIDE_CURSORS"] = was
