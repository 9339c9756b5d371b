"""What a test with real transactions leaves behind is cleared away: only what was written, and nothing is made anew.

Django's own flush truncates every table and makes permissions and content types again. pytest loads this in its place
(`-p tests.flushing`): those two kinds of row belong to the models, not to the tests, and stay.
"""

from functools import cache

from django.db import connection
from django.test import TransactionTestCase

STAY = {"django_migrations", "django_content_type", "auth_permission"}
_flush_everything = TransactionTestCase._fixture_teardown


def flush_what_was_written(test_case: TransactionTestCase) -> None:
    if connection.vendor != "postgresql":
        _flush_everything(test_case)
        return
    with connection.cursor() as cursor:
        cursor.execute(_question())
        written = [f'"{table}"' for (table,) in cursor.fetchall()]
        if written:
            cursor.execute(f"TRUNCATE {', '.join(written)} CASCADE")


@cache
def _question() -> str:
    """Which tables have a row, in one statement."""
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT FROM \"{table}\")"  # noqa: S608 - names of our own models
        for table in sorted(set(tables) - STAY)
    )


TransactionTestCase._fixture_teardown = flush_what_was_written
