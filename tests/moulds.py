"""Databases that the migrations made once a run, to be copied from then on: a copy takes a blink, migrating its time.

The first process that needs a mould makes it as an operator does, with manage.py, and the others wait for it meanwhile.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers import MOULDS, ROOT, create_database, url_of


def migrated() -> str:
    """The name of a PostgreSQL database with every table and not a row of ours."""
    return _database("migrated", "template1", "migrate")


def furnished() -> str:
    """The name of a PostgreSQL database that has the guide's provider."""
    return _database("furnished", migrated(), "load_guide")


def furnish(var_dir: Path) -> None:
    """Put into `var_dir`, for a house on the embedded default, an SQLite file that has the guide's provider."""
    with _one_at_a_time() as folder:
        mould = folder / "servicedrop.sqlite3"
        if not mould.exists():
            making = folder / "making"
            making.mkdir()
            for command in ("migrate", "load_guide"):
                _manage(command, SERVICEDROP_VAR=str(making))
            (making / mould.name).rename(mould)
    var_dir.mkdir(parents=True, exist_ok=True)
    shutil.copy(mould, var_dir)


def _database(kind: str, of: str, command: str) -> str:
    with _one_at_a_time() as folder:
        made = folder / f"{kind}.database"
        if not made.exists():
            name = create_database(of)
            _manage(command, DATABASE_URL=url_of(name))
            made.write_text(name)
        return made.read_text()


@contextmanager
def _one_at_a_time() -> Iterator[Path]:
    folder = Path(os.environ[MOULDS])
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def _manage(command: str, **env: str) -> None:
    """Without a DATABASE_URL of its own it works on the embedded default."""
    env = {**{name: value for name, value in os.environ.items() if name != "DATABASE_URL"}, **env}
    whole = [sys.executable, "manage.py", command, "--verbosity", "0"]
    done = subprocess.run(whole, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"manage.py {command} failed:\n{done.stderr[-3000:]}")
