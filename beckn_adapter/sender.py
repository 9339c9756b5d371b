"""Sending callbacks: sign the stored bytes, post them side by side on kept-alive connections, say what came of each.

aiohttp, because only a client with a total timeout can not be held by a server that drips bytes. Its event loop runs in
a thread of its own, so that one slow buyer app does not keep the worker from what the others are owed.
"""

import asyncio
import atexit
import ipaddress
import os
import queue
import socket
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from django.conf import settings
from django.utils import timezone
from yarl import URL

from beckn_adapter import beside, keys, signing, trail
from beckn_adapter.models import Callback
from beckn_adapter.outbox import SENDERS
from beckn_adapter.replies import REPLY_LIMIT, Verdict, judge, read_date
from beckn_adapter.settling import Result
from beckn_adapter.strict_json import printable

AT_ONCE = 16  # callbacks that are begun before the loop looks for replies
GATHER = 0.003  # seconds that a result waits for others, to be written down together with them
NO_TIME = timedelta()
CLOCKS_APART = 3600  # seconds by which we believe a buyer app that its clock differs from ours
# What Python 3.11's `is_global` lets through though it leads inside: NAT64, 6to4, IPv4-compatible, site-local, SRv6.
INWARD = [
    ipaddress.ip_network(text)
    for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "::/96", "fec0::/10", "5f00::/16", "224.0.0.0/4")
]
_lock = threading.Lock()
_line: "Line | None" = None


class Inward(Exception):
    """The name leads to an address that is not on the public internet."""


class PublicOnly(AbstractResolver):
    """Names resolve to public addresses, or not at all; the connection goes to the very address that was checked."""

    def __init__(self) -> None:
        self._resolver = ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        if not _may_be_private(host) and not all(is_public(entry["host"]) for entry in found):
            raise Inward(f"{host} is not a public address")
        return found

    async def close(self) -> None:
        await self._resolver.close()


def _may_be_private(host: str) -> bool:
    return bool(settings.BECKN_ALLOW_PRIVATE_CALLBACKS) or beside.lives_at(host)


def is_public(address: str) -> bool:
    """True for an address of the public internet, in whichever disguise it is written."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return ip.is_global and not any(ip in network for network in INWARD if network.version == ip.version)


class Line:
    """This process's way out: an event loop in its thread, and the connections that are kept alive there."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="callbacks", daemon=True)
        self.thread.start()
        self.session: aiohttp.ClientSession | None = None

    def opened(self) -> aiohttp.ClientSession:
        """The session, made in the loop's own thread."""
        if self.session is None:
            self.session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=PublicOnly(), limit=SENDERS, keepalive_timeout=15),
                headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "servicedrop"},
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,  # a little that unpacks to very much stays little
            )
        return self.session

    def close(self) -> None:
        if self.session:
            asyncio.run_coroutine_threadsafe(self.session.close(), self.loop).result(timeout=5)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(timeout=5)
        self.loop.close()


class Postman:
    """Sends what it is given and hands back a result for each, in the order in which they come."""

    def __init__(self) -> None:
        self.in_hand: Counter[str] = Counter()  # by host
        self._rows: dict[int, Callback] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._results: queue.SimpleQueue[Result] = queue.SimpleQueue()

    def take(self, rows: list[Callback]) -> None:
        """Post each of these when it is due; returns at once. The loop's thread is woken for all of them together.

        What is in hand already is not posted twice at a time: its lease ran out because our clock was set, or the
        machine stood still.
        """
        line, rows = _open_line(), [row for row in rows if row.pk not in self._rows]
        for row in rows:
            self._rows[row.pk] = row
            self.in_hand[row.host] += 1
        line.loop.call_soon_threadsafe(self._begin, line, rows)

    def bring(self, wait: float) -> tuple[list[Callback], list[Result]]:
        """What has come back, with the rows; nothing if nothing does within `wait` seconds."""
        results: list[Result] = []
        try:
            results.append(self._results.get(timeout=wait))
            time.sleep(GATHER)
            while True:
                results.append(self._results.get_nowait())
        except queue.Empty:
            pass
        rows = [self._rows.pop(result.callback_id) for result in results]
        self.in_hand -= Counter(row.host for row in rows)
        return rows, results

    def _begin(self, line: Line, rows: list[Callback]) -> None:
        """In the loop's own thread, a few at a time: what comes back meanwhile is taken between them."""
        for row in rows[:AT_ONCE]:
            with trail.working_on(row):  # a task keeps the context in which it is made
                task = line.loop.create_task(self._carry(line, row))
            self._tasks.add(task)  # the loop itself holds none of them
            task.add_done_callback(self._tasks.discard)
        if rows[AT_ONCE:]:
            line.loop.call_soon(self._begin, line, rows[AT_ONCE:])

    async def _carry(self, line: Line, row: Callback) -> None:
        early = row.due_at - timezone.now()
        if early > NO_TIME and not row.is_probe:  # its ACK still has its head start
            await asyncio.sleep(min(early.total_seconds(), 1))
        self._results.put(await _send(line.opened(), row))


