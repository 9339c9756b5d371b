"""Putting a backup back, and proving that all of it is back."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandError, call_command, get_commands
from django.db import connection

from connections.safekeeping import archive
from connections.safekeeping.archive import NotWhole
from connections.safekeeping.engines import engine
from connections.safekeeping.inventory import files_named, inventory_now, migrations_known, rows_by_table
from connections.unhurried import unhurried

Json = dict[str, Any]
# What a fresh `migrate` fills by itself: a database with nothing else is empty.
FILLED_BY_MIGRATE = {"django_migrations", "django_content_type", "auth_permission"}


@dataclass
class Proof:
    """What was shown to be as the manifest says, and what was not, each in words."""

    proved: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)


def rows_in_the_way() -> int:
    """How many rows the database has that a restore would end."""
    with unhurried():
        return sum(count for table, count in rows_by_table().items() if table not in FILLED_BY_MIGRATE)


def open_for(folder: Path) -> Json:
    """The manifest of a whole backup that this release and this role can put back. Raises `NotWhole`, `Unable`."""
    manifest = archive.open_sealed(folder)
    made_on = manifest["database"]["engine"]
    if made_on != connection.vendor:
        raise NotWhole(f"This backup is {made_on}'s, and the database configured is {connection.vendor}'s.")
    other = sorted(set(manifest["release"]) ^ set(migrations_known()))
    if other:
        release = manifest["versions"]["servicedrop"]
        raise NotWhole(f"Restore with the release that made it ({release}), then upgrade: {', '.join(other[:5])}.")
    engine().make_sure()
    return manifest


def put_back(folder: Path, manifest: Json) -> None:
    """The files first: as ever, a file is there before its row."""
    for name in manifest["files"]:
        archive.copy(archive.within(folder / archive.FILES, name), archive.within(Path(settings.MEDIA_ROOT), name))
    engine().load(folder / manifest["database"]["file"])


def prove(manifest: Json) -> Proof:
    """Take every figure again from what is here now and hold it against the manifest."""
    proof = Proof()
    with unhurried():
        now = json.loads(json.dumps(inventory_now()))
    for subject in ("migrations", "rows", "sums"):
        told = list(_differences(subject, manifest[subject], now[subject]))
        proof.differences += told
        if not told:
            proof.proved.append(_in_words(subject, now[subject]))
    _prove_files(manifest, proof)
    _prove_audit(proof)
    return proof


def _differences(name: str, told: Any, found: Any) -> Iterator[str]:
    if isinstance(told, dict) and isinstance(found, dict):
        for key in sorted(told.keys() | found.keys()):
            yield from _differences(f"{name}, {key}", told.get(key), found.get(key))
    elif told != found:
        yield f"{name}: {told} in the backup, {found} here"


def _in_words(subject: str, found: Any) -> str:
    if subject == "rows":
        return f"{sum(found.values())} rows in {len(found)} tables, table by table"
    if subject == "sums":
        return f"sums: {json.dumps(found, sort_keys=True)}"
    return f"{len(found)} migrations"


def _prove_files(manifest: Json, proof: Proof) -> None:
    files, media = manifest["files"], Path(settings.MEDIA_ROOT)
    wrong = [name for name, digest in files.items() if archive.digest_of(archive.within(media, name)) != digest]
    with unhurried():
        nameless = files_named().keys() ^ (files.keys() | set(manifest["lost"]))
    proof.differences += [f"file {name}: not there, or not the same" for name in wrong]
    proof.differences += [f"file {name}: named by the backup alone, or by the rows alone" for name in sorted(nameless)]
    if not wrong and not nameless:
        proof.proved.append(f"{len(files)} files, each with its SHA-256, and every row's file among them")


def _prove_audit(proof: Proof) -> None:
    """Where this release keeps an audit chain, it is walked from end to end."""
    if "verify_audit" not in get_commands():
        return
    try:
        call_command("verify_audit")
    except (CommandError, SystemExit) as problem:
        proof.differences.append(f"audit chain: {problem}")
    else:
        proof.proved.append("the audit chain, link by link")
