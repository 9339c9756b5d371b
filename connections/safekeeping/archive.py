"""A backup's folder: `manifest.json`, the database and `files/`.

The manifest is written last, whole or not at all, with the SHA-256 of all the rest: a folder without one is a backup
that was cut, and a folder that does not agree with it is none either.
"""

import json
import os
import tempfile
from hashlib import file_digest
from pathlib import Path
from typing import Any

from django.core.exceptions import SuspiciousFileOperation
from django.utils._os import safe_join

Json = dict[str, Any]
MANIFEST, FILES, FORMAT = "manifest.json", "files", 1


class NotWhole(Exception):
    """This folder is no backup that could be trusted. The text says why."""


def begin(folder: Path) -> None:
    """An empty folder for its owner alone. Raises `NotWhole` where something is in it already."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise NotWhole(f"{folder} is not empty: every backup has a folder of its own.")
    (folder / FILES).mkdir(mode=0o700)


def seal(folder: Path, manifest: Json) -> None:
    """From now on it is a backup: what stands in it is on the disk before its manifest gets its name."""
    text = json.dumps({"format": FORMAT, **manifest}, indent=1, sort_keys=True)
    _write(folder / MANIFEST, text.encode())


def open_sealed(folder: Path) -> Json:
    """The manifest, once every byte that it names has been looked at. Raises `NotWhole`."""
    path = folder / MANIFEST
    if not path.is_file():
        raise NotWhole(f"{folder} has no {MANIFEST}: this backup was cut short, or it is none.")
    try:
        manifest: Json = json.loads(path.read_bytes())
        named = {manifest["database"]["file"]: manifest["database"]["sha256"]}
        named |= {f"{FILES}/{name}": digest for name, digest in manifest["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise NotWhole(f"{path} can not be read as a manifest: {problem!r}.") from None
    if manifest.get("format") != FORMAT:
        raise NotWhole(f"{path} is of format {manifest.get('format')}; this release reads {FORMAT}.")
    wrong = [name for name, digest in named.items() if digest_of(within(folder, name)) != digest]
    if wrong:
        raise NotWhole(f"Not as the manifest says: {', '.join(sorted(wrong)[:5])} ({len(wrong)} in all).")
    return manifest


def digest_of(path: Path) -> str:
    """The file's SHA-256 in hex; "" where there is no file."""
    try:
        with path.open("rb") as source:
            return file_digest(source, "sha256").hexdigest()
    except (FileNotFoundError, IsADirectoryError):
        return ""


def copy(source: Path, target: Path) -> str:
    """Copy a file, for its owner alone, and return its SHA-256; "" where there is none to copy."""
    try:
        data = source.read_bytes()  # uploads are at most some megabytes
    except (FileNotFoundError, IsADirectoryError):
        return ""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(target, data)
    return digest_of(target)


def within(folder: Path, name: str) -> Path:
    """The path of `name` under the folder. Raises `NotWhole` for a name that leads out of it."""
    try:
        return Path(safe_join(folder, name))
    except SuspiciousFileOperation:
        raise NotWhole(f"{name!r} leads out of its folder.") from None


def settle(path: Path) -> None:
    """Wait until what was written there is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(path: Path, data: bytes) -> None:
    """Whole under its name, or not at all."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".cut-", delete=False) as handle:  # mode 0600
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())
    Path(handle.name).replace(path)
    settle(path.parent)