def _open_line() -> Line:
    global _line  # noqa: PLW0603 - one a process
    with _lock:
        if _line is None:
            _line = Line()
        return _line


def close() -> None:
    """Give the connections of this process back. The next callback opens new ones."""
    global _line
    with _lock:
        line, _line = _line, None
    if line:
        line.close()


def _forget_the_parents_line() -> None:
    global _line, _lock
    _line, _lock = None, threading.Lock()


atexit.register(close)
os.register_at_fork(after_in_child=_forget_the_parents_line)


async def _send(session: aiohttp.ClientSession, row: Callback) -> Result:
    """One attempt; a result, never an exception, or the callback would never come back."""
    at, started, status, ours = timezone.now(), time.monotonic(), None, False
    try:
        status, verdict = await _post(session, row, at)
    except signing.BadKey as problem:
        ours, verdict = True, Verdict(f"our keys can not be used: {problem}")
    except Exception as problem:  # noqa: BLE001 - whatever a network, a name or an address may do
        verdict = Verdict(explain(problem))
    milliseconds = int((time.monotonic() - started) * 1000)
    return Result(
        row.pk,
        at,
        milliseconds,
        status,
        printable(verdict.outcome, 300),
        delivered=verdict.delivered,
        final=verdict.final,
        retry_after=verdict.retry_after,
        at_fault=not ours,
    )


def explain(problem: Exception) -> str:
    """Why nothing was answered, in words."""
    if isinstance(problem, Inward):
        return str(problem)
    if isinstance(problem, TimeoutError):
        return f"no answer within {settings.BECKN_CALLBACK_TIMEOUT} s"
    kinds = (
        (aiohttp.ClientConnectorDNSError, "its name leads nowhere"),
        (aiohttp.ClientSSLError, "its certificate is not to be trusted, or it speaks no TLS"),
        (aiohttp.ClientConnectorError, "it can not be reached"),
        ((aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError, ConnectionError), "the connection broke off"),
        (aiohttp.InvalidURL, "its address can not be used"),
    )
    words = next((words for kind, words in kinds if isinstance(problem, kind)), type(problem).__name__)
    return f"{words}: {problem}" if str(problem) else words


async def _post(session: aiohttp.ClientSession, row: Callback, now: datetime) -> tuple[int, Verdict]:
    """Post it; after a 401 once more at once, with times that also the receiver's clock takes for good."""
    url, body = URL(row.url), bytes(row.body)
    if not settings.BECKN_ALLOW_PRIVATE_CALLBACKS and not beside.takes(row.url):
        _insist_on_public(url)
    status, text, headers = await _ask(session, url, body, now, now)
    first = judge(status, text, headers, now)
    if status != 401:
        return status, first
    now, theirs = timezone.now(), read_date(headers.get("Date", ""))
    apart = abs((theirs - now).total_seconds()) if theirs else 0
    theirs = theirs if theirs and apart <= CLOCKS_APART else now
    status, text, headers = await _ask(session, url, body, min(now, theirs), max(now, theirs))
    second = judge(status, text, headers, now)
    clocks = f" (our clock says {now:%H:%M:%S}, its {theirs.astimezone(UTC):%H:%M:%S} UTC)" if apart > 5 else ""
    words = f"{first.outcome[:90]}{clocks}; signed again at once: {second.outcome}"
    return status, Verdict(words, second.delivered, second.final, second.retry_after)


async def _ask(
    session: aiohttp.ClientSession, url: URL, body: bytes, earlier: datetime, later: datetime
) -> tuple[int, bytes, Any]:
    """Sign, post, and read as much of the reply as is worth reading."""
    headers = {"Content-Type": "application/json"}
    if not beside.takes(str(url)):
        headers["Authorization"] = _signature(body, earlier, later)
    timeout = _patience(settings.BECKN_CALLBACK_TIMEOUT)
    async with session.post(url, data=body, headers=headers, allow_redirects=False, timeout=timeout) as reply:
        return reply.status, await _read_some(reply), reply.headers


@lru_cache
def _patience(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds)


def _signature(body: bytes, earlier: datetime, later: datetime) -> str:
    ours = keys.first()
    return signing.authorization(
        body,
        subscriber_id=settings.BECKN_SUBSCRIBER_ID,
        key_id=ours.key_id,
        key=ours.signing,
        created=int(earlier.timestamp()),
        expires=int(later.timestamp()) + settings.BECKN_SIGNATURE_TTL,
    )


async def _read_some(reply: aiohttp.ClientResponse) -> bytes:
    """The reply's first REPLY_LIMIT bytes; whoever sends more is not read to the end."""
    text = b""
    while chunk := await reply.content.read(8192):
        text += chunk
        if len(text) > REPLY_LIMIT:
            reply.close()
            break
    return text


def _insist_on_public(url: URL) -> None:
    if url.scheme != "https":
        raise Inward("callbacks go to https addresses only")
    try:
        literal = ipaddress.ip_address(url.host or "")
    except ValueError:
        return  # a name: the resolver decides
    if not is_public(str(literal)):
        raise Inward(f"{literal} is not a public address")
