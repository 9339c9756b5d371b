"""Beside each word the others of the name and the address, so that one index answers for several words at once.

Until a row has them (or where an older release wrote it), its application is asked for its other words one by one.
"""

from collections import defaultdict

from django.db import migrations, models, transaction

from connections.growing import AddIndexOnline, RemoveIndexOnline

AT_ONCE = 1000  # applications in a transaction of their own
SET = """
    UPDATE connections_searchword SET beside = found.column2 FROM (VALUES {}) AS found
    WHERE application_id = found.column1 AND word NOT LIKE '#%%'
"""


def put_words_beside(apps, schema_editor):
    """Of the words themselves: what has a digit or an "@" is no word of a name or an address."""
    rows = apps.get_model("connections", "SearchWord").objects.using(schema_editor.connection.alias)
    last = rows.aggregate(last=models.Max("application_id"))["last"] or 0
    for first in range(0, last + 1, AT_ONCE):
        with transaction.atomic(using=schema_editor.connection.alias):
            found = defaultdict(set)
            some = rows.filter(application_id__gte=first, application_id__lt=first + AT_ONCE, beside="")
            for application, word in some.values_list("application_id", "word"):
                if not any(sign.isdigit() or sign in "#@" for sign in word):
                    found[application].add(word)
            _set(schema_editor.connection, [(pk, _in_order(words)) for pk, words in found.items()])


def _in_order(words):
    return "".join(f" {word}" for word in sorted(words))[:300]


def _set(connection, pairs):
    for start in range(0, len(pairs), 250):  # SQLite takes some hundreds of values
        some = pairs[start : start + 250]
        places = ", ".join(["(CAST(%s AS bigint), %s)"] * len(some))
        with connection.cursor() as cursor:
            cursor.execute(SET.format(places), [value for pair in some for value in pair])


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("connections", "0001_initial")]

    operations = [
        migrations.AddField(
            "searchword", "beside", models.CharField(db_default="", default="", editable=False, max_length=300)
        ),
        migrations.RunPython(put_words_beside, migrations.RunPython.noop),
        AddIndexOnline(
            "searchword",
            models.Index(
                fields=["word", "application", "beside"],
                name="search_word_beside",
                opclasses=["varchar_pattern_ops", "int8_ops", "varchar_ops"],
            ),
        ),
        RemoveIndexOnline("searchword", "search_word"),
    ]
