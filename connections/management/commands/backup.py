"""`manage.py backup --to DIR`: the database and the files of one moment, for `manage.py restore`."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error

from connections.safekeeping.archive import NotWhole
from connections.safekeeping.engines import Unable
from connections.safekeeping.keeping import keep


class Command(BaseCommand):
    help = "Back up database and files into an empty folder, while everything runs (docs/backup.md)."
    requires_system_checks = []  # what is wrong with keys or addresses must not keep anybody from a backup

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", required=True, type=Path, metavar="DIR", help="an empty folder, or a new one")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["to"].absolute()
        try:
            kept = keep(folder)
        except (NotWhole, Unable, OSError, Error) as problem:
            raise CommandError(f"No backup was made. {problem}") from None
        rows, files = sum(kept.manifest["rows"].values()), len(kept.manifest["files"])
        self.stdout.write(f"{folder}: {rows} rows in {len(kept.manifest['rows'])} tables, {files} files.")
        if kept.lost:
            raise CommandError(
                f"The backup is whole, but {len(kept.lost)} files that rows name were missing or damaged already: "
                + ", ".join(kept.lost[:5])
            )
