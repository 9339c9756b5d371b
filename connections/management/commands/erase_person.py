"""`manage.py erase_person`: pseudonymises one applicant; the books and the audit trail stay."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connections.actors import Actor
from connections.privacy.person import erase_person, find_person


class Command(BaseCommand):
    help = (
        "Erase a person from all applications that have ended: names, contacts, addresses, papers, messages, remarks."
        " Amounts, numbers and dates stay. Exit code 1 if an application must stay as it is. This can not be undone."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("person", help="an order id, an e-mail address or a telephone number")
        parser.add_argument("--reason", required=True, help="why, for the audit trail: no names")
        parser.add_argument("--yes", action="store_true", help="do it; without this only say which applications")

    def handle(self, *args: Any, **options: Any) -> None:
        applications = find_person(options["person"])
        if not applications:
            raise CommandError("No application is known under this order id, e-mail address or telephone number.")
        if not options["yes"]:
            for application in applications:
                self.stdout.write(f"{application}: {application.get_fulfillment_state_display()}")
            self.stdout.write("Nothing is erased yet. Say --yes to erase them; those still open stay.")
            return
        outcome = erase_person(applications, reason=options["reason"], actor=Actor.system("erase_person"))
        for verb, rows in (("Erased", outcome.erased), ("Erased before", outcome.before)):
            for application in rows:
                self.stdout.write(f"{verb}: {application.number or f'draft {application.pk}'}")
        if outcome.stay:
            raise CommandError("\n".join(f"Stays: {why}" for _, why in outcome.stay), returncode=1)
