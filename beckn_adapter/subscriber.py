"""A subscriber record, read in whatever dialect a registry writes it (PROTOCOL: sections c, "Key formats", and d.1)."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from nacl.signing import VerifyKey

from beckn_adapter.signing import BadKey, read_public_key

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Subscriber:
    """One registered key of one participant. `encryption_key` is the text that the registry has, in any encoding."""

    subscriber_id: str
    key_id: str
    type: str
    url: str
    domain: str
    status: str
    key: VerifyKey
    valid_from: datetime | None
    valid_until: datetime | None
    encryption_key: str = ""

    def is_current(self, now: datetime) -> bool:
        started = self.valid_from is None or self.valid_from <= now
        return started and (self.valid_until is None or now <= self.valid_until)


def read_record(record: Any) -> Subscriber | None:
    """A registry's record in any dialect; None for one that can not be used (no readable signing key)."""
    if not isinstance(record, dict):
        return None

    def field(*names: str) -> str:
        return str(next((record[name] for name in names if record.get(name)), ""))

    try:
        key = VerifyKey(read_public_key(field("signing_public_key")))
    except (BadKey, ValueError) as problem:
        log.warning("the registry's key for %s can not be used: %s", field("subscriber_id")[:255], problem)
        return None
    return Subscriber(
        subscriber_id=field("subscriber_id"),
        key_id=field("key_id", "unique_key_id", "ukId", "pub_key_id"),
        type=field("type").upper(),
        url=field("url", "subscriber_url").rstrip("/"),
        domain=field("domain"),
        status=field("status").upper(),
        key=key,
        valid_from=_moment(field("valid_from")),
        valid_until=_moment(field("valid_until")),
        encryption_key=field("encr_public_key", "encryption_public_key"),
    )


def _moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    if moment and timezone.is_naive(moment):
        return timezone.make_aware(moment, timezone.get_default_timezone())
    return moment
