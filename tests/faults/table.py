"""The table of faults: what is done to a house under load. Each act returns a note for its row of the results.

Sizes are seconds, or times where a process is killed: the short one for every test run, the long one for the soak.
"""

import random
import resource
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from beckn_adapter.sandbox.buyer import BuyerApp
from beckn_adapter.sandbox.children import Child
from beckn_adapter.sandbox.papers import PAPERS, draw_paper
from tests.faults.ground import Ground
from tests.faults.storm import Storm

Act = Callable[[Storm, float], str]
BESIDE = "the buyer apps beside them"
DISK_FULL = "disk full for uploads"
PILE = 30  # seconds for each moody buyer app to have something to take badly


@dataclass(frozen=True)
class Fault:
    """One row, or one for each mood. `servers`: only where there are PostgreSQL and Valkey to take away."""

    row: str
    act: Act
    short: float
    long: float
    servers: bool = True


def strike(storm: Storm, fault: Fault, size: float) -> None:
    """Do it while the stream goes on; what is sent meanwhile belongs to its row."""
    storm.turn_to(fault.row)
    storm.notes[fault.row] = fault.act(storm, size)
    time.sleep(0.5)


def nothing(storm: Storm, seconds: float) -> str:
    time.sleep(seconds)
    return ""


# --- Processes ------------------------------------------------------------------------------------------------------


def kill_worker(storm: Storm, times: float) -> str:
    """While buyer apps take 0.3 s for an answer, so that there is always something in hand."""
    caught: set[int] = set()
    with slow_buyers(storm):
        for _ in range(int(times)):
            time.sleep(random.uniform(0.3, 1.5))
            storm.ground.house.kill("worker")
            in_hand = "SELECT id FROM beckn_adapter_callback WHERE state = 'DUE' AND lease_until IS NOT NULL"
            caught |= {row[0] for row in storm.ground.ask(in_hand)}
            storm.ground.house.restart("worker")
    return f"{times:g} kills, {len(caught)} deliveries in hand"


def kill_web(storm: Storm, times: float) -> str:
    cut = 0
    for _ in range(int(times)):
        time.sleep(random.uniform(0.3, 1.0))
        while not storm.under_way:
            time.sleep(0.0005)
        storm.ground.house.kill("web")
        cut += storm.under_way
        storm.ground.house.restart("web")
    return f"{times:g} kills, {cut} requests under way"


def restart_politely(storm: Storm, times: float) -> str:
    """As a deploy does it, each process once in turn. Both end of themselves, in time, with 0."""
    ends = []
    with slow_buyers(storm):
        for _ in range(int(times)):
            for name in ("web", "worker"):
                time.sleep(0.5)
                ends.append(_end(storm.ground.house.processes[name]))
                storm.ground.house.restart(name)
    return f"{times:g} of each, exit codes {sorted(set(ends))}"


def _end(child: Child) -> int:
    process = child.process
    if process is None:
        raise RuntimeError(f"{child.name} was never started")
    process.send_signal(signal.SIGTERM)
    return process.wait(timeout=40)


@contextmanager
def slow_buyers(storm: Storm) -> Iterator[None]:
    for buyer in storm.ground.buyers:
        buyer.behave("slow", seconds=0.3)
    yield
    for buyer in storm.ground.buyers:
        buyer.behave("ack")


# --- Servers --------------------------------------------------------------------------------------------------------


def stop_broker(storm: Storm, seconds: float) -> str:
    """It keeps nothing, so that it comes back empty."""
    storm.ground.broker.kill()
    time.sleep(seconds)
    storm.ground.broker.start()
    return f"{seconds:g} s, empty afterwards"


def freeze_broker(storm: Storm, seconds: float) -> str:
    storm.ground.broker.freeze()
    time.sleep(seconds)
    storm.ground.broker.thaw()
    return f"{seconds:g} s"


def stop_database(storm: Storm, seconds: float) -> str:
    storm.ground.database.stop()
    return _database_comes_back(storm, seconds)


def kill_database(storm: Storm, seconds: float) -> str:
    storm.ground.database.kill()
    return _database_comes_back(storm, seconds)


def _database_comes_back(storm: Storm, seconds: float) -> str:
    time.sleep(seconds)
    storm.ground.database.start()
    return f"{seconds:g} s, first ACK {storm.seconds_to_an_ack():.1f} s after it was back"


def slow_registry(storm: Storm, seconds: float) -> str:
    storm.ground.registry.delay = 4
    time.sleep(seconds)
    storm.ground.registry.delay = 0
    return f"{seconds:g} s, 4 s for an answer, keys to be asked for every 2 s"


def stop_registry(storm: Storm, seconds: float) -> str:
    storm.ground.registry.stop()
    time.sleep(seconds)
    storm.ground.registry.start()
    return f"{seconds:g} s, keys to be asked for every 2 s"


