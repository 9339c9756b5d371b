"""A steady stream of signed requests, and a ledger of every one: what was sent, what was promised, under which fault.

Its people are impatient: who gets no answer presses again, the same bytes, until there is one; every confirm is pressed
twice and then sent once more under another message_id.
"""

import json
import random
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import requests

from beckn_adapter.sandbox import orders
from beckn_adapter.sandbox.buyer import BuyerApp
from beckn_adapter.sandbox.journal import Entry
from beckn_adapter.sandbox.reading import dig
from tests.faults.buyers import Moody
from tests.faults.ground import Ground

CUSTOMERS = 6
PAUSE = 0.3  # seconds between two steps of one customer
AT_MOST = 60  # answers that are waited for before nobody asks for more, so that a slow machine is not drowned
FEW = AT_MOST // 2  # the same when the next fault is about to strike
PRESSES, BETWEEN = 60, 0.3  # how often somebody without an answer presses again, and after how many seconds
LONGEST_REPLY, LONGEST_PILE = 15, 90  # seconds
NEED = orders.Need()
CHOSEN = orders.selection(NEED, provider_id="sf_electric_authority", item_id="new-resi-connection")
APPLIED = orders.application(NEED, CHOSEN)


@dataclass
class Sending:
    """One message. `status` 0 is: nobody answered, however often it was pressed. `seconds` are those of the reply."""

    row: str
    buyer: BuyerApp
    action: str
    transaction_id: str
    message_id: str
    at: datetime
    presses: int = 0
    retries: int = 0
    status: int = 0
    refusal: str = ""
    acked: bool = False
    seconds: float = 0.0

    @property
    def answers(self) -> list[Entry]:
        """Every copy of its answer that came with a good signature."""
        found = self.buyer.journal.received(f"on_{self.action}", self.transaction_id, self.message_id)
        return [entry for entry in found if entry.good]


class Draft(NamedTuple):
    """An init whose terms are awaited."""

    buyer: BuyerApp
    transaction_id: str
    message_id: str


