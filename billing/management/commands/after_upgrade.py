"""`manage.py after_upgrade`: what may be done only when nothing of the release before runs any more."""

from typing import Any

from django.core.management.base import BaseCommand

from billing.owing import note_who_owes_nothing
from connections.filing import file_rows, filed_models


class Command(BaseCommand):
    help = (
        "Put right what an older release wrote while it ran beside this one. Run it as the owner of the tables when "
        "the last of the old processes has ended; safe to repeat, and while the house works."
    )

    def handle(self, **_: Any) -> None:
        for model in filed_models():
            self.stdout.write(f"{model._meta.verbose_name_plural} filed under a provider: {file_rows(model):,}")
        self.stdout.write(f"orders that owe nothing: {note_who_owes_nothing():,}")
