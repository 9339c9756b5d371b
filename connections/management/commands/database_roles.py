"""`manage.py database_roles`: prints the SQL that lets the application add events, but not change or remove them."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from connections.audit.roles import role_statements


class Command(BaseCommand):
    help = (
        "Print SQL for PostgreSQL: an owner who migrates, and an application role that can not change the audit trail."
        " For example: manage.py database_roles | psql servicedrop. Run it again after every migration and every"
        " restore."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--application", default="servicedrop_app", help="the role in the house's DATABASE_URL")
        parser.add_argument("--owner", default="servicedrop_owner", help="the role that runs manage.py migrate")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("BEGIN;")
        for statement in role_statements(options["application"], options["owner"]):
            self.stdout.write(statement)
        self.stdout.write("COMMIT;")
