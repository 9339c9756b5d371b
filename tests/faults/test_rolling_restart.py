"""A deploy under load: two web servers and two workers, restarted one by one; nothing is lost, nothing done twice."""

import json
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest
import requests

from beckn_adapter.sandbox import orders
from beckn_adapter.sandbox.buyer import Sent
from beckn_adapter.sandbox.children import Child, stop_all
from beckn_adapter.sandbox.house import PATIENCE
from beckn_adapter.sandbox.ready import READY_FILE
from beckn_adapter.sandbox.server import port_or_any
from tests.town import Town

NEED = orders.Need()
CALLERS = 3
FEWEST = 12  # orders during the deploy, or it was no load


@contextmanager
def doubled(town: Town) -> Iterator[tuple[list[str], list[Child]]]:
    """A second web server on a port of its own and a second worker: their addresses, and the four processes."""
    house = town.house
    ready = house.var_dir / "worker-2.ready"
    ready.unlink(missing_ok=True)
    web, worker = house.processes["web"], house.processes["worker"]
    port = str(port_or_any(0, "127.0.0.1"))
    command = [port if part == str(house.port) else part for part in web.command]
    second_web = Child("web-2", command, env=house.env, log=house.var_dir / "web-2.log")
    again = [*worker.command, "--hostname", "second@%h"]
    env = {**house.env, READY_FILE: str(ready)}
    second_worker = Child("worker-2", again, env=env, log=house.var_dir / "worker-2.log")
    children = [second_web, second_worker]
    try:
        for child in children:
            child.start()
        second_web.wait_until(lambda: answers(f"http://127.0.0.1:{port}"), PATIENCE)
        second_worker.wait_until(ready.exists, PATIENCE)
        yield [house.me.url, f"http://127.0.0.1:{port}/beckn"], [web, worker, *children]
    finally:
        stop_all(children)


def answers(url: str) -> bool:
    with suppress(requests.RequestException):
        return requests.get(f"{url}/healthz", timeout=2).status_code == 200
    return False


class Caller:
    """A buyer app behind no balancer: it sends the same bytes to the other server where one does not answer."""

    def __init__(self, town: Town, addresses: list[str]) -> None:
        self.town, self.addresses = town, addresses
        self.promised: list[Sent] = []
        self.sent_again: set[str] = set()

    def say(self, action: str, order: orders.Json, transaction_id: str) -> Sent:
        buyer = self.town.buyer
        context = buyer.context(action, transaction_id)
        body = json.dumps({"context": context, "message": {"order": order}}).encode()
        for turn in range(60):
            with suppress(requests.RequestException):
                sent = buyer.send(
                    action,
                    transaction_id=transaction_id,
                    body_bytes=body,
                    url=self.addresses[turn % len(self.addresses)],
                )
                if sent.acknowledged:
                    return sent
            self.sent_again.add(context["message_id"])
        raise AssertionError(f"{action} was never acknowledged")

    def place_an_order(self) -> None:
        transaction_id = str(uuid.uuid4())
        self.addresses = self.addresses[1:] + self.addresses[:1]  # each server has its share
        self.town.buyer.talk_to(transaction_id, self.town.house.me.subscriber_id, self.town.house.me.url)
        selected = orders.selection(NEED, provider_id="sf_electric_authority", item_id="new-resi-connection")
        applied = orders.application(NEED, selected)
        asked = self.say("init", applied, transaction_id)
        terms = self.town.buyer.wait_for("on_init", transaction_id, asked.message_id, timeout=60).order
        self.promised.append(self.say("confirm", orders.agreement(applied, terms), transaction_id))


def test_a_rolling_restart_under_load_loses_and_doubles_nothing(town: Town) -> None:
    if town.backend == "embedded":
        pytest.skip("SQLite and the file broker serve one machine with one worker: nothing rolls there")
    over = threading.Event()
    with doubled(town) as (addresses, children), ThreadPoolExecutor(CALLERS) as pool:
        callers = [Caller(town, addresses[n % 2 :] + addresses[: n % 2]) for n in range(CALLERS)]

        def call(caller: Caller) -> None:
            while not over.is_set() or len(caller.promised) < FEWEST / CALLERS:
                caller.place_an_order()

        streams = [pool.submit(call, caller) for caller in callers]
        try:
            exits = [roll(town, child) for child in children]
        finally:
            over.set()
        for stream in streams:
            stream.result(timeout=120)

    promised = [sent for caller in callers for sent in caller.promised]
    answers_of = [
        town.buyer.wait_for("on_confirm", sent.transaction_id, sent.message_id, timeout=60) for sent in promised
    ]
    numbers = [answer.order["id"] for answer in answers_of]
    told = Counter(
        entry.message_id
        for sent in promised
        for entry in town.buyer.journal.entries(sent.transaction_id)
        if not entry.sent and entry.action == "on_confirm"
    )
    resent = set().union(*(caller.sent_again for caller in callers))
    assert exits == [0, 0, 0, 0]
    assert len(promised) >= FEWEST
    assert len(set(numbers)) == len(promised)
    assert {message_id for message_id, count in told.items() if count > 1} <= resent


def roll(town: Town, child: Child) -> int | None:
    """As a deploy does it: SIGTERM, wait for its end, start the new one, and only then go on. Returns the exit code."""
    process = child.process
    if child in town.house.processes.values():
        town.house.restart(child.name)
    else:
        stop_all([child])
        child.start()
        if child.name == "web-2":
            address = child.command[child.command.index("--port") + 1]
            child.wait_until(lambda: answers(f"http://127.0.0.1:{address}"), PATIENCE)
    return process.returncode if process else None
