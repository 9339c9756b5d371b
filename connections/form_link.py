"""The link that opens an application's document form: a signed, dated token for one application and no other.

A JWT, because a buyer app hands it on as `form.auth` (guide: on_init) and may look at its date.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
from django.conf import settings
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
        claims = _claims_of(token)
        if claims["purpose"] != PURPOSE:
            raise LinkInvalid("made for something else")
        return FormClaims(
            int(claims["application"]), str(claims["source"]), str(claims["source_reference"]), UUID(claims["jti"])
        )
    except jwt.ExpiredSignatureError as problem:
        raise LinkExpired(str(problem)) from None
    except (jwt.InvalidTokenError, ValueError, TypeError) as problem:
        raise LinkInvalid(str(problem)) from None


def _claims_of(token: str) -> dict[str, Any]:
    """Signed with the secret of today, or with one that was in use before and is still named. Raises jwt's errors."""
    keys = [_key(), *(_key(secret) for secret in settings.SECRET_KEY_FALLBACKS)]
    for key in keys[:-1]:
        with suppress(jwt.InvalidSignatureError):
            return _decode(token, key)
    return _decode(token, keys[-1])


def _decode(token: str, key: bytes) -> dict[str, Any]:
    return jwt.decode(token, key, algorithms=[ALGORITHM], options={"require": REQUIRED})


def _key(secret: str | None = None) -> bytes:
    """Of this purpose alone: a token of another kind signed with SECRET_KEY opens nothing here."""
    return salted_hmac("connections.form_link", "key", secret=secret, algorithm="sha256").digest()
