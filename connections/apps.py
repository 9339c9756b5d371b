from importlib import import_module

from django.apps import AppConfig


class ConnectionsConfig(AppConfig):
    """The core: who serves, what is offered, and the life of an application."""

    name = "connections"
    verbose_name = "Connections"

    def ready(self) -> None:
        import_module("connections.reactions")
        import_module("connections.privacy.own")
        import_module("connections.letters")
        import_module("connections.access.checks")
