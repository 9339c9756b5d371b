"""Everything a buyer app sent and received, in order, kept in memory, for people and for tests that wait."""

import json
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from beckn_adapter.sandbox.reading import dig, in_words


@dataclass(frozen=True)
class Entry:
    """One message. `reason` says what is wrong with it: its signature (received), the other side's NACK (sent)."""

    number: int
    at: datetime
    sent: bool
    other: str
    url: str
    action: str
    reason: str
    status: int
    headers: dict[str, str]
    body: bytes

    @cached_property
    def message(self) -> Any:
        """The parsed body; None where it is not JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def good(self) -> bool:
        return not self.reason

    @property
    def transaction_id(self) -> str:
        return str(dig(self.message, "context", "transaction_id") or "")

    @property
    def message_id(self) -> str:
        return str(dig(self.message, "context", "message_id") or "")

    @property
    def error(self) -> Any:
        return dig(self.message, "error")

    @property
    def order(self) -> dict[str, Any]:
        order = dig(self.message, "message", "order")
        return order if isinstance(order, dict) else {}

    @property
    def words(self) -> str:
        return in_words(self.action, self.message)

    @property
    def pretty(self) -> str:
        if self.message is None:
            return self.body.decode("utf-8", "replace")
        return json.dumps(self.message, indent=2, ensure_ascii=False)


class Journal:
    """Entries by transaction; safe to use from many threads."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._by_transaction: dict[str, list[Entry]] = {}
        self._news = threading.Condition()

    def add(self, **fields: Any) -> Entry:
        with self._news:
            entry = Entry(number=len(self._entries), **fields)
            self._entries.append(entry)
            self._by_transaction.setdefault(entry.transaction_id, []).append(entry)
            self._news.notify_all()
            return entry

    def entry(self, number: int) -> Entry | None:
        with self._news:
            return self._entries[number] if 0 <= number < len(self._entries) else None

    def entries(self, transaction_id: str | None = None) -> list[Entry]:
        """By time: a callback may be here before the reply to its request is."""
        with self._news:
            chosen = self._entries if transaction_id is None else self._by_transaction.get(transaction_id, [])
            return sorted(chosen, key=lambda entry: entry.at)

    def transactions(self) -> list[str]:
        """Newest first."""
        with self._news:
            return list(reversed(self._by_transaction))

    def received(self, action: str, transaction_id: str, message_id: str | None = None) -> list[Entry]:
        with self._news:
            return self._received(action, transaction_id, message_id)

    def wait_for(
        self, action: str, transaction_id: str, message_id: str | None = None, timeout: float = 10, count: int = 1
    ) -> Entry:
        """The `count`-th message of this kind that was received, as soon as it is here. Raises `TimeoutError`."""
        end = time.monotonic() + timeout
        with self._news:
            while True:
                found = self._received(action, transaction_id, message_id)
                if len(found) >= count:
                    return found[count - 1]
                left = end - time.monotonic()
                if left <= 0:
                    raise TimeoutError(self._what_came_instead(action, transaction_id, timeout))
                self._news.wait(left)

    def wait_for_any(self, transaction_id: str, count: int, timeout: float = 10) -> Entry:
        """The `count`-th message of any kind that was received in a transaction. Raises `TimeoutError`."""
        end = time.monotonic() + timeout
        with self._news:
            while True:
                found = [entry for entry in self._by_transaction.get(transaction_id, []) if not entry.sent]
                if len(found) >= count:
                    return found[count - 1]
                left = end - time.monotonic()
                if left <= 0:
                    raise TimeoutError(self._what_came_instead(f"callback number {count}", transaction_id, timeout))
                self._news.wait(left)

    def _received(self, action: str, transaction_id: str, message_id: str | None) -> list[Entry]:
        return [
            entry
            for entry in self._by_transaction.get(transaction_id, [])
            if not entry.sent and entry.action == action and message_id in (None, entry.message_id)
        ]

    def _what_came_instead(self, action: str, transaction_id: str, timeout: float) -> str:
        came = [entry.action for entry in self._by_transaction.get(transaction_id, []) if not entry.sent]
        return f"no {action} within {timeout:g} s; received in this transaction: {', '.join(came) or 'nothing'}"
