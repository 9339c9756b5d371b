"""The sandbox's registry: who takes part in the network and with which keys. Open to everybody, kept in memory."""

import threading
from datetime import UTC, datetime
from typing import Any

from beckn_adapter.sandbox.participant import iso
from beckn_adapter.sandbox.server import LocalServer, Reply, Request, json_reply

Record = dict[str, Any]
# The same thing has other names in other registries (PROTOCOL section d.1): read any, write all.
ALIASES = {
    "key_id": ("key_id", "unique_key_id", "ukId", "pub_key_id"),
    "url": ("url", "subscriber_url"),
}
FILTERS = ("subscriber_id", "key_id", "type", "domain", "city", "country")
OPTIONAL = ("domain", "city", "country")  # a record without it serves every domain, city, country
REQUIRED = ("subscriber_id", "key_id", "url", "type", "signing_public_key")


class Registry(LocalServer):
    """`POST /lookup` (also `/subscribers/lookup`), `POST /subscribe`, and `GET /` to see that it is there.

    `lookups` keeps every question that was asked, so that a test can count them.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(host, port)
        self.lookups: list[Record] = []
        self._records: dict[tuple[str, ...], Record] = {}
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Reply:
        if request.method == "GET" and not request.path:
            return json_reply({"status": "ok", "subscribers": len(self._records)})
        body = request.json()
        if request.method != "POST" or not isinstance(body, dict):
            return json_reply({"error": "POST a JSON object to /lookup or /subscribe"}, 400)
        if request.path in ("/lookup", "/subscribers/lookup"):
            return json_reply(self.lookup(body))
        if request.path in ("/subscribe", "/subscribers/subscribe"):
            return self._subscribe(body)
        return json_reply({"error": "there is only /lookup and /subscribe here"}, 404)

    def lookup(self, question: Record) -> list[Record]:
        """The records that agree with everything the question names; newest first."""
        asked = canonical(question)
        with self._lock:
            self.lookups.append(question)
            found = [record for record in self._records.values() if agrees(record, asked)]
        return [with_aliases(record) for record in reversed(found)]

    def subscribe(self, record: Record) -> Record:
        """Add a record, or change the one with the same subscriber, key, type and domain. Raises `ValueError`."""
        given = canonical(record)
        missing = [name for name in REQUIRED if not given.get(name)]
        if missing:
            raise ValueError(f"the record lacks {', '.join(missing)}")
        name = tuple(str(given.get(part, "")) for part in ("subscriber_id", "key_id", "type", "domain"))
        now = iso(datetime.now(UTC))
        with self._lock:
            old = self._records.pop(name, {"status": "SUBSCRIBED", "created": now})
            self._records[name] = {**old, **given, "updated": now}
            return self._records[name]

    def _subscribe(self, body: Record) -> Reply:
        try:
            record = self.subscribe(body)
        except ValueError as problem:
            return json_reply({"error": str(problem)}, 400)
        return json_reply({"status": record["status"]})


def canonical(record: Record) -> Record:
    """The record with each alias replaced by its first name; empty values count as not given."""
    first = {alias: name for name, aliases in ALIASES.items() for alias in aliases}
    return {first.get(name, name): value for name, value in record.items() if value not in (None, "")}


def with_aliases(record: Record) -> Record:
    return {**record, **{alias: record[name] for name, aliases in ALIASES.items() for alias in aliases}}


def agrees(record: Record, asked: Record) -> bool:
    return all(_agrees(record.get(name), asked.get(name), name in OPTIONAL) for name in FILTERS)


def _agrees(value: Any, wanted: Any, optional: bool) -> bool:
    return wanted is None or value == wanted or (value is None and optional)
