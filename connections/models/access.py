"""Who looked at people's data."""

from django.conf import settings
from django.db import models

from connections.models.application import Application


class PersonalDataView(models.Model):
    """Somebody of staff saw a person's data in full, or took all of it out. Rows are added, never changed.

    Looking again within the hour adds none: one row tells of a person, a thing and an hour.
    """

    class What(models.TextChoices):
        SEEN = "SEEN", "Seen in full"
        EXPORTED = "EXPORTED"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, null=True, blank=True, related_name="personal_data_views"
    )
    thing = models.CharField(max_length=60, help_text="The row that was looked at: application-12.")
    what = models.CharField(max_length=10, choices=What.choices, default=What.SEEN)
    reason = models.CharField(max_length=300, blank=True)
    since = models.DateTimeField(help_text="The hour, or the moment of an export.")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = "view of personal data"
        verbose_name_plural = "views of personal data"
        constraints = [
            models.UniqueConstraint(fields=["user", "thing", "what", "since"], name="one_view_a_person_thing_and_hour")
        ]
        indexes = [
            models.Index(fields=["thing", "-id"], name="view_list_of_thing"),
            models.Index(fields=["at"], name="view_list_of_day"),
            models.Index(fields=["-id"], name="view_list_of_exports", condition=models.Q(what="EXPORTED")),
        ]

    def __str__(self) -> str:
        return f"{self.user} on {self.thing}"
