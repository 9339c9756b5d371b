"""What would keep people out, or let them in with less than was meant, said in words by `manage.py check`."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import Error
from django.http.request import validate_host

from connections.access.second_factor import ALL_STAFF


@register(Tags.security)
def check_host(**_: Any) -> list[CheckMessage]:
    """The name that every link of ours has is one that this site answers to."""
    host = (urlsplit(settings.PUBLIC_URL).hostname or "").strip("[]")
    host = f"[{host}]" if ":" in host else host
    if settings.DEBUG or validate_host(host, settings.ALLOWED_HOSTS):
        return []
    words = f"ALLOWED_HOSTS does not name {host}, the host of PUBLIC_URL."
    return [Warning(words, hint=f"People are answered 400: ALLOWED_HOSTS={host}", id="servicedrop.W001")]


@register(Tags.security, deploy=True)
def check_secret(**_: Any) -> list[CheckMessage]:
    """A secret that a machine made for itself is no other machine's."""
    if not settings.SECRET_KEY_IS_MADE_HERE or settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        return []
    words = "SECRET_KEY is not set: each machine makes its own and keeps it in SERVICEDROP_VAR."
    hint = "Sessions and links of one machine are void on the others, and all of them once that folder is gone."
    return [Warning(words, hint=hint, id="servicedrop.W002")]


@register(Tags.database)
def check_groups(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """With `check --database default`: nobody is asked for a second factor as a member of a group that is none."""
    named = set(settings.SECOND_FACTOR_GROUPS) - {ALL_STAFF}
    if not named or not databases:
        return []
    try:
        missing = sorted(named - set(Group.objects.filter(name__in=named).values_list("name", flat=True)))
    except Error:  # `migrate` asks too, before there is a table
        return []
    hint = "Nobody is asked for a second factor because of it. Capital letters count; /admin/auth/group/ lists them."
    return [
        Warning(f"SECOND_FACTOR_GROUPS names {name!r}, and there is no such group.", hint=hint, id="servicedrop.W003")
        for name in missing
    ]
