"""Taking a backup: every file that a row of the copy names is in the archive, whatever comes in meanwhile.

A file is on the disk before its row is committed, and is never written again; so a file that the snapshot names exists
when the snapshot is taken, and copying after it would do, but for one thing: a row may go (a draft takes another
offering) and the daily sweep may clear its file before we come to it. Hence three steps: the files of the rows as they
are, then the database, then the files that came in between. What the snapshot does not name is thrown out again.
"""

import platform
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.db import connection
from django.utils import timezone

from connections.safekeeping import archive
from connections.safekeeping.engines import engine, one_moment
from connections.safekeeping.inventory import files_named, inventory_now, migrations_known
from connections.unhurried import unhurried

Json = dict[str, Any]


@dataclass(frozen=True)
class Kept:
    """A backup that was taken. `lost`: files that rows name and the disk had not, or not as their row says."""

    manifest: Json
    lost: list[str]


def keep(folder: Path) -> Kept:
    """Take a backup into an empty folder. Raises `NotWhole`, `Unable`; then the folder has no manifest."""
    archive.begin(folder)
    with unhurried():
        named = files_named()
    copied = _copy(folder, named, {})
    own = engine()
    (folder / own.file).touch(mode=0o600)
    with one_moment():
        own.dump(folder / own.file)
        inventory, named = inventory_now(), files_named()
    archive.settle(folder / own.file)
    copied = _copy(folder, named, copied)
    files = {name: digest for name, digest in copied.items() if name in named and digest}
    lost = sorted(name for name, told in named.items() if not files.get(name) or files[name] != (told or files[name]))
    manifest = {
        "made_at": timezone.now().isoformat(),
        "versions": versions(),
        "release": migrations_known(),
        "database": {"engine": connection.vendor, "file": own.file, "sha256": archive.digest_of(folder / own.file)},
        "files": files,
        "lost": lost,
        **inventory,
    }
    _throw_out(folder, copied.keys() - files.keys())
    archive.seal(folder, manifest)
    return Kept(manifest, lost)


def versions() -> dict[str, str]:
    """What made it: ours, Django's, Python's and the database's."""
    about = tomllib.loads((Path(settings.BASE_DIR) / "pyproject.toml").read_text())
    return {
        "servicedrop": about["project"]["version"],
        "django": django.get_version(),
        "python": platform.python_version(),
        connection.vendor: ".".join(map(str, connection.get_database_version())),
    }


def _copy(folder: Path, named: dict[str, str], copied: dict[str, str]) -> dict[str, str]:
    """Copy what is named and not copied yet; returns the digests of all that is."""
    media, files = Path(settings.MEDIA_ROOT), folder / archive.FILES
    more = {
        name: archive.copy(archive.within(media, name), archive.within(files, name)) for name in named.keys() - copied
    }
    return copied | more


def _throw_out(folder: Path, names: set[str]) -> None:
    for name in names:
        archive.within(folder / archive.FILES, name).unlink(missing_ok=True)
