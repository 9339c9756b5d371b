"""What was sent with a form of the desk, so that an impatient finger does not send it twice."""

from django.db import models


class SentForm(models.Model):
    """A form that was saved. `fingerprint`: SHA-256, in hex, of its one-time token and all that was typed.

    The unique fingerprint makes one row of a form that comes twice, in turn or at the same moment. Kept for a day.
    """

    fingerprint = models.CharField(max_length=64, unique=True)
    led_to = models.CharField(max_length=500, blank=True, help_text="The page that came after it was saved.")
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return self.fingerprint[:12]
