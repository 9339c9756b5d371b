"""`manage.py expire_documents`: what Celery's timetable does every hour, by hand."""

from typing import Any

from django.core.management.base import BaseCommand

from connections.documents.ageing import clear_stray_files, expire_documents


class Command(BaseCommand):
    help = "Expire verified documents whose date has passed, and clear files that belong to no document."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{expire_documents()} documents expired, {clear_stray_files()} stray files deleted.")
