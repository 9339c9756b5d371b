"""The real thing as an operator runs it: web server, Celery worker and beat, for demo, tests and benches."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import requests
from nacl.public import PrivateKey
from nacl.signing import SigningKey

from beckn_adapter.sandbox.children import Child, ChildFailed, Lifeline, stop_all
from beckn_adapter.sandbox.participant import Participant, b64
from beckn_adapter.sandbox.ready import READY_FILE
from beckn_adapter.sandbox.server import port_or_any
from beckn_adapter.signing import read_private_key

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 40.0  # seconds for a process to come up on a busy machine
# What must not leak in from the shell: a house is made of its own settings and of those it is given.
CONTRACT = ("SECRET_KEY", "DEBUG", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "DATABASE_URL", "CACHE_URL", "PUBLIC_URL")
PREFIXES = ("BECKN_", "CELERY_", "SERVICEDROP_", "DJANGO_")


class House:
    """`env` names at least BECKN_REGISTRY_URL; whatever else it names replaces the embedded default.

    `start()` makes keys, enters the platform in the registry, migrates, loads the guide's provider and brings up `web`,
    `worker` and `beat`. Logs are in `var_dir`. Leaving the `with` block ends all of it.
    """

    def __init__(self, var_dir: Path, env: Mapping[str, str], web_port: int = 0, host: str = "127.0.0.1") -> None:
        self.var_dir = var_dir.resolve()
        self.port = web_port or port_or_any(0, host)
        self.url = f"http://{host}:{self.port}"
        self.registry_url = env["BECKN_REGISTRY_URL"]
        self.me = platform_of(env, f"{self.url}/beckn")
        self.env = {**_shell(), **self._own_env(), **env}
        self.processes: dict[str, Child] = {}
        self._lifeline: Lifeline | None = None

    def start(self, *, prepare: bool = True) -> Self:
        """Raises `ChildFailed`, which says what went wrong; then nothing is left running."""
        try:
            if prepare:
                self.migrate()
            self.launch()
            if prepare:
                self.manage("load_guide")
            self.wait()
        except BaseException:  # Ctrl-C too
            self.stop()
            raise
        return self

    def migrate(self) -> None:
        self.var_dir.mkdir(parents=True, exist_ok=True)
        self.manage("migrate", "--verbosity", "0")

    def launch(self) -> None:
        """Enter the platform in the registry and start the processes, without waiting for them."""
        self.me.subscribe(self.registry_url)
        self._lifeline = Lifeline()
        for name, command in self._commands().items():
            self.processes[name] = Child(name, command, env=self.env, log=self.var_dir / f"{name}.log")
            self._begin(self.processes[name])

    def wait(self) -> None:
        """Until the web server answers and the worker takes work."""
        for name in self.processes:
            self._await(name)

    def stop(self, grace: float = 3.0) -> None:
        """SIGTERM, and SIGKILL to what is left after the grace (seconds). May be called twice, whatever happened."""
        stop_all(self.processes.values(), grace)
        if self._lifeline:
            for child in self.processes.values():
                self._lifeline.lets_go(child)
            self._lifeline.cut()
            self._lifeline = None

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """At once and with all its children, as when the machine takes it away."""
        self.processes[name].kill(number)

    def restart(self, name: str) -> None:
        """As a deploy does it: asked to stop where it still runs, then started and waited for."""
        child = self.processes[name]
        stop_all([child])
        self._begin(child)
        self._await(name)

    def check(self) -> None:
        """Raises `ChildFailed` if one of the processes has died."""
        for child in self.processes.values():
            if not child.alive:
                raise child.failure("died")

    def manage(self, *arguments: str, env: Mapping[str, str] | None = None) -> str:
        """Run a management command in this house; returns its output. Raises `ChildFailed`."""
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        done = subprocess.run(
            command, env={**self.env, **(env or {})}, cwd=ROOT, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise ChildFailed(f"manage.py {' '.join(arguments)} failed:\n{done.stderr.strip()[-3000:]}")
        return done.stdout

    def call(self, function: str, env: Mapping[str, str] | None = None) -> str:
        """Run a function of `sandbox/inside.py` in this house; returns what it printed. Raises `ChildFailed`."""
        code = f"from beckn_adapter.sandbox import inside; inside.{function}()"
        return self.manage("shell", "--no-imports", "--verbosity", "0", "--command", code, env=env)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _begin(self, child: Child) -> None:
        if child.name == "worker":
            self._ready_file.unlink(missing_ok=True)
        if self._lifeline:
            self._lifeline.lets_go(child)
        child.start()
        if self._lifeline:
            self._lifeline.holds(child)

    def _await(self, name: str) -> None:
        signs = {"web": self._web_answers, "worker": self._ready_file.exists}
        if name in signs:
            self.processes[name].wait_until(signs[name], PATIENCE)

    def _web_answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/healthz", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    @property
    def _ready_file(self) -> Path:
        return self.var_dir / "worker.ready"

    def _commands(self) -> dict[str, list[str]]:
        python = Path(sys.executable).parent
        host = self.url.removeprefix("http://").partition(":")[0]
        web = ["--interface", "wsgi", "--blocking-threads", "16"]
        worker = ["-I", "beckn_adapter.sandbox.ready", "--without-gossip", "--without-mingle"]
        celery = [str(python / "celery"), "--workdir", str(ROOT), "-A", "config"]
        return {
            "web": [
                str(python / "granian"),
                *web,
                *("--working-dir", str(ROOT), "--host", host, "--port", str(self.port)),
                "config.wsgi:application",
            ],
            "worker": [*celery, "worker", *worker],
            "beat": [*celery, "beat"],
        }

    def _own_env(self) -> dict[str, str]:
        return {
            "SERVICEDROP_VAR": str(self.var_dir),
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "PUBLIC_URL": self.url,
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            READY_FILE: str(self._ready_file),
            "BECKN_ALLOW_PRIVATE_CALLBACKS": "1",
            **network_env(self.me, self.registry_url),
        }


def network_env(platform: Participant, registry_url: str) -> dict[str, str]:
    """The environment that makes a Servicedrop this participant."""
    return {
        "BECKN_SUBSCRIBER_ID": platform.subscriber_id,
        "BECKN_SUBSCRIBER_URI": platform.url,
        "BECKN_KEY_ID": platform.key_id,
        "BECKN_SIGNING_KEY": b64(bytes(platform.signing_key)),
        "BECKN_ENCRYPTION_KEY": b64(bytes(platform.encryption_key)),
        "BECKN_REGISTRY_URL": registry_url,
    }


def platform_of(env: Mapping[str, str], url: str) -> Participant:
    """The provider platform with the names and keys that are given, the rest made up."""
    signing_key, encryption_key = env.get("BECKN_SIGNING_KEY"), env.get("BECKN_ENCRYPTION_KEY")
    return Participant(
        env.get("BECKN_SUBSCRIBER_ID") or "servicedrop.localhost",
        env.get("BECKN_SUBSCRIBER_URI") or url,
        "BPP",
        key_id=env.get("BECKN_KEY_ID") or "k1",
        signing_key=SigningKey(read_private_key(signing_key)) if signing_key else SigningKey.generate(),
        encryption_key=(
            PrivateKey(read_private_key(encryption_key, "x25519")) if encryption_key else PrivateKey.generate()
        ),
    )


def _shell() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in CONTRACT and not name.startswith(PREFIXES)}
