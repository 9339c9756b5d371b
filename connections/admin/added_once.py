"""A form that is sent twice at the same moment: the database takes one, and the other is told as if it came later."""

from typing import Any

from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse


class AddedOnce:
    """To be put before ModelAdmin. What a constraint refuses is looked at again: now the form's own check sees its twin
    and says so beside the field. What the form does not know of fails as before."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)  # type: ignore[misc]
        except IntegrityError:
            return super().changeform_view(request, *args, **kwargs)  # type: ignore[misc]