class Storm:
    """`with storm.blowing():` keeps the stream up; `fault` is the row under which it is written down."""

    def __init__(self, ground: Ground, customers: int = CUSTOMERS) -> None:
        self.ground, self.customers = ground, customers
        self.fault = ""
        self.ledger: list[Sending] = []
        self.notes: dict[str, str] = {}
        self.callers: list[BuyerApp] = list(ground.buyers)
        self.forms: deque[tuple[BuyerApp, str]] = deque(maxlen=5)  # where papers may be handed in
        self.under_way = 0
        self._at_most = AT_MOST
        self._drafts: deque[Draft] = deque()
        self._awaited: list[Sending] = []
        self._acked_at = 0.0
        self._lock = threading.Lock()
        self._held = threading.Event()

    @contextmanager
    def blowing(self) -> Iterator[None]:
        over = threading.Event()
        customers = [threading.Thread(target=self._live, args=[over]) for _ in range(self.customers)]
        for customer in customers:
            customer.start()
        try:
            yield
        finally:
            over.set()
            for customer in customers:
                customer.join()

    def seconds_to_an_ack(self, patience: float = 30) -> float:
        """From now until a request is acknowledged. Raises `TimeoutError`."""
        began = time.monotonic()
        while self._acked_at < began:
            if time.monotonic() - began > patience:
                raise TimeoutError(f"nothing is acknowledged within {patience:g} s")
            time.sleep(0.01)
        return self._acked_at - began

    # --- Customers --------------------------------------------------------------------------------------------------

    def _live(self, over: threading.Event) -> None:
        while not over.wait(random.uniform(0.5, 1.5) * PAUSE):
            if self._has_enough():
                continue
            buyer = random.choice(self.callers)
            if random.random() < 0.5 and self._confirm_a_draft():
                continue
            if random.random() < 0.3:
                self._apply(buyer)
            else:
                self._send(buyer, "search", {"intent": orders.intent(NEED)}, self._begin(buyer))

    def turn_to(self, row: str) -> None:
        """What is sent from now on belongs to this row; what is under way belongs to the one before. A fault meets a
        stream that flows: what piled up before is waited for, while little is added to it."""
        self._at_most = FEW
        deadline = time.monotonic() + LONGEST_PILE
        while self._has_enough() and time.monotonic() < deadline:
            time.sleep(0.1)
        self._held.set()
        deadline = time.monotonic() + LONGEST_REPLY
        while self.under_way and time.monotonic() < deadline:
            time.sleep(0.01)
        self.fault, self._at_most = row, AT_MOST
        self._held.clear()

    def has_heard(self, buyers: Iterable[BuyerApp]) -> bool:
        """Whether something of each of these was acknowledged."""
        with self._lock:
            heard = {sending.buyer.me.subscriber_id for sending in self.ledger if sending.acked}
        return heard >= {buyer.me.subscriber_id for buyer in buyers}

    def _has_enough(self) -> bool:
        if self._held.is_set():
            return True
        with self._lock:
            self._awaited = [sending for sending in self._awaited if not sending.answers]
            return len(self._awaited) >= self._at_most

    def _begin(self, buyer: BuyerApp) -> str:
        transaction_id = str(uuid.uuid4())
        me = self.ground.house.me
        buyer.talk_to(transaction_id, me.subscriber_id, me.url)
        return transaction_id

    def _apply(self, buyer: BuyerApp) -> None:
        """search, select and init without waiting for an answer in between: those must come in this order."""
        transaction_id = self._begin(buyer)
        self._send(buyer, "search", {"intent": orders.intent(NEED)}, transaction_id)
        self._send(buyer, "select", {"order": CHOSEN}, transaction_id)
        applied = self._send(buyer, "init", {"order": APPLIED}, transaction_id)
        if applied.acked:
            self._drafts.append(Draft(buyer, transaction_id, applied.message_id))

    def _confirm_a_draft(self) -> bool:
        """False where no terms are there yet."""
        try:
            draft = self._drafts.popleft()
        except IndexError:
            return False
        told = draft.buyer.journal.received("on_init", draft.transaction_id, draft.message_id)
        if not told:
            self._drafts.append(draft)
            return False
        terms = told[0].order
        self.forms.append((draft.buyer, str(dig(terms, "items", 0, "xinput", "form", "url"))))
        agreed = {"order": orders.agreement(APPLIED, terms)}
        first = self._send(draft.buyer, "confirm", agreed, draft.transaction_id, presses=2)
        if first.acked:
            self._send(draft.buyer, "confirm", agreed, draft.transaction_id)
        return True

    def _send(self, buyer: BuyerApp, action: str, message: Any, transaction_id: str, *, presses: int = 1) -> Sending:
        """`presses` is how often the same bytes are sent although they were answered."""
        row = buyer.mood if isinstance(buyer, Moody) else self.fault
        context = buyer.context(action, transaction_id)
        sending = Sending(row, buyer, action, transaction_id, context["message_id"], datetime.now(UTC))
        body = json.dumps({"context": context, "message": message}).encode()
        with self._lock:
            self.ledger.append(sending)
        for _ in range(presses):
            self._press(sending, body)
        return sending

    def _press(self, sending: Sending, body: bytes) -> None:
        for _ in range(PRESSES):
            sending.presses += 1
            began = time.monotonic()
            with self._lock:
                self.under_way += 1
            try:
                sent = sending.buyer.send(sending.action, transaction_id=sending.transaction_id, body_bytes=body)
            except requests.RequestException:
                sending.retries += 1
                time.sleep(BETWEEN)
                continue
            finally:
                with self._lock:
                    self.under_way -= 1
            sending.status, sending.seconds = sent.status, time.monotonic() - began
            sending.refusal = str(dig(sent.reply, "error", "message"))
            if sent.acknowledged:
                sending.acked, self._acked_at = True, time.monotonic()
                with self._lock:
                    self._awaited += [] if isinstance(sending.buyer, Moody) else [sending]
            return
