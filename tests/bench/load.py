"""The load generator: sends what was signed before, in open or closed loop, and remembers when what came back.

Open loop: message i is due at i / rate whatever became of those before it, and its times count from then, so that a
house which stalls can not hide it. Closed loop: as many as the window are under way, each until its ACK or until its
callback. It runs in a process of its own.
"""

import gc
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from nacl.signing import VerifyKey

from beckn_adapter import signing
from beckn_adapter.sandbox.participant import Participant
from tests.bench import processes
from tests.bench.figures import Outcome, Times
from tests.bench.letters import Desk, House, Letter
from tests.bench.wire import Wire

LINES = 64
AHEAD = 0.5  # seconds between the last preparation and the first message
AFTER = 0.3  # seconds after the last callback until the CPU is read: what is written down then belongs to it
LINGER = 0.5  # seconds that the doors stay open for what nobody waits for: a second copy, news of an order
INIT_WINDOW = 32


@dataclass(frozen=True)
class Plan:
    """What to send at what pace. `rate` messages a second, or `window` under way at once, each `until` "ack"
    or "callback"."""

    house: House
    buyers: Sequence[Participant]
    public_key: bytes
    groups: Mapping[str, int]
    action: str = "search"
    count: int = 1000
    rate: float = 0
    window: int = 0
    until: str = "callback"
    lines: int = LINES
    patience: float = 20  # seconds without a callback after which the missing ones are missing
    seconds: float = 3600  # after which nothing more is sent
    grace: float = 60  # seconds after the last message was sent in which all must be answered
    terms: bytes = b""  # an on_init that every confirm agrees to; without it each has an init of its own
    about: Mapping[str, Any] = field(default_factory=dict)  # more of a search's intent


@dataclass
class Log:
    """What happened to each letter, by number. Moments are of `time.perf_counter`, 0: it did not happen."""

    due: list[float]
    acked: list[float]
    answered: list[float]
    copies: list[int]
    replies: dict[int, bytes] = field(default_factory=dict)
    callbacks: list[tuple[int, bytes, bytes]] = field(default_factory=list)
    unasked: int = 0

    @classmethod
    def of(cls, count: int) -> "Log":
        return cls([0.0] * count, [0.0] * count, [0.0] * count, [0] * count)


class Load:
    """One pass over letters. The doors of `plan.buyers` are open meanwhile."""

    def __init__(self, plan: Plan, letters: Sequence[Letter]) -> None:
        self.plan, self.letters = plan, letters
        self.log = Log.of(len(letters))
        self.numbers = {letter.message_id.encode(): number for number, letter in enumerate(letters)}
        self.callback = f"/beckn/on_{plan.action} ".encode()
        self.next, self.acks, self.answers, self.last = 0, 0, 0, 0.0

    def run(self) -> Log:
        """Until everything is answered, or nothing more comes."""
        gc.collect()
        gc.disable()
        try:
            with Wire(self._on_reply, self._on_request) as wire:
                for buyer in self.plan.buyers:
                    wire.open_door(address_of(buyer.url))
                wire.open_lines(self.plan.house.address, self.plan.lines)
                self._send_all(wire)
                self._wait_for_all(wire)
        finally:
            gc.enable()
        return self.log

    def _send_all(self, wire: Wire) -> None:
        began = time.perf_counter() + 0.002
        pace = 1 / self.plan.rate if self.plan.rate else 0.0
        while self.next < len(self.letters):
            now = time.perf_counter()
            while wire.idle and self.next < len(self.letters) and self._may_send(began, pace, now):
                self.log.due[self.next] = began + self.next * pace if pace else now
                wire.send(self.next, self.letters[self.next].request)
                self.next += 1
            wait = 1.0
            if pace and wire.idle:
                wait = max(0.0, began + self.next * pace - time.perf_counter())
            wire.look(wait)
            now = time.perf_counter()
            if now - began > self.plan.seconds or (not pace and now - max(self.last, began) > self.plan.patience):
                return

    def _may_send(self, began: float, pace: float, now: float) -> bool:
        if pace:
            return began + self.next * pace <= now
        done = self.acks if self.plan.until == "ack" else self.answers
        return self.next - done < self.plan.window

    def _wait_for_all(self, wire: Wire) -> None:
        until = time.perf_counter() + self.plan.grace
        self.last = time.perf_counter()
        while time.perf_counter() < min(self.last + self.plan.patience, until):
            done = self.acks >= self.next and (self.plan.until == "ack" or self.answers >= self.next)
            if done:
                break
            wire.look(0.05)
        until = time.perf_counter() + LINGER
        while self.plan.until == "callback" and time.perf_counter() < until:
            wire.look(0.05)

    def _on_reply(self, number: int, reply: bytes, at: float) -> None:
        self.acks += 1
        self.last = at
        if b'"ACK"' in reply and reply.startswith(b"HTTP/1.1 200"):
            self.log.acked[number] = at
        else:
            self.log.replies[number] = reply
            self.answers += 1  # there will be none

    def _on_request(self, head: bytes, body: bytes, at: float) -> None:
        start = body.find(b'"', body.find(b'"message_id"') + 12) + 1
        number = self.numbers.get(body[start : start + 36], -1)
        if number < 0 or self.callback not in head[: len(self.callback) + 5]:
            self.log.unasked += 1
            return
        self.log.copies[number] += 1
        self.log.callbacks.append((number, head, body))
        self.last = at
        if self.log.copies[number] == 1:
            self.log.answered[number] = at
            self.answers += 1


