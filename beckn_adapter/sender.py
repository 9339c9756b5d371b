"""Sending callbacks: sign the stored bytes, post them all at once on kept-alive connections, say what came of each.

aiohttp, because only a client with a total timeout can not be held by a server that drips bytes.
"""

import asyncio
import atexit
import ipaddress
import json
import socket
import threading
import time
from functools import lru_cache
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from django.conf import settings
from django.utils import timezone
from nacl.signing import SigningKey
from yarl import URL

from beckn_adapter import signing
from beckn_adapter.models import Callback
from beckn_adapter.outbox import FINAL_STATUSES, Result

REPLY_LIMIT = 64 * 1024
# What Python 3.11's `is_global` lets through though it leads inside: NAT64, 6to4, IPv4-compatible, site-local, SRv6.
INWARD = [
    ipaddress.ip_network(text)
    for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "::/96", "fec0::/10", "5f00::/16", "224.0.0.0/4")
]
_local = threading.local()


class Inward(Exception):
    """The name leads to an address that is not on the public internet."""


class PublicOnly(AbstractResolver):
    """Names resolve to public addresses, or not at all; the connection goes to the very address that was checked."""

    def __init__(self) -> None:
        self._resolver = ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        if not settings.BECKN_ALLOW_PRIVATE_CALLBACKS and not all(is_public(entry["host"]) for entry in found):
            raise Inward(f"{host} is not a public address")
        return found

    async def close(self) -> None:
        await self._resolver.close()


def is_public(address: str) -> bool:
    """True for an address of the public internet, in whichever disguise it is written."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return ip.is_global and not any(ip in network for network in INWARD if network.version == ip.version)


def send_all(rows: list[Callback]) -> list[Result]:
    """Post every callback, at the same time; one result for each, never an exception."""
    runner = getattr(_local, "runner", None)
    if runner is None:
        runner = _local.runner = asyncio.Runner()
        atexit.register(close)
    return runner.run(_send_all(rows))


def close() -> None:
    """Give the connections of this thread back. The next send opens new ones."""
    if session := _local.__dict__.pop("session", None):
        _local.runner.run(session.close())
    if runner := _local.__dict__.pop("runner", None):
        runner.close()


@lru_cache(maxsize=2)
def signing_key(text: str) -> SigningKey:
    """Kept, for reading it costs as much as signing. Raises `BadKey`."""
    return SigningKey(signing.read_private_key(text))


async def _send_all(rows: list[Callback]) -> list[Result]:
    session = getattr(_local, "session", None)
    if session is None:
        session = _local.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=PublicOnly(), limit=64, limit_per_host=16, keepalive_timeout=15),
            timeout=aiohttp.ClientTimeout(total=settings.BECKN_CALLBACK_TIMEOUT),
            headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "servicedrop"},
            cookie_jar=aiohttp.DummyCookieJar(),
        )
    await asyncio.sleep(0)  # lets the loop notice connections that were closed while it stood still
    return await asyncio.gather(*(_send(session, row) for row in rows))


async def _send(session: aiohttp.ClientSession, row: Callback) -> Result:
    at, started = timezone.now(), time.monotonic()
    try:
        status, outcome, extra = await _post(session, row)
    except TimeoutError:
        status, outcome, extra = None, f"no answer within {settings.BECKN_CALLBACK_TIMEOUT} s", {}
    except signing.BadKey as problem:
        status, outcome, extra = None, f"our signing key can not be used: {problem}", {}
    except Inward as problem:
        status, outcome, extra = None, str(problem), {}
    except (aiohttp.ClientError, OSError, ValueError) as problem:
        status, outcome, extra = None, f"{type(problem).__name__}: {problem}", {}
    milliseconds = int((time.monotonic() - started) * 1000)
    return Result(row.pk, at, milliseconds, status, outcome[:300], **extra)


async def _post(session: aiohttp.ClientSession, row: Callback) -> tuple[int, str, dict[str, Any]]:
    url, body, now = URL(row.url), bytes(row.body), int(time.time())
    if not settings.BECKN_ALLOW_PRIVATE_CALLBACKS:
        _insist_on_public(url)
    header = signing.authorization(
        body,
        subscriber_id=settings.BECKN_SUBSCRIBER_ID,
        key_id=settings.BECKN_KEY_ID,
        key=signing_key(settings.BECKN_SIGNING_KEY),
        created=now,
        expires=now + settings.BECKN_SIGNATURE_TTL,
    )
    headers = {"Authorization": header, "Content-Type": "application/json"}
    async with session.post(url, data=body, headers=headers, allow_redirects=False) as reply:
        text = await _read_some(reply)
        return reply.status, *judge_reply(reply.status, text, reply.headers.get("Retry-After"))


async def _read_some(reply: aiohttp.ClientResponse) -> bytes:
    """The reply's first REPLY_LIMIT bytes; whoever sends more is not read to the end."""
    text = b""
    async for chunk in reply.content.iter_chunked(8192):
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


def judge_reply(status: int, text: bytes, retry_after: str | None) -> tuple[str, dict[str, Any]]:
    """Delivered on a 2xx that does not say NACK; a NACK, 400, 404 or 410 is final; everything else is tried again."""
    ack, error = read_ack(text)
    if status in range(200, 300) and ack != "NACK":
        return f"{status} {ack or 'without an ACK'}", {"delivered": True}
    if ack == "NACK" or status == 400 or status in FINAL_STATUSES:
        return f"{status} {ack or 'refused'} {error}".strip(), {"final": True}
    wait = {"retry_after": int(retry_after)} if retry_after and retry_after.isdigit() else {}
    return f"{status} {error}".strip(), wait


def read_ack(text: bytes) -> tuple[str, str]:
    """The ack status and the error of a reply; the error may stand at the top or inside message (PROTOCOL a.3)."""
    try:
        reply = json.loads(text)
        message = reply.get("message") or {}
        error = reply.get("error") or message.get("error") or {}
        return str((message.get("ack") or {}).get("status") or ""), str(error.get("message") or "")[:200]
    except (ValueError, AttributeError):
        return "", ""
