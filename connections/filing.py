"""Rows filed under the provider of their order (connections/models/provider_of_order.py)."""

from django.apps import apps
from django.db.models import Model, OuterRef, Subquery

from connections.models import Application, ProviderOfOrder

AT_ONCE = 1000  # rows that one statement changes


def filed_models() -> list[type[Model]]:
    """Whose rows know the provider of their order."""
    return [
        model
        for model in apps.get_models()
        if any(isinstance(field, ProviderOfOrder) for field in model._meta.local_fields)
    ]


def follow_provider(application: Application) -> None:
    """A draft was corrected, and another provider is to serve it. Inside a transaction.

    Papers and calls for help stay with the draft; its instalments are made anew, and more a draft does not have.
    """
    application.documents.update(provider=application.provider)
    application.support_requests.update(provider=application.provider)


def file_rows(model: type[Model]) -> int:
    """File what an older release made while it ran beside this one; returns how many rows."""
    waiting = model._base_manager.filter(provider=None, application__isnull=False)
    done, theirs = 0, Application.objects.filter(pk=OuterRef("application")).values("provider")
    while ids := list(waiting.values_list("pk", flat=True)[:AT_ONCE]):
        done += model._base_manager.filter(pk__in=ids).update(provider=Subquery(theirs))
    return done
