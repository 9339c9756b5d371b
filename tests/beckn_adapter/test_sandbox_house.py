"""The processes of a house: they come up, they say why when they do not, and nothing of them is left behind."""

import os
import re
import socket
import subprocess
import sys
import time
from itertools import takewhile
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from beckn_adapter.sandbox.children import Child, ChildFailed, stop_all
from beckn_adapter.sandbox.house import ROOT, House
from beckn_adapter.sandbox.network import Network
from beckn_adapter.sandbox.participant import post
from beckn_adapter.sandbox.registry import Registry
from beckn_adapter.sandbox.server import kept_port, port_or_any
from beckn_adapter.sandbox.story import Passwords, StepFailed, Story
from beckn_adapter.signing import read_private_key, read_public_key
from tests.beckn_adapter.neighbours import Listener

STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""
STARTER = """
import sys, time
from pathlib import Path
from beckn_adapter.sandbox.children import Child, Lifeline
child = Child("sleeper", [sys.executable, "-c", "import time; time.sleep(600)"], env={}, log=Path(sys.argv[1]))
lifeline = Lifeline()
child.start()
lifeline.holds(child)
print(child.pid, flush=True)
time.sleep(600)
"""


def a_child(tmp_path: Path, code: str) -> Child:
    return Child("the child", [sys.executable, "-c", code], env=dict(os.environ), log=tmp_path / "child.log")


def test_a_port_that_is_kept_is_given_to_nobody_else_and_lets_the_server_in_that_shares_ports() -> None:
    with kept_port(0) as port, kept_port(port) as another, socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # as granian does
        server.bind(("127.0.0.1", port))
        server.listen()
        socket.create_connection(("127.0.0.1", port), timeout=5).close()

        assert port_or_any(port) not in {port, another}
        assert another != port


def lives(pid: int) -> bool:
    """A zombie that nobody has collected yet is dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(pid: int, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while lives(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not lives(pid)


def test_a_child_that_does_not_want_to_stop_is_ended_with_its_own_children(tmp_path: Path) -> None:
    child = a_child(tmp_path, STUBBORN)
    child.start()
    child.wait_until(lambda: bool(child.log.read_text()), timeout=10)
    grandchild = int(child.log.read_text())
    assert lives(grandchild)

    stop_all([child], grace=0.2)

    assert not child.alive
    assert wait_until_gone(grandchild)


def test_a_child_that_dies_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    child = a_child(tmp_path, "raise SystemExit('no money left')")
    child.start()

    with pytest.raises(ChildFailed, match=r"(?s)the child died.*no money left"):
        child.wait_until(lambda: False, timeout=10)


def test_a_child_that_is_not_ready_in_time_is_named_too(tmp_path: Path) -> None:
    child = a_child(tmp_path, "import time; time.sleep(600)")
    child.start()

    with pytest.raises(ChildFailed, match="the child was not ready within"):
        child.wait_until(lambda: False, timeout=0.1)
    stop_all([child], grace=0.2)


def test_nothing_survives_a_starter_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STARTER, str(tmp_path / "log")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as starter:
        pid = int(starter.stdout.readline())  # type: ignore[union-attr]
        assert lives(pid)

        starter.kill()

    assert wait_until_gone(pid)


def test_a_house_takes_nothing_of_its_settings_from_the_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://somebody/elses")
    monkeypatch.setenv("BECKN_SIGNING_KEY", "somebody's")

    house = House(tmp_path, {"BECKN_REGISTRY_URL": "http://127.0.0.1:1", "CACHE_URL": "locmem://"})

    assert "DATABASE_URL" not in house.env
    assert house.env["BECKN_SIGNING_KEY"] != "somebody's"
    assert house.env["CACHE_URL"] == "locmem://"
    assert house.env["SERVICEDROP_VAR"] == str(tmp_path)


def test_a_house_keeps_the_keys_that_it_is_given(tmp_path: Path) -> None:
    first = House(tmp_path, {"BECKN_REGISTRY_URL": "http://127.0.0.1:1"})

    second = House(tmp_path, {name: value for name, value in first.env.items() if name.startswith("BECKN_")})

    assert second.me.signing_key == first.me.signing_key
    assert bytes(second.me.encryption_key) == bytes(first.me.encryption_key)
    assert second.me.url == first.me.url


def test_a_house_that_can_not_start_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    with Registry() as registry:
        env = {"BECKN_REGISTRY_URL": registry.url, "DATABASE_URL": f"sqlite:///{tmp_path}/no/such/folder/db.sqlite3"}
        house = House(tmp_path, env)

        with pytest.raises(ChildFailed, match=r"(?s)manage.py migrate .*failed.*unable to open database"):
            house.start()

    assert not any(child.alive for child in house.processes.values())


def test_the_story_says_which_step_failed(tmp_path: Path) -> None:
    """With a platform that acknowledges everything and never calls back."""
    told = []
    with Network() as network, Listener() as platform:
        platform.me.subscribe(network.registry.url)
        house = House(tmp_path, {"BECKN_REGISTRY_URL": network.registry.url})

        with pytest.raises(StepFailed, match=r"on_search: no on_search within"):
            Story(network, house, Passwords("", ""), told.append, patience=0.3).play()

    assert [(line.action, line.verdict) for line in told] == [("search", "ACK"), ("search", "ACK")]


def test_the_demo_plays_the_connection_to_its_end(tmp_path: Path) -> None:
    env = {**os.environ, "SERVICEDROP_VAR": str(tmp_path)}
    command = [sys.executable, "manage.py", "demo", "--once"]

    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "401 NACK" in done.stdout
    assert "order conn-order-001: Connection Established; the connection is completed, 50 USD afterwards" in done.stdout
    assert "150 USD when power is on is paid" in done.stdout
    assert "order conn-order-002: Cancelled; Cancellation fee 20 USD" in done.stdout
    assert "not believed" not in done.stdout
    assert "conn-order-001 from search to rating" in done.stdout
    assert re.search(r"the applicant +http://\S+/track/[0-9a-f-]{36}/\n", done.stdout)
    assert re.search(r"the technician +http://\S+/field/ +login david \S+\n", done.stdout)
    assert "\x1b[" not in done.stdout  # no colour where nobody looks


def test_the_sandbox_command_prints_an_environment_that_takes_part_in_its_network(tmp_path: Path) -> None:
    env = {**os.environ, "SERVICEDROP_VAR": str(tmp_path), "BECKN_SIGNING_KEY": ""}
    command = [sys.executable, "-u", "manage.py", "sandbox", "--platform", "http://127.0.0.1:9/beckn"]

    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as sandbox:
        lines = iter(sandbox.stdout.readline, "")  # type: ignore[union-attr]
        printed = "".join(takewhile(lambda line: "Ctrl-C" not in line, lines))
        exported = dict(re.findall(r"^export (\w+)=(\S+)$", printed, re.MULTILINE))
        found = post(f"{exported['BECKN_REGISTRY_URL']}/lookup", b'{"type": "BPP"}').json
        sandbox.terminate()
        sandbox.communicate(timeout=10)

    key = SigningKey(read_private_key(exported["BECKN_SIGNING_KEY"])).verify_key
    assert [(record["url"], record["key_id"]) for record in found] == [
        (exported["BECKN_SUBSCRIBER_URI"], exported["BECKN_KEY_ID"])
    ]
    assert read_public_key(found[0]["signing_public_key"]) == bytes(key)
    assert exported["BECKN_ALLOW_PRIVATE_CALLBACKS"] == "1"
    assert sandbox.returncode == 0
