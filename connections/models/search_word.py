"""What an application is found by."""

from django.db import models

from connections.models.application import Application


class SearchWord(models.Model):
    """A word by whose beginning an application is found (connections/searching.py says which). Derived."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="search_words")
    word = models.CharField(max_length=100)

    class Meta:
        indexes = [
            # A prefix is read from it in any collation; SQLite knows no such classes and takes the plain index.
            models.Index(
                fields=["word", "application"], opclasses=["varchar_pattern_ops", "int8_ops"], name="search_word"
            )
        ]

    def __str__(self) -> str:
        return f"Word of application {self.application_id}"
