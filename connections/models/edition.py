"""Which edition of the catalogue is in force: by it connections/shelf.py knows whether what it keeps still holds."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from uuid import uuid4

from django.db import models, transaction

Changer = TypeVar("Changer", bound=Callable[..., Any])


class Edition(models.Model):
    """One row. Its token changes in the same transaction as the catalogue does.

    A random token, not a count: two transactions of which one is taken back can never stand for the same edition.
    """

    token = models.UUIDField(default=uuid4)

    def __str__(self) -> str:
        return str(self.token)

    @staticmethod
    def change() -> None:
        """The catalogue is about to change."""
        if not Edition.objects.filter(pk=1).update(token=uuid4()):
            Edition.objects.bulk_create([Edition(pk=1)], ignore_conflicts=True)


def changes_the_catalogue(act: Changer) -> Changer:
    """For a method of a row or of a query that writes."""

    @wraps(act)
    def changing(*args: Any, **kwargs: Any) -> Any:
        with transaction.atomic():
            Edition.change()
            return act(*args, **kwargs)

    return changing  # type: ignore[return-value]


class CataloguedQuery(models.QuerySet):
    """Writes of many rows at once, each of which makes a new edition."""

    update = changes_the_catalogue(models.QuerySet.update)
    delete = changes_the_catalogue(models.QuerySet.delete)
    bulk_create = changes_the_catalogue(models.QuerySet.bulk_create)


class Catalogued(models.Model):
    """What the catalogue is made of: providers, where they serve, what they offer, on which terms."""

    objects = CataloguedQuery.as_manager()

    class Meta:
        abstract = True

    save = changes_the_catalogue(models.Model.save)
    delete = changes_the_catalogue(models.Model.delete)
