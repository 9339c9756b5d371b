"""Delivery alone: an outbox full of callbacks that fall due at once, beside a client that only posts."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

import aiohttp

from beckn_adapter.sandbox.participant import Participant
from tests.bench import processes
from tests.bench.bed import Bed
from tests.bench.figures import Spread, percent, ratio
from tests.bench.letters import House, Letter
from tests.bench.load import Load, Plan, address_of
from tests.bench.section import Goal, Section, Table
from tests.bench.sizes import Size
from tests.bench.wire import Wire, post

PROSE = """
{count} callbacks of {bytes:,} bytes (what a search is answered with) are put into the outbox, due at the same moment;
the rate is counted from the first that arrives to the last. Beside it, in turn, two clients that post the same bytes to
the same receiver and keep nothing: the load generator's own loop over bare sockets, client and receiver in one process,
which is the quickest that there is here; and aiohttp, with which the worker sends, {at_once} posts under way.
"""
AT_ONCE = 32
FILLING = 120  # seconds more that the first callback may need: the outbox is filled meanwhile
HEADER = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Arrivals:
    """Callbacks that came: how many (copies of one counted once), a second, and the CPU for each by group."""

    count: int
    doubled: int
    rate: float
    cpu_us: Mapping[str, float]


def receive(buyers: Sequence[Participant], count: int, groups: Mapping[str, int], patience: float) -> Arrivals:
    """Take callbacks until `count` different ones are here or nothing more comes for `patience` seconds."""
    moments: list[float] = []
    seen: set[bytes] = set()
    cpu: list[dict[str, float]] = []

    def note(_: bytes, body: bytes, at: float) -> None:
        if not moments:
            cpu.append(processes.cpu_seconds(groups))
        moments.append(at)
        start = body.find(b'"', body.find(b'"message_id"') + 12) + 1
        seen.add(body[start : start + 36])

    with Wire(lambda *_: None, note) as wire:
        for buyer in buyers:
            wire.open_door(address_of(buyer.url))
        heard = time.perf_counter() + FILLING
        while len(seen) < count and time.perf_counter() - heard < patience:
            wire.look(0.05)
            heard = moments[-1] if moments else heard
    after, before = processes.cpu_seconds(groups), cpu[0] if cpu else {}
    seconds = moments[-1] - moments[0] if len(moments) > 1 else 0
    spent = {name: 1e6 * (after[name] - before[name]) / len(moments) for name in before}
    return Arrivals(len(seen), len(moments) - len(seen), len(moments) / seconds if seconds else 0, spent)


def post_bare(plan: Plan, body: bytes, count: int) -> float:
    """POSTs a second from this process to its own door, over bare sockets."""
    door = plan.buyers[0]
    host, port = address_of(door.url)
    path = "/beckn/on_search"
    letters = []
    for _ in range(count):
        message_id = str(uuid4())
        letters.append(Letter(message_id, "", post(path, f"{host}:{port}", "none", body), {}, 0))
    own = Plan(House(door.url, ""), plan.buyers, b"", {}, window=AT_ONCE, until="ack")
    began = time.perf_counter()
    log = Load(own, letters).run()
    return count / (max(log.acked) - max(began, log.due[0]))


async def post_with_aiohttp(url: str, body: bytes, count: int) -> None:
    """What the worker's client can do with nothing else to do."""
    left = iter(range(count))

    async def go_on(session: aiohttp.ClientSession) -> None:
        for _ in left:
            async with session.post(url, data=body, headers=HEADER) as reply:
                await reply.read()

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session:
        await asyncio.gather(*(go_on(session) for _ in range(AT_ONCE)))


def measure(bed: Bed, size: Size) -> Section:
    body = bed.ask_for("search")
    bare, client, ours = [], [], []
    for _ in range(max(1, size.rounds // 2 + 1)):
        bare.append(bed.loader.submit(post_bare, bed.plan(), body, size.callbacks).result())
        client.append(count_aiohttp(bed, body, size.callbacks))
        ours.append(deliver(bed, body, size.callbacks))
    rates = [found.rate for found in ours]
    rows = [
        row("bare sockets, to itself", bare, bare),
        row("aiohttp, nothing kept", client, bare),
        row("ours: claimed, signed, posted, written down", rates, bare),
    ]
    last = ours[-1]
    cpu = Table(tuple(last.cpu_us), [tuple(round(value) for value in last.cpu_us.values())], "CPU us a callback:")
    missing = sum(size.callbacks - found.count for found in ours)
    beside = {"a loop over bare sockets": bare, "a loop with aiohttp": client}
    shares = {name: ratio(Spread.of(rates).median, Spread.of(found).median) for name, found in beside.items()}
    head = ("", "POSTs/s, median", "least", "most", "of bare sockets")
    goals = [
        *(
            Goal(f"Delivery beside {name}", "≥ 40 % of its POSTs", percent(share), share >= 0.4)
            for name, share in shares.items()
        ),
        Goal("Delivery alone", "nothing missing", f"{missing} missing", missing == 0),
    ]
    prose = PROSE.format(count=size.callbacks, bytes=len(body), at_once=AT_ONCE)
    return Section("delivery", "Delivery", 20, prose, [Table(head, rows), cpu], goals)


def row(name: str, rates: list[float], bare: list[float]) -> tuple[str | float, ...]:
    spread = Spread.of(rates)
    return name, spread.median, spread.low, spread.high, percent(ratio(spread.median, Spread.of(bare).median))


def count_aiohttp(bed: Bed, body: bytes, count: int) -> float:
    taken = bed.loader.submit(receive_anything, bed.buyers, count)
    time.sleep(0.3)  # its door opens
    asyncio.run(post_with_aiohttp(f"{bed.buyers[0].url}/on_search", body, count))
    return taken.result()


def receive_anything(buyers: Sequence[Participant], count: int) -> float:
    """POSTs a second from the first to the `count`-th, whatever they say."""
    moments: list[float] = []
    with Wire(lambda *_: None, lambda _, __, at: moments.append(at)) as wire:
        wire.open_door(address_of(buyers[0].url))
        while len(moments) < count:
            wire.look(0.05)
    return count / (moments[-1] - moments[0])


def deliver(bed: Bed, body: bytes, count: int) -> Arrivals:
    bed.clear()
    coming = bed.loader.submit(receive, bed.buyers, count, bed.groups, 20.0)
    addresses = {buyer.subscriber_id: buyer.url for buyer in bed.buyers}
    code = f"from tests.bench.inside import fill_outbox; fill_outbox({body!r}, {addresses!r}, {count})"
    bed.house.manage("shell", "--no-imports", "--verbosity", "0", "--command", code)
    arrived = coming.result()
    bed.clear()
    return arrived
