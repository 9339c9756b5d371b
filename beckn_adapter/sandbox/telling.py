"""One transaction of the demo, told aloud: each message as one line, and the first that is not what it should be."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from beckn_adapter.sandbox import orders
from beckn_adapter.sandbox.buyer import BuyerApp, Sent
from beckn_adapter.sandbox.journal import Entry
from beckn_adapter.sandbox.news import news
from beckn_adapter.sandbox.reading import Json, in_words, refusal
from beckn_adapter.translate.context import callback_action

PATIENCE = 15.0  # seconds for a callback on a busy machine
BUYER, HOUSE = "Energykart", "Servicedrop"


class StepFailed(Exception):
    """A step that was not what it should be. The text says which and why."""


@dataclass(frozen=True)
class Line:
    """One message, or one act of a person, as the demo tells it."""

    who: str
    whom: str
    action: str
    verdict: str
    good: bool
    words: str
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


class Telling:
    """`tell` is given each line. Callbacks are counted, so that none comes unnoticed."""

    def __init__(self, buyer: BuyerApp, tell: Callable[[Line], None], patience: float, need: orders.Need) -> None:
        self.buyer, self.tell, self.patience, self.need = buyer, tell, patience, need
        self.transaction_id = buyer.begin(need)
        self.order: Json = {}  # as it was told last
        self.heard = 0

    def ask(self, action: str, message: Json, what: str, is_there: Callable[[Json], bool]) -> Entry:
        """Send a request and tell its answer. Raises `StepFailed` unless it is an answer with what there must be."""
        sent = self.buyer.send(action, message, transaction_id=self.transaction_id)
        self.tell_request(action, sent, HOUSE)
        self.expect(sent.acknowledged, action, f"answered {sent.status}, {refusal(sent.reply)}")
        answer = self.callback(action, sent)
        said = (answer.message or {}).get("message") or {}
        self.expect(is_there(said), answer.action, f"it does not contain {what}")
        return answer

    def callback(self, action: str, sent: Sent, count: int = 1) -> Entry:
        """The believed answer to this request. Raises `StepFailed`."""
        name = callback_action(action)
        try:
            entry = self.buyer.wait_for(name, self.transaction_id, sent.message_id, self.patience, count)
        except TimeoutError as problem:
            raise StepFailed(f"{name}: {problem}") from None
        return self._believed(entry, entry.words)

    def listen(self, count: int = 1, *, until: str = "") -> Entry:
        """The next callbacks that nobody asked for, each with what is new in it. Raises `StepFailed`.

        `until` is what the last of them must tell, in the words that are told.
        """
        for _ in range(count):
            try:
                entry = self.buyer.journal.wait_for_any(self.transaction_id, self.heard + 1, self.patience)
            except TimeoutError as problem:
                raise StepFailed(f"the next callback: {problem}") from None
            words = f"{entry.words}; {news(self.order, entry.order)}"
            self._believed(entry, words)
        self.expect(until in words, entry.action, f"it should tell {until!r}, not {words!r}")
        return entry

    def tell_request(self, action: str, sent: Sent, whom: str) -> None:
        verdict = "ACK" if sent.acknowledged else f"{sent.status} NACK"
        words = in_words(action, json.loads(sent.body))
        self.tell(Line(BUYER, whom, action, verdict, sent.acknowledged, words, self.last_sent().at))

    def last_sent(self) -> Entry:
        return next(e for e in reversed(self.buyer.journal.entries(self.transaction_id)) if e.sent)

    def _believed(self, entry: Entry, words: str) -> Entry:
        verdict = "signature good" if entry.good else "not believed"
        self.tell(Line(HOUSE, BUYER, entry.action, verdict, entry.good, words, entry.at))
        self.expect(entry.good, entry.action, entry.reason)
        self.expect(not entry.error, entry.action, refusal(entry.message))
        self.heard += 1
        self.order = entry.order or self.order
        return entry

    @staticmethod
    def expect(holds: bool, step: str, why: str) -> None:
        if not holds:
            raise StepFailed(f"{step}: {why}")
