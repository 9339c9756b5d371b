"""The link that opens an application's document form: a signed, dated token for one application and no other.

A JWT, because a buyer app hands it on as `form.auth` (guide: on_init) and may look at its date.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import jwt
from django.utils import timezone
from django.utils.crypto import salted_hmac

from connections.models import Application

LIFETIME = timedelta(days=14)
PURPOSE = "documents"
ALGORITHM = "HS256"
REQUIRED = ["application", "source", "source_reference", "purpose", "jti", "exp"]


class LinkExpired(Exception):
    """The token is ours, and its date has passed."""


class LinkInvalid(Exception):
    """The token is not ours, not for documents, or somebody changed it."""


@dataclass(frozen=True)
class FormClaims:
    """What a token says. `visit` is one opening of the form, and the id of the submission that it may bring."""

    application: int
    source: str
    source_reference: str
    visit: UUID


def form_token(application: Application, now: datetime | None = None) -> str:
    """A token bound to the application and to who brought it, good for `LIFETIME` from `now`."""
    issued = now or timezone.now()
    claims = {
        "application": application.pk,
        "source": application.source,
        "source_reference": application.source_reference,
        "purpose": PURPOSE,
        "jti": str(uuid4()),
        "iat": int(issued.timestamp()),
        "exp": int((issued + LIFETIME).timestamp()),
    }
    return jwt.encode(claims, _key(), algorithm=ALGORITHM)


def read_form_token(token: str) -> FormClaims:
    """Raises `LinkExpired` or `LinkInvalid`."""
    try:
        claims: dict[str, Any] = jwt.decode(token, _key(), algorithms=[ALGORITHM], options={"require": REQUIRED})
        if claims["purpose"] != PURPOSE:
            raise LinkInvalid("made for something else")
        return FormClaims(
            int(claims["application"]), str(claims["source"]), str(claims["source_reference"]), UUID(claims["jti"])
        )
    except jwt.ExpiredSignatureError as problem:
        raise LinkExpired(str(problem)) from None
    except (jwt.InvalidTokenError, ValueError, TypeError) as problem:
        raise LinkInvalid(str(problem)) from None


@cache
def _key() -> bytes:
    """Of this purpose alone: a token of another kind signed with SECRET_KEY opens nothing here."""
    return salted_hmac("connections.form_link", "key", algorithm="sha256").digest()
