"""`manage.py restore --from DIR`: put a backup into an empty database, and prove that it is all there."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error, connection

from connections.audit.roles import who_may_rewrite
from connections.safekeeping.archive import NotWhole
from connections.safekeeping.engines import Unable
from connections.safekeeping.restoring import open_for, prove, put_back, rows_in_the_way


class Command(BaseCommand):
    help = "Put a backup into an empty database and prove it: rows, sums, files. Stop web, worker and beat first."
    requires_system_checks = []  # the database that they would look at is not there yet

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", required=True, dest="folder", type=Path, metavar="DIR", help="what backup made")
        parser.add_argument("--force", action="store_true", help="replace what the database holds, once confirmed")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"].absolute()
        try:
            manifest = open_for(folder)
            self._make_sure(force=options["force"])
            put_back(folder, manifest)
        except (NotWhole, Unable, OSError, Error) as problem:
            raise CommandError(str(problem)) from None
        self.stdout.write(f"The house as it stood at {manifest['made_at']}. Proved, against the manifest:")
        proof = prove(manifest)
        for line in proof.proved:
            self.stdout.write(f"  {line}")
        for name in manifest["lost"]:
            self.stdout.write(f"  missing or damaged before the backup already: {name}")
        self._tell_of_roles()
        if proof.differences:
            raise CommandError("Not as it was:\n  " + "\n  ".join(proof.differences))

    def _tell_of_roles(self) -> None:
        """Rights are not in a backup, and what is made anew is made with the ordinary ones."""
        if connection.vendor != "postgresql":
            return
        for role in who_may_rewrite():
            self.stdout.write(self.style.WARNING(f"{role} can change and remove what the audit trail and ledger keep."))
        self.stdout.write("Where database_roles was used, run it again before the house starts (docs/audit.md).")

    def _make_sure(self, *, force: bool) -> None:
        """Nothing that is there goes without a name typed."""
        rows, name = rows_in_the_way(), str(connection.settings_dict["NAME"])
        if not rows:
            return
        if not force:
            raise CommandError(f"{name} is not empty ({rows} rows). Restore into an empty database, or say --force.")
        try:
            typed = input(f"All {rows} rows of {name} will be lost. Type its name to go on: ")
        except EOFError:
            typed = ""
        if typed.strip() != name:
            raise CommandError("That is not its name. Nothing was changed.")
