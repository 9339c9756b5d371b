from importlib import import_module

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """What a connection costs, what is owed and what was paid."""

    name = "billing"
    verbose_name = "Billing"

    def ready(self) -> None:
        import_module("billing.ledger_sums")
        import_module("billing.reactions")
        import_module("billing.privacy")
        import_module("billing.tracking")
        import_module("billing.letters")
