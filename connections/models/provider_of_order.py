"""The provider of an order in the rows that hang on it."""

from typing import Any

from django.db import models

from connections.models.provider import Provider


class ProviderOfOrder(models.ForeignKey):
    """The provider of the row's `application`, so that an index holds a provider's rows in the order of their list.

    Filled by itself when the row is made; where a draft goes to another provider, connections/filing.py follows. Null
    where the row has no application, or an older release made it. That there is such a provider the application's own
    key holds, so none is asked here with every row.
    """

    def __init__(self, **kwargs: Any) -> None:
        mine = {"null": True, "editable": False, "db_index": False, "db_constraint": False}
        super().__init__(**{"to": Provider, "on_delete": models.DO_NOTHING, "related_name": "+", **mine, **kwargs})

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.ForeignKey", args, kwargs

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        if add and model_instance.application_id:
            setattr(model_instance, self.attname, model_instance.application.provider_id)
        return super().pre_save(model_instance, add)
