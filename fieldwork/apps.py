from importlib import import_module

from django.apps import AppConfig


class FieldworkConfig(AppConfig):
    """Technicians, their visits, and the meters that they install."""

    name = "fieldwork"
    verbose_name = "Fieldwork"

    def ready(self) -> None:
        import_module("fieldwork.reactions")
        import_module("fieldwork.privacy")
        import_module("fieldwork.tracking")
        import_module("fieldwork.letters")
