"""`manage.py keep_retention`: erases what the providers' rules say is over, or says what would go."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from connections.privacy.retention import count_messages_of_no_order, keep_retention, sweep_messages_of_no_order


class Command(BaseCommand):
    help = "Erase what is kept no longer than the providers say. With --dry-run say what would go, and change nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seconds", type=float, default=3600, help="at most so long for messages of no order")
        parser.add_argument("--dry-run", action="store_true", help="do everything and take it back")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        done = keep_retention(now, dry_run=options["dry_run"])
        if options["dry_run"]:  # these are counted, for they go in batches, and nothing could be taken back
            done["messages of no order"] += count_messages_of_no_order(now)
        else:
            done["messages of no order"] += sweep_messages_of_no_order(now, seconds=options["seconds"])
        verb = "Would go" if options["dry_run"] else "Went"
        for name, count in sorted((+done).items()):
            self.stdout.write(f"{'Stays' if name.endswith('for now') else verb}: {count} {name}")
        if not +done:
            self.stdout.write("Nothing is over its time.")
