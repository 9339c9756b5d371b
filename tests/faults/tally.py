"""What a storm left behind, counted: promised, handled, delivered and received, by row of the table."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.faults.ground import Ground
from tests.faults.storm import Sending, Storm

Key = tuple[str, str, str, str]  # buyer app, action, transaction_id, message_id

HANDLED = """SELECT bap_id, action, transaction_id, message_id FROM beckn_adapter_message WHERE state = 'HANDLED'"""
ANSWERS = """SELECT m.bap_id, m.action, m.transaction_id, m.message_id, count(*),
                    sum(CASE WHEN c.state = 'DELIVERED' THEN 1 ELSE 0 END)
             FROM beckn_adapter_callback c JOIN beckn_adapter_message m ON m.id = c.request_id
             GROUP BY m.bap_id, m.action, m.transaction_id, m.message_id"""
ORDERS = """SELECT v.bap_id, v.transaction_id, count(*)
            FROM connections_event e JOIN beckn_adapter_conversation v ON v.application_id = e.application_id
            WHERE e.kind = 'application.scheduled' GROUP BY v.bap_id, v.transaction_id"""


@dataclass
class Figures:
    """Counts of one row. `lost`: acknowledged, and not handled, not delivered, not received with a good signature, or a
    confirm without its order. `doubled`: two orders of one transaction, two answers to one message, or two that differ.
    """

    sent: int = 0
    acked: int = 0
    refusals: list[str] = field(default_factory=list)
    unanswered: int = 0
    pressed_again: int = 0
    handled: int = 0
    delivered: int = 0
    received: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    misordered: list[str] = field(default_factory=list)
    orders: int = 0
    copies: int = 0
    statuses: set[int] = field(default_factory=set)
    reply_seconds: list[float] = field(default_factory=list)
    longest: float = 0.0
    note: str = ""

    def add(self, other: "Figures") -> None:
        """Another round of the same row."""
        for name, value in vars(other).items():
            mine = getattr(self, name)
            if name == "longest":
                self.longest = max(mine, value)
            elif name == "note":
                self.note = value or mine
            elif name == "statuses":
                self.statuses |= value
            else:
                setattr(self, name, mine + value)

    @property
    def kept(self) -> bool:
        """Every promise: ACKed = handled = delivered = received, nothing lost, doubled or out of order."""
        counts = {self.acked, self.handled, self.delivered, self.received}
        return len(counts) == 1 and not (self.lost or self.doubled or self.misordered)

    @property
    def reply_ms(self) -> tuple[int, int]:
        """p50 and p99 of the replies that came, in milliseconds."""
        times = sorted(self.reply_seconds) or [0.0]
        return tuple(round(1000 * times[len(times) * share // 100]) for share in (50, 99))  # type: ignore[return-value]


def count(storm: Storm) -> dict[str, Figures]:
    """By row, in the order in which they struck. To be asked when all is settled."""
    books = Books(storm.ground)
    found: dict[str, Figures] = {}
    for sending in storm.ledger:
        books.enter(sending, found.setdefault(sending.row, Figures(note=storm.notes.get(sending.row, ""))))
    for sendings in _by_transaction(storm.ledger):
        books.enter_transaction(sendings, found)
    return found


class Books:
    """What the house's database says, against what the buyer apps hold."""

    def __init__(self, ground: Ground) -> None:
        self.handled: set[Key] = {(b, a, t, m) for b, a, t, m in ground.ask(HANDLED)}
        self.answers: dict[Key, tuple[int, int]] = {(b, a, t, m): (n, d) for b, a, t, m, n, d in ground.ask(ANSWERS)}
        self.orders = {(bap, transaction): number for bap, transaction, number in ground.ask(ORDERS)}

    def enter(self, sending: Sending, row: Figures) -> None:
        row.sent += 1
        row.pressed_again += sending.retries
        if sending.status:
            row.reply_seconds.append(sending.seconds)
            row.statuses.add(sending.status)
        if not sending.acked:
            row.refusals += [f"{sending.action}: {sending.status} {sending.refusal}"] if sending.status else []
            row.unanswered += not sending.status
            return
        row.acked += 1
        self._enter_answer(sending, row)

    def _enter_answer(self, sending: Sending, row: Figures) -> None:
        key = (sending.buyer.me.subscriber_id, sending.action, sending.transaction_id, sending.message_id)
        written, delivered = self.answers.get(key, (0, 0))
        copies = sending.answers
        row.handled += key in self.handled
        row.delivered += delivered == 1
        row.received += bool(copies)
        row.copies += max(len(copies) - 1, 0) if sending.presses == 1 else 0  # who presses twice is answered twice
        if not (key in self.handled and delivered and copies):
            row.lost.append(f"{sending.action} {sending.message_id}")
        if written > 1 or len({copy.body for copy in copies}) > 1:
            row.doubled.append(f"the answer to {sending.action} {sending.message_id}")
        if copies:
            row.longest = max(row.longest, (copies[0].at - sending.at).total_seconds())

    def enter_transaction(self, sendings: list[Sending], rows: dict[str, Figures]) -> None:
        """One order of however many confirms, and answers in the order of their requests."""
        bap, transaction_id = sendings[0].buyer.me.subscriber_id, sendings[0].transaction_id
        confirms = [sending for sending in sendings if sending.action == "confirm" and sending.acked]
        if confirms:
            row = rows[confirms[0].row]
            made = self.orders.get((bap, transaction_id), 0)
            told = {copy.order.get("id") for sending in confirms for copy in sending.answers}
            row.orders += made == 1
            row.lost += [f"the order of {transaction_id}"] if not made or None in told else []
            row.doubled += [f"the order of {transaction_id}"] if made > 1 or len(told) > 1 else []
        firsts = [copies[0].number for sending in sendings if sending.acked and (copies := sending.answers)]
        rows[sendings[0].row].misordered += [transaction_id] if firsts != sorted(firsts) else []


def _by_transaction(ledger: Iterable[Sending]) -> Iterable[list[Sending]]:
    groups: dict[str, list[Sending]] = {}
    for sending in ledger:
        groups.setdefault(sending.transaction_id, []).append(sending)
    return groups.values()
