"""The lies that the probes tell (test_probes.py): each builds one request, most of them signed well.

A lie knows the world it is told in: an honest buyer app, a gateway, and whom else it needs in the registry.
"""

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from nacl.bindings import crypto_core_ed25519_scalar_reduce

from beckn_adapter.sandbox.participant import Participant
from tests.beckn_adapter.conversation import request

SEARCH = {"intent": {"descriptor": {"name": "connection"}}}
SELECT = {"order": {"provider": {"id": "sf_electric_authority"}, "items": [{"id": "new-resi-connection"}]}}
STATUS = {"order_id": "conn-order-1"}
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493  # of Ed25519 (RFC 8032, 5.1)


@dataclass
class World:
    """Who is in the registry."""

    registry_url: str
    bap: Participant
    gateway: Participant


@dataclass
class Told:
    """One request as it is posted."""

    raw: bytes
    header: str
    action: str = "search"
    method: str = "POST"
    path: str | None = None  # after /beckn/, where it is not the action
    headers: dict[str, str] = field(default_factory=dict)


Lie = Callable[[World], Told]


def dump(body: Any) -> bytes:
    return json.dumps(body).encode()


def ask(world: World, action: str = "search", message: Any = SEARCH, **context: Any) -> bytes:
    return dump(request(action, message, **{"bap_id": world.bap.subscriber_id, "bap_uri": world.bap.url, **context}))


def told(world: World, raw: bytes, **how: Any) -> Told:
    """Signed by the honest buyer app, as it should be."""
    return Told(raw, world.bap.sign(raw), **how)


# --- Headers and signatures -------------------------------------------------------------------------------------------


def header(change: Callable[[str], str]) -> Lie:
    """A good message under a header that is changed after signing."""

    def lie(world: World) -> Told:
        raw = ask(world)
        return Told(raw, change(world.bap.sign(raw)))

    return lie


def swap(old: str, new: str) -> Lie:
    return header(lambda good: good.replace(old, new))


def times(created: int, lifetime: int) -> Lie:
    """Signed well, with times relative to now."""

    def lie(world: World) -> Told:
        raw = ask(world)
        return Told(raw, world.bap.sign(raw, created=int(time.time()) + created, lifetime=lifetime))

    return lie


def flip(part: str) -> Lie:
    """One character of a header field is another one: what is signed is not what is said."""

    def change(good: str) -> str:
        at = good.index(f'{part}="') + len(part) + 3
        other = {"created": "0", "expires": "9"}.get(part, "A" if good[at] != "A" else "B")
        return good[:at] + other + good[at + 1 :]

    return header(change)


def body_changed(change: Callable[[bytes], bytes]) -> Lie:
    """Signed, then changed on the way."""

    def lie(world: World) -> Told:
        raw = ask(world)
        return Told(change(raw), world.bap.sign(raw))

    return lie


def malleated(world: World) -> Told:
    """S + L in place of S: the same signature to a lax verifier, another one to a strict one (RFC 8032, 5.1.7)."""
    raw = ask(world)
    good = world.bap.sign(raw)
    value = base64.b64decode(good.rpartition('signature="')[2].removesuffix('"'))
    s = int.from_bytes(value[32:], "little")
    assert crypto_core_ed25519_scalar_reduce(value[32:] + bytes(32)) == value[32:]
    other = base64.b64encode(value[:32] + (s + GROUP_ORDER).to_bytes(32, "little")).decode()
    return Told(raw, good.replace(base64.b64encode(value).decode(), other))


def another_key(world: World) -> Told:
    raw = ask(world)
    return Told(raw, Participant(world.bap.subscriber_id, world.bap.url, "BAP").sign(raw))


def of_the_last_message(world: World) -> Told:
    """A genuine signature, of another message."""
    return Told(ask(world), world.bap.sign(ask(world)))


def only_the_gateway_signed(world: World) -> Told:
    raw = ask(world)
    return Told(raw, "", headers={"X-Gateway-Authorization": world.gateway.sign(raw)})


# --- Standing and identity --------------------------------------------------------------------------------------------


def registered(as_type: str = "BAP", *, name: str = "odd.test", domain: str = "service", **changes: Any) -> Lie:
    """Good in everything but in what the registry says of the sender."""

    def lie(world: World) -> Told:
        odd = Participant(name, f"https://{name}/beckn", as_type, domain=domain)
        odd.subscribe(world.registry_url, **changes)
        raw = dump(request("search", SEARCH, bap_id=name, bap_uri=odd.url))
        return Told(raw, odd.sign(raw))

    return lie


def small_order_key(world: World) -> Told:
    """The registry has the identity point as somebody's key: a careless verifier takes any signature for good."""
    weak = Participant("weak.test", "https://weak.test/beckn", "BAP")
    weak.subscribe(world.registry_url, signing_public_key=base64.b64encode(b"\1" + bytes(31)).decode())
    raw = dump(request("search", SEARCH, bap_id="weak.test", bap_uri=weak.url))
    value = base64.b64encode(b"\1" + bytes(63)).decode()
    return Told(raw, weak.sign(raw).rpartition('signature="')[0] + f'signature="{value}"')


def in_anothers_name(world: World) -> Told:
    """Mallory is a member of the network, and signs an order for somebody else."""
    mallory = Participant("mallory.test", "https://mallory.test/beckn", "BAP")
    mallory.subscribe(world.registry_url)
    raw = ask(world)
    return Told(raw, mallory.sign(raw))


def with_anothers_key_id(world: World) -> Told:
    mallory = Participant("mallory.test", "https://mallory.test/beckn", "BAP")
    mallory.subscribe(world.registry_url)
    raw = ask(world)
    return Told(raw, mallory.sign(raw).replace("mallory.test|", f"{world.bap.subscriber_id}|"))


def gateway(sign: Callable[[World, bytes], str], name: str = "X-Gateway-Authorization") -> Lie:
    def lie(world: World) -> Told:
        raw = ask(world)
        return told(world, raw, headers={name: sign(world, raw)})

    return lie


def two_gateway_headers(world: World) -> Told:
    """The first holds, the second does not."""
    raw = ask(world)
    good, bad = world.gateway.sign(raw), world.gateway.sign(raw + b" ")
    return told(world, raw, headers={"X-Gateway-Authorization": good, "Proxy-Authorization": bad})


# --- Bodies -----------------------------------------------------------------------------------------------------------


def raw(body: bytes | Callable[[bytes], bytes], **how: Any) -> Lie:
    """Signed over these very bytes, so only the bytes are wrong."""
    return lambda world: told(world, body if isinstance(body, bytes) else body(ask(world)), **how)


def insert(text: bytes) -> Lie:
    """One more member at the beginning of the object."""
    return raw(lambda good: b"{" + text + b"," + good[1:])


def context(**changes: Any) -> Lie:
    return lambda world: told(world, ask(world, **changes))


def sent(ago: timedelta, ttl: str | None = "PT10M") -> Lie:
    return lambda world: told(world, ask(world, timestamp=(datetime.now(UTC) - ago).isoformat(), ttl=ttl))


def message(action: str, content: Any) -> Lie:
    return lambda world: told(world, ask(world, action, content), action=action)


def select(**changes: Any) -> Lie:
    return message("select", {"order": {**SELECT["order"], **changes}})


def posted(**how: Any) -> Lie:
    """A good message, posted otherwise."""
    return lambda world: told(world, ask(world), **how)