def run(plan: Plan) -> Outcome:
    """Prepare (an init before each confirm), send, wait, and judge what came back."""
    desk = Desk(plan.house, plan.buyers)
    letters = desk.searches(plan.count, plan.about) if plan.action == "search" else _confirms(plan, desk)
    time.sleep(AHEAD)
    before, own = processes.cpu_seconds(plan.groups), time.process_time()
    load = Load(plan, letters)
    log = load.run()
    own = time.process_time() - own
    time.sleep(AFTER)
    after = processes.cpu_seconds(plan.groups)
    outcome = judge(plan, log, load.next)
    spent = {name: after[name] - before[name] for name in plan.groups} | {"load": own}
    outcome.cpu_us = {name: 1e6 * seconds / max(outcome.acked, 1) for name, seconds in spent.items()}
    outcome.megabytes = {name: sum(sizes) for name, sizes in processes.megabytes(plan.groups).items()}
    return outcome


def _confirms(plan: Plan, desk: Desk) -> list[Letter]:
    inits = desk.inits(plan.count)
    if plan.terms:
        return desk.confirms(inits, [plan.terms] * len(inits))
    return desk.confirms(inits, _terms(plan, inits))


def _terms(plan: Plan, inits: Sequence[Letter]) -> list[bytes]:
    """The on_init to each init; b"" where there was none."""
    log = Load(replace(plan, groups={}, action="init", rate=0, window=INIT_WINDOW, until="callback"), inits).run()
    terms = [b""] * len(inits)
    for number, _, body in log.callbacks:
        terms[number] = body
    return terms


def ask_for(plan: Plan) -> bytes:
    """One callback as it came: what is offered to a search, or the terms for an init."""
    desk = Desk(plan.house, plan.buyers)
    letters = desk.searches(1, plan.about) if plan.action == "search" else desk.inits(1)
    return Load(replace(plan, groups={}, window=1), letters).run().callbacks[0][2]


def judge(plan: Plan, log: Log, sent: int) -> Outcome:
    """Counts, latencies and rates of what was sent; every callback's signature is verified."""
    acked = [number for number in range(sent) if log.acked[number]]
    answered = [number for number in acked if log.answered[number]]
    began = log.due[0] if sent else 0.0
    last_ack = max((log.acked[number] for number in acked), default=began)
    last = max((log.answered[number] for number in answered), default=last_ack)
    asked = plan.until == "callback"
    return Outcome(
        action=plan.action,
        sent=sent,
        acked=len(acked),
        refused=sent - len(acked),
        callbacks=len(log.callbacks),
        missing=len(acked) - len(answered) if asked else 0,
        doubled=sum(copies - 1 for copies in log.copies if copies > 1),
        overtaken=sum(log.answered[number] < log.acked[number] for number in answered)
        + sum(bool(log.answered[number]) and not log.acked[number] for number in range(sent)),
        unasked=log.unasked,
        unsigned=sum(not _is_signed(plan.public_key, head, body) for _, head, body in log.callbacks),
        errors=sum(b'"error":' in body for _, _, body in log.callbacks),
        seconds=last - began,
        ack_rate=len(acked) / (last_ack - began) if acked else 0,
        rate=len(answered) / (last - began) if answered else 0,
        ack=Times.of([log.acked[number] - log.due[number] for number in acked]),
        cycle=Times.of([log.answered[number] - log.due[number] for number in answered]),
        lead_ms=1000 * min((log.answered[number] - log.acked[number] for number in answered), default=0),
        complaint=_complaint(log),
    )


def _is_signed(key: bytes, head: bytes, body: bytes) -> bool:
    lines = [line.decode().partition(":") for line in head.split(b"\r\n")[1:]]
    header = next((value.strip() for name, _, value in lines if name.lower() == "authorization"), "")
    try:
        signing.verify(body, signing.parse(header), VerifyKey(key))
    except signing.BadSignature:
        return False
    return True


def _complaint(log: Log) -> str:
    """The first thing that went wrong, for a person."""
    refused = next((reply for reply in log.replies.values()), None)
    if refused is not None:
        return refused.decode(errors="replace")[:400] or "a connection ended without a reply"
    failed = next((body for _, _, body in log.callbacks if b'"error":' in body), b"")
    return json.dumps(json.loads(failed).get("error"))[:400] if failed else ""


def address_of(url: str) -> tuple[str, int]:
    host, _, port = url.removeprefix("http://").partition("/")[0].partition(":")
    return host, int(port)


def as_words(outcome: Outcome) -> str:
    """A few lines for the terminal."""
    cpu: dict[str, Any] = {name: round(value) for name, value in outcome.cpu_us.items()}
    size = {name: round(value) for name, value in outcome.megabytes.items()}
    bad = f"missing {outcome.missing}, doubled {outcome.doubled}, before their ACK {outcome.overtaken}"
    odd = f"unasked {outcome.unasked}, badly signed {outcome.unsigned}, errors {outcome.errors}"
    lines = [
        f"{outcome.action}: sent {outcome.sent}, ACKed {outcome.acked}, callbacks {outcome.callbacks}; {bad}; {odd}",
        f"  ACK    {outcome.ack_rate:7.0f}/s  {outcome.ack}",
        f"  cycle  {outcome.rate:7.0f}/s  {outcome.cycle}; {outcome.lead_ms:.1f} ms at least after the ACK",
        f"  CPU us a message: {cpu}, together {round(sum(outcome.cpu_us.values()))}; RSS MB: {size}",
    ]
    return "\n".join(lines + ([f"  complaint: {outcome.complaint}"] if outcome.complaint else []))
