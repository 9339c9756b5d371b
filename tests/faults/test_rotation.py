"""A rotation of our keys under load: buyer apps that ask the registry about every single callback refuse none."""

import re
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from beckn_adapter import signing
from beckn_adapter.sandbox.buyer import BuyerApp, Sent
from beckn_adapter.sandbox.house import House
from beckn_adapter.sandbox.journal import Entry
from beckn_adapter.sandbox.registry import Registry
from beckn_adapter.sandbox.verifying import Verifier
from beckn_adapter.signing import read_private_key
from beckn_adapter.subscriber import Subscriber
from tests import moulds
from tests.servers import new_database, redis_url
from tests.town import at_work

SIGNATURE_SECONDS, SKEW = 2, 1
PAUSE = 0.15  # seconds between two searches


class Forgetful(Verifier):
    """Believes nothing but what the registry says now."""

    def verify(self, header: str, body: bytes, *, kind: str) -> Subscriber:
        self._known.clear()
        return super().verify(header, body, kind=kind)


@pytest.fixture
def rotating(tmp_path: Path) -> Iterator[tuple[House, Registry, BuyerApp]]:
    """A house of its own, for its keys change; its signatures hold two seconds."""
    with ExitStack() as stack:
        registry = stack.enter_context(Registry())
        env = {
            "DATABASE_URL": new_database(moulds.furnished()),
            "CELERY_BROKER_URL": redis_url(8),
            "CACHE_URL": redis_url(9),
            "BECKN_SIGNATURE_TTL": str(SIGNATURE_SECONDS),
            "BECKN_CLOCK_SKEW": str(SKEW),
            **registry.environment(),
        }
        house = stack.enter_context(at_work(House(tmp_path, env)))
        buyer = stack.enter_context(BuyerApp(registry.url))
        buyer.verifier = Forgetful(registry.url)
        yield house, registry, buyer


@contextmanager
def traffic(house: House, buyer: BuyerApp) -> Iterator[list[Sent]]:
    """Search after search until the block ends; those that were acknowledged are collected."""
    over, acknowledged = threading.Event(), []

    def ask() -> None:
        while not over.wait(PAUSE):
            transaction_id = str(uuid.uuid4())
            buyer.talk_to(transaction_id, house.me.subscriber_id, house.me.url)
            try:
                sent = buyer.search(transaction_id=transaction_id, url=house.me.url)
            except requests.RequestException:
                continue  # the one web server of this house is just being restarted
            if sent.acknowledged:
                acknowledged.append(sent)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield acknowledged
    finally:
        over.set()
        asking.join()


def adopt(house: House, **env: str) -> None:
    """A changed environment, for whatever is started from now on."""
    house.env.update(env)
    for child in house.processes.values():
        child.env.update(env)


def callbacks(buyer: BuyerApp) -> list[Entry]:
    return [entry for entry in buyer.journal.entries() if not entry.sent]


def signer_of(entry: Entry) -> str:
    return signing.parse(entry.headers["Authorization"]).key_id


def wait_until_signed_by(key_id: str, buyer: BuyerApp, count: int = 5) -> None:
    deadline = time.monotonic() + 30
    while [signer_of(entry) for entry in callbacks(buyer)[-count:]] != [key_id] * count:
        assert time.monotonic() < deadline, f"nobody signs with {key_id}"
        time.sleep(0.1)


def test_a_rotation_under_load_refuses_no_callback(rotating: tuple[House, Registry, BuyerApp]) -> None:
    house, registry, buyer = rotating
    old = {name: house.env[f"BECKN_{name}"] for name in ("KEY_ID", "SIGNING_KEY", "ENCRYPTION_KEY")}

    with traffic(house, buyer) as acknowledged:
        wait_until_signed_by("k1", buyer)
        made = house.manage("beckn_keys", "new", "--second", "--key-id", "k2", "--out", str(house.var_dir / "k2"))
        new = dict(re.findall(r"^(\w+)=(.*)$", made, re.MULTILINE))
        adopt(house, **new)
        house.restart("web")  # so that it can answer for the second key
        assert "SUBSCRIBED" in house.manage("beckn_subscribe")

        adopt(house, **exchanged(new, old))
        house.restart("web")
        wait_until_signed_by("k1", buyer)  # the worker still signs with the old key, and may
        house.restart("worker")
        house.manage("beckn_subscribe", "--retire", "k1")
        time.sleep(SIGNATURE_SECONDS + SKEW + 1)
        wait_until_signed_by("k2", buyer)

    for sent in acknowledged:
        assert buyer.wait_for("on_search", sent.transaction_id, timeout=30)
    assert [entry.reason for entry in callbacks(buyer) if not entry.good] == []
    assert {signer_of(entry) for entry in callbacks(buyer)} == {"k1", "k2"}
    assert len(acknowledged) >= 50
    house.check()
    assert_k1_is_over(house, registry)
    assert secrets_told(house) == []


def exchanged(new: dict[str, str], old: dict[str, str]) -> dict[str, str]:
    """The second pair's settings become the first's, and the first's the second's."""
    first = {name.replace("BECKN_SECOND_", "BECKN_"): value for name, value in new.items()}
    second = {f"BECKN_SECOND_{name}": value for name, value in old.items()}
    return {**first, **{name: "" for name in new if name.endswith("_FILE")}, **second}


def assert_k1_is_over(house: House, registry: Registry) -> None:
    body = b"{}"
    with pytest.raises(signing.BadSignature, match="no valid BPP key"):
        Verifier(registry.url).verify(house.me.sign(body), body, kind="BPP")


def secrets_told(house: House) -> list[str]:
    """Where a private key stands though it must not: in a log or in the database."""
    private = [house.env["BECKN_SECOND_SIGNING_KEY"], house.env["BECKN_SECOND_ENCRYPTION_KEY"]]
    private += [(house.var_dir / "k2" / name).read_text().strip() for name in ("signing_key", "encryption_key")]
    forms: list[str] = []
    for number, text in enumerate(private):
        forms += [text[:40], read_private_key(text, "ed25519" if number % 2 == 0 else "x25519").hex()]
    told: dict[str, Any] = {path.name: path.read_text(errors="replace") for path in house.var_dir.glob("*.log")}
    told["database"] = house.manage("dumpdata")
    assert {"web.log", "worker.log", "beat.log"} <= told.keys()
    return [name for name, text in told.items() if any(form in text for form in forms)]
