"""What an application is found by."""

from django.db import models

from connections.models.application import Application


class SearchWord(models.Model):
    """A word by whose beginning an application is found (connections/searching.py says which). Derived.

    `beside` has the words of the name and the address once more, each after a blank, so that the one index answers for
    several words at once. It is empty where an older release wrote the row, and beside a telephone number.
    """

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="search_words")
    word = models.CharField(max_length=100)
    beside = models.CharField(max_length=300, default="", db_default="", editable=False)

    class Meta:
        indexes = [
            # A prefix is read from it in any collation; SQLite knows no such classes and takes the plain index.
            models.Index(
                fields=["word", "application", "beside"],
                opclasses=["varchar_pattern_ops", "int8_ops", "varchar_ops"],
                name="search_word_beside",
            )
        ]

    def __str__(self) -> str:
        return f"Word of application {self.application_id}"