# --- Disk -----------------------------------------------------------------------------------------------------------


def fill_disk(storm: Storm, times: float) -> str:
    """No file of the web server may grow past 2 kB, as where the disk is full; then it may again."""
    if not storm.forms:
        raise RuntimeError("no application is there to hand in papers for")
    ground, before = storm.ground, kept(storm.ground)
    with small_files(ground.house.processes["web"]):
        statuses = [_hand_in(storm, n) for n in range(int(times))]
    during = kept(ground)
    again = [_hand_in(storm, n) for n in range(int(times))]
    if before != during or set(statuses) != {503} or set(again) != {200}:
        raise AssertionError(f"{before} became {during}; answers {statuses}, then {again}")
    return f"{times:g} uploads refused with 503, 0 kept in part; all taken afterwards"


def _hand_in(storm: Storm, number: int) -> int:
    """The HTTP status of a paper handed in by its buyer app, signed. Each number is another paper."""
    buyer, url = storm.forms[-1]
    code = next(iter(PAPERS))
    form = requests.Request("POST", url, files={code: (code, draw_paper(code, f"Sheet {number}"))}).prepare()
    body = form.body if isinstance(form.body, bytes) else b""
    headers = {"Content-Type": form.headers["Content-Type"], "Authorization": buyer.me.sign(body)}
    return requests.post(url, data=body, headers=headers, timeout=20).status_code


def kept(ground: Ground) -> tuple[int, int]:
    """Files on the disk, and versions of documents in the books."""
    files = [path for path in (ground.house.var_dir / "files").rglob("*") if path.is_file()]
    return len(files), ground.ask("SELECT count(*) FROM connections_documentversion")[0][0]


@contextmanager
def small_files(child: Child) -> Iterator[None]:
    pids = [pid for pid in map(int, (path.name for path in Path("/proc").glob("[0-9]*"))) if _group(pid) == child.pid]
    for pid in pids:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (2048, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def _group(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[2])
    except OSError:
        return 0


# --- Buyer apps -----------------------------------------------------------------------------------------------------


def bad_moods(storm: Storm, seconds: float) -> str:
    """All moody buyer apps at once, each in its own way."""
    ground = storm.ground
    for moody in ground.moody:
        _introduce(storm, moody)
    storm.callers = [*ground.buyers, *ground.moody]
    for moody in ground.moody:
        moody.sulk(True)
        storm.notes[moody.mood] = f"{seconds:g} s"
    time.sleep(seconds)
    deadline = time.monotonic() + PILE
    while not storm.has_heard(ground.moody) and time.monotonic() < deadline:
        time.sleep(0.1)  # on a busy machine nothing new is asked while much is awaited
    storm.callers = list(ground.buyers)
    for moody in ground.moody:
        moody.sulk(False)
    if ground.canary and ground.canary.heard:
        raise AssertionError("a redirect that leads inward was followed")
    return f"{seconds:g} s, {len(ground.moody)} misbehaving at once"


def _introduce(storm: Storm, buyer: BuyerApp, patience: float = 30) -> None:
    """Until the house knows it: for some seconds after the registry was away, a stranger is refused, and rightly so."""
    me, transaction_id = storm.ground.house.me, str(uuid.uuid4())
    buyer.talk_to(transaction_id, me.subscriber_id, me.url)
    deadline = time.monotonic() + patience
    while not buyer.search(transaction_id=transaction_id, url=me.url).acknowledged:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{buyer.me.subscriber_id} is a stranger after {patience:g} s")
        time.sleep(0.5)


FAULTS = [
    Fault("nothing", nothing, 2, 20, servers=False),
    Fault("worker killed -9 mid-delivery", kill_worker, 1, 20, servers=False),
    Fault("web server killed -9 mid-request", kill_web, 1, 10, servers=False),
    Fault("web server and worker restarted, SIGTERM", restart_politely, 1, 3, servers=False),
    Fault("Valkey killed and emptied", stop_broker, 3, 30),
    Fault("Valkey frozen", freeze_broker, 3, 30),
    Fault("PostgreSQL stopped", stop_database, 3, 10),
    Fault("PostgreSQL killed -9", kill_database, 3, 10),
    Fault("registry slow", slow_registry, 4, 20),
    Fault("registry gone", stop_registry, 4, 20),
    Fault(DISK_FULL, fill_disk, 2, 20),
    Fault(BESIDE, bad_moods, 4, 30),
]


def faults_for(ground: Ground) -> list[Fault]:
    """In the order in which they strike. A disk is full only where the limits of another process can be set."""
    fitting = [fault for fault in FAULTS if ground.machines or not fault.servers]
    can_limit = hasattr(resource, "prlimit")
    return [fault for fault in fitting if can_limit or fault.act is not fill_disk]
