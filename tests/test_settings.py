"""What the environment says is what the house does, or it is said in words why not: each in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHELL = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


def setting(name: str, tmp_path: Path, said: dict[str, str], command: str = "shell") -> str:
    """What a setting is in `manage.py COMMAND`, as Python writes it; the last line of stderr where there is none."""
    code = (
        f"import sys; sys.argv = ['manage.py', {command!r}]\nfrom config import settings\nprint(repr(settings.{name}))"
    )
    env = {**SHELL, "SERVICEDROP_VAR": str(tmp_path), **said}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    return (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()[-1]


@pytest.mark.parametrize("command", ["migrate", "backup", "restore", "verify_audit", "after_upgrade"])
def test_what_goes_over_whole_tables_waits_for_locks_no_longer_and_takes_its_time(tmp_path: Path, command: str) -> None:
    limits = setting("DATABASE_TIMEOUTS", tmp_path, {}, command)

    assert limits == "{'statement_timeout': 0, 'lock_timeout': 5, 'idle_in_transaction_session_timeout': 0}"


def test_a_web_process_has_every_limit(tmp_path: Path) -> None:
    limits = setting("DATABASE_TIMEOUTS", tmp_path, {}, "runserver")

    assert limits == "{'statement_timeout': 20, 'lock_timeout': 5, 'idle_in_transaction_session_timeout': 30}"
