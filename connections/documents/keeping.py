"""Where files are kept: whole, or not at all."""

from typing import Any

from django.core.files.storage import FileSystemStorage


class WholeFiles(FileSystemStorage):
    """A file that a full disk cut short goes at once: it would take the last room, and nobody knows of it."""

    def _save(self, name: str, content: Any) -> str:
        try:
            kept: str = super()._save(name, content)  # type: ignore[misc]  # Storage.save calls it; the stubs do not say so
            return kept
        except OSError:
            self.delete(name)  # free until now (get_available_name), so this is nobody else's
            raise
