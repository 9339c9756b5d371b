"""A backup that was cut, damaged or is of another release is never put back; a difference is never passed over."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as house
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection

from billing.payments import record_payment
from connections.models import DocumentVersion
from connections.safekeeping import archive
from connections.safekeeping.engines import one_moment
from connections.safekeeping.restoring import prove
from tests.connections.desk import boss
from tests.connections.intake import files, paper_of, send  # noqa: F401 - the folder of the papers
from tests.factories import SYSTEM, scheduled_application

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(shutil.which("pg_dump") is None, reason="pg_dump is not installed (postgresql-client)"),
]


@pytest.fixture
def backup(files: Path, tmp_path: Path) -> Path:  # noqa: F811
    """A backup of one order, half paid, with one paper."""
    order = scheduled_application()
    send(paper_of(order))
    record_payment(order, amount=Decimal("75"), actor=SYSTEM)
    boss()
    folder = tmp_path / "backup"
    call_command("backup", "--to", str(folder), verbosity=0)
    return folder


def manifest_of(backup: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((backup / archive.MANIFEST).read_text())
    return manifest


def test_the_manifest_says_what_is_in_it(backup: Path) -> None:
    manifest = manifest_of(backup)
    kept = DocumentVersion.objects.get()

    assert manifest["versions"].keys() == {"servicedrop", "django", "python", "postgresql"}
    assert "connections.0001_initial" in manifest["migrations"]
    assert manifest["rows"]["connections_application"] == 1
    assert manifest["sums"]["ledger"] == {
        "USD": {
            **{"orders": 1, "charged": "150.000", "waived": "0", "received": "75.000", "returned": "0"},
            **{"open": "75.000", "refund_due": "0"},
        }
    }
    assert manifest["files"] == {kept.file.name: kept.sha256}
    assert manifest["lost"] == []


def test_no_key_and_nobody_s_session_is_in_it(backup: Path, settings: Any) -> None:
    sql = subprocess.run(["pg_restore", "--file=-", backup / "database.dump"], capture_output=True, check=True).stdout
    everything = b"".join(path.read_bytes() for path in backup.rglob("*") if path.is_file()) + sql

    assert b"Jonathan Park" in sql
    assert Session.objects.get().session_key.encode() not in everything
    assert settings.SECRET_KEY.encode() not in everything
    assert "django_session" not in manifest_of(backup)["rows"]
    assert {path.name for path in backup.iterdir()} == {"manifest.json", "database.dump", "files"}
    assert {path.stat().st_mode & 0o077 for path in backup.rglob("*") if path.is_file()} == {0}


def test_what_agrees_is_proved(backup: Path) -> None:
    proof = prove(archive.open_sealed(backup))

    assert proof.differences == []
    assert any("1 files, each with its SHA-256" in line for line in proof.proved)


def test_every_difference_is_named(backup: Path) -> None:
    kept = DocumentVersion.objects.get()
    record_payment(kept.document.application, amount=Decimal("5"), actor=SYSTEM)
    Path(kept.file.path).write_bytes(b"another paper")

    differences = prove(archive.open_sealed(backup)).differences

    assert "rows, billing_payment: 1 in the backup, 2 here" in differences
    assert "sums, ledger, USD, received: 75.000 in the backup, 80.000 here" in differences
    assert f"file {kept.file.name}: not there, or not the same" in differences


def cut(backup: Path) -> None:
    (backup / archive.MANIFEST).unlink()


def cut_in_the_manifest(backup: Path) -> None:
    path = backup / archive.MANIFEST
    path.write_bytes(path.read_bytes()[:-20])


def cut_in_the_database(backup: Path) -> None:
    path = backup / "database.dump"
    path.write_bytes(path.read_bytes()[:-1])


def lose_a_file(backup: Path) -> None:
    next((backup / "files" / "documents").iterdir()).unlink()


def lead_out(backup: Path) -> None:
    manifest = manifest_of(backup)
    manifest["files"] |= {"../../secret_key": "0" * 64}
    (backup / archive.MANIFEST).write_text(json.dumps(manifest))


def come_from_another_release(backup: Path) -> None:
    manifest = manifest_of(backup)
    manifest["release"].append("connections.0999_later")
    (backup / archive.MANIFEST).write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("mishap", "words"),
    [
        (cut, "cut short"),
        (cut_in_the_manifest, "can not be read"),
        (cut_in_the_database, "Not as the manifest says: database.dump"),
        (lose_a_file, "Not as the manifest says: files/documents/"),
        (lead_out, "leads out of its folder"),
        (come_from_another_release, "connections.0999_later"),
    ],
)
def test_what_is_not_whole_is_not_put_back(backup: Path, mishap: Any, words: str) -> None:
    mishap(backup)

    with pytest.raises(CommandError, match=words):
        call_command("restore", "--from", str(backup), verbosity=0)

    assert DocumentVersion.objects.count() == 1


def test_a_database_with_rows_is_left_alone(backup: Path) -> None:
    with pytest.raises(CommandError, match="is not empty"):
        call_command("restore", "--from", str(backup), verbosity=0)


def test_a_backup_is_not_laid_on_top_of_another(backup: Path) -> None:
    before = manifest_of(backup)

    with pytest.raises(CommandError, match="is not empty"):
        call_command("backup", "--to", str(backup), verbosity=0)

    assert manifest_of(backup) == before


def test_a_file_that_was_lost_before_is_told_and_the_rest_is_kept(backup: Path, tmp_path: Path) -> None:
    kept = DocumentVersion.objects.get()
    Path(kept.file.path).unlink()
    second = tmp_path / "second"

    with pytest.raises(CommandError, match=f"missing or damaged already: {kept.file.name}"):
        call_command("backup", "--to", str(second), verbosity=0)

    assert manifest_of(second)["lost"] == [kept.file.name]
    assert prove(archive.open_sealed(second)).differences == []


def test_without_pg_dump_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(CommandError, match="pg_dump is not installed here"):
        call_command("backup", "--to", str(tmp_path / "backup"), verbosity=0)

    assert not (tmp_path / "backup" / archive.MANIFEST).exists()


def test_a_dump_that_takes_longer_than_a_request_may_is_waited_for(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "slow" / "pg_dump"
    slow.parent.mkdir()
    slow.write_text(f'#!/bin/sh\nsleep 1.5\nexec {shutil.which("pg_dump")} "$@"\n')
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")

    with a_limit_of(1, "idle_in_transaction_session_timeout"):
        call_command("backup", "--to", str(tmp_path / "second"), verbosity=0)

    assert manifest_of(tmp_path / "second")["rows"] == manifest_of(backup)["rows"]


def test_a_table_that_takes_longer_to_count_than_a_request_may_is_counted(db: None) -> None:
    with a_limit_of(1, "statement_timeout"), one_moment(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(1.5), COUNT(*) FROM connections_application")

        assert cursor.fetchone()[1] == 0


@contextmanager
def a_limit_of(seconds: int, name: str) -> Iterator[None]:
    """The limit that config/settings.py sets on every connection, for the one of this test."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET {name} = {seconds * 1000}")
    try:
        yield
    finally:
        connection.close()


@pytest.mark.parametrize("words", [("backup", "--to", "second"), ("restore", "--from", "backup")])
def test_a_database_that_is_away_is_said_in_a_sentence(backup: Path, words: tuple[str, ...]) -> None:
    away = {**os.environ, "DATABASE_URL": "postgres://servicedrop@127.0.0.1:1/servicedrop"}
    command = [sys.executable, str(house.BASE_DIR / "manage.py"), *words[:2], str(backup.parent / words[2])]

    done = subprocess.run(command, env=away, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "CommandError: " in done.stderr
    assert "connection failed" in done.stderr
    assert "Traceback" not in done.stderr
    assert ("No backup was made." in done.stderr) is (words[0] == "backup")


def test_a_stray_file_stays_outside(backup: Path, tmp_path: Path) -> None:
    (Path(house.MEDIA_ROOT) / "documents" / "stray").write_bytes(b"nobody's")

    call_command("backup", "--to", str(tmp_path / "second"), verbosity=0)

    assert manifest_of(tmp_path / "second")["files"] == manifest_of(backup)["files"]
