"""The sandbox registry's records: kept in memory, read and found under any of the names that registries have."""

import threading
from datetime import UTC, datetime
from typing import Any

from beckn_adapter.sandbox.participant import iso

Record = dict[str, Any]
# The same thing has other names in other registries (PROTOCOL section d.1): read any, write all.
ALIASES = {
    "key_id": ("key_id", "unique_key_id", "ukId", "pub_key_id"),
    "url": ("url", "subscriber_url"),
    "encr_public_key": ("encr_public_key", "encryption_public_key"),
}
FILTERS = ("subscriber_id", "key_id", "type", "domain", "city", "country")
OPTIONAL = ("domain", "city", "country")  # a record without it serves every domain, city, country
REQUIRED = ("subscriber_id", "key_id", "url", "type", "signing_public_key")
IDENTITY = ("subscriber_id", "key_id", "type", "domain")


class Records:
    """One for each subscriber, key, type and domain."""

    def __init__(self) -> None:
        self._records: dict[tuple[str, ...], Record] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._records)

    def find(self, question: Record) -> list[Record]:
        """Those that agree with everything the question names; newest first."""
        asked = canonical(question)
        with self._lock:
            found = [record for record in self._records.values() if agrees(record, asked)]
        return [with_aliases(record) for record in reversed(found)]

    def get(self, record: Record) -> Record | None:
        """The one that `put` would change."""
        return self._records.get(_identity(canonical(record)))

    def put(self, record: Record) -> Record:
        """Add it, or change the one with the same identity. Raises `ValueError`."""
        given = canonical(record)
        missing = [name for name in REQUIRED if not given.get(name)]
        if missing:
            raise ValueError(f"the record lacks {', '.join(missing)}")
        now = iso(datetime.now(UTC))
        with self._lock:
            old = self._records.pop(_identity(given), {"status": "SUBSCRIBED", "created": now})
            changed = self._records[_identity(given)] = {**old, **given, "updated": now}
        return changed


def canonical(record: Record) -> Record:
    """The record with each alias replaced by its first name; empty values count as not given."""
    first = {alias: name for name, aliases in ALIASES.items() for alias in aliases}
    return {first.get(name, name): value for name, value in record.items() if value not in (None, "")}


def with_aliases(record: Record) -> Record:
    named = {alias: record[name] for name, aliases in ALIASES.items() if name in record for alias in aliases}
    return {**record, **named}


def agrees(record: Record, asked: Record) -> bool:
    return all(_agrees(record.get(name), asked.get(name), name in OPTIONAL) for name in FILTERS)


def _agrees(value: Any, wanted: Any, optional: bool) -> bool:
    return wanted is None or value == wanted or (value is None and optional)


def _identity(record: Record) -> tuple[str, ...]:
    return tuple(str(record.get(part, "")) for part in IDENTITY)
