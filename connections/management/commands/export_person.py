"""`manage.py export_person`: everything that is held about one applicant, as a zip."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from connections.privacy.person import export_person, find_person


class Command(BaseCommand):
    help = (
        "Write all that is held about one applicant into a zip: applications, papers, events, visits, money, messages."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("person", help="an order id, an e-mail address or a telephone number")
        parser.add_argument(
            "--to", type=Path, required=True, metavar="FILE.zip", help="a new file, readable by you only"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        applications = find_person(options["person"])
        if not applications:
            raise CommandError("No application is known under this order id, e-mail address or telephone number.")
        try:
            options["to"].touch(mode=0o600, exist_ok=False)
        except OSError as problem:
            raise CommandError(f"{options['to']} can not be made: {problem.strerror}.") from None
        with options["to"].open("wb") as archive:
            count = export_person(applications, archive, timezone.now())
        self.stdout.write(f"{count} applications are in {options['to']}.")
