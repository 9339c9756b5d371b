from importlib import import_module

from django.apps import AppConfig


class BecknAdapterConfig(AppConfig):
    """The one translation between the utility and the Beckn network."""

    name = "beckn_adapter"
    verbose_name = "Beckn network"

    def ready(self) -> None:
        import_module("beckn_adapter.checks")
        import_module("beckn_adapter.acts")
        import_module("beckn_adapter.announce")
        import_module("beckn_adapter.privacy")
