"""Our own keys: made, read from the environment or files, compared with the registry, and never told to anybody."""

import logging
import os
import re
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command

from beckn_adapter import checks, keys
from beckn_adapter.sandbox.house import ROOT
from beckn_adapter.sandbox.participant import iso
from beckn_adapter.sandbox.registry import Registry
from beckn_adapter.sandbox.server import LocalServer, Reply, Request
from tests.beckn_adapter.platform import door, hold, take_part


def run(*arguments: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("beckn_keys", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def settings_in(text: str) -> dict[str, str]:
    return dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))


@pytest.fixture
def registry(settings: Any) -> Iterator[Registry]:
    """We are in it with k1, as it should be."""
    with Registry() as server:
        take_part(settings, server, "https://newcomer.test/beckn")
        hold(settings, keys.make("k1"))
        server.subscribe(our_record(settings))
        yield server


def our_record(settings: Any, **changes: Any) -> dict[str, Any]:
    ours = keys.first()
    return {
        "subscriber_id": settings.BECKN_SUBSCRIBER_ID,
        "url": settings.BECKN_SUBSCRIBER_URI,
        "type": "BPP",
        "domain": "service",
        "key_id": ours.key_id,
        "signing_public_key": ours.signing_public,
        "encr_public_key": ours.encryption_public,
        "valid_from": "2020-01-01T00:00:00Z",
        "valid_until": "2090-01-01T00:00:00Z",
        "status": "SUBSCRIBED",
        **changes,
    }


# --- Made -----------------------------------------------------------------------------------------------------------


def test_new_keys_are_printed_as_the_environment_that_uses_them(settings: Any) -> None:
    printed, public = run("new", "--key-id", "k9")
    for name, value in settings_in(printed).items():
        setattr(settings, name, value)

    assert keys.first().key_id == "k9"
    assert keys.first().signing_public in public
    assert keys.first().encryption_public in public


def test_an_id_that_can_not_stand_in_a_signature_is_refused() -> None:
    with pytest.raises(CommandError, match="'a b' can not stand in a signature"):
        call_command("beckn_keys", "new", "--key-id", "a b")


def test_two_calls_make_two_keys(settings: Any) -> None:
    first, second = settings_in(run("new")[0]), settings_in(run("new", "--second")[0])

    assert set(second) == {f"BECKN_SECOND_{part}" for part in ("KEY_ID", "SIGNING_KEY", "ENCRYPTION_KEY")}
    assert not set(first.values()) & set(second.values())


def test_keys_go_to_files_that_only_their_owner_reads(tmp_path: Path) -> None:
    printed, public = run("new", "--out", str(tmp_path / "keys"))

    files = {name: Path(value) for name, value in settings_in(printed).items() if name.endswith("_FILE")}
    assert set(files) == {"BECKN_SIGNING_KEY_FILE", "BECKN_ENCRYPTION_KEY_FILE"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files.values()} == {0o600}
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert not [path for path in files.values() if path.read_text().strip() in printed + public]


def test_a_key_is_never_written_over(tmp_path: Path) -> None:
    run("new", "--out", str(tmp_path))
    before = (tmp_path / "signing_key").read_text()

    with pytest.raises(CommandError, match="File exists"):
        run("new", "--out", str(tmp_path))

    assert (tmp_path / "signing_key").read_text() == before


def test_keys_are_read_from_the_files_that_the_environment_names(tmp_path: Path) -> None:
    printed, _ = run("new", "--key-id", "k9", "--out", str(tmp_path / "keys"))
    shown, _ = run_manage(tmp_path, settings_in(printed), "beckn_keys", "show")

    assert "|k9|ed25519" in shown
    signing, encryption = ((tmp_path / "keys" / name).read_text().strip() for name in ("signing_key", "encryption_key"))
    assert keys._read("BECKN", "k9", signing, encryption).signing_public in shown


def test_a_key_file_that_is_missing_is_named(tmp_path: Path) -> None:
    _, said = run_manage(tmp_path, {"BECKN_SIGNING_KEY_FILE": f"{tmp_path}/nowhere"}, "beckn_keys", "show")

    assert f"{tmp_path}/nowhere" in said


def run_manage(tmp_path: Path, env: dict[str, str], *arguments: str) -> tuple[str, str]:
    """As an operator does, in a process of its own."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("BECKN_")}
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**plain, "SERVICEDROP_VAR": str(tmp_path), **env},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout, done.stderr


# --- Shown and compared ---------------------------------------------------------------------------------------------


def test_what_is_shown_is_public(registry: Registry) -> None:
    shown, _ = run("show")

    assert keys.first().signing_public in shown
    assert not [value for value in private_texts(keys.first()) if value in shown]


def test_when_all_agree_the_check_says_so(registry: Registry) -> None:
    said, _ = run("check")

    assert "WRONG" not in said
    assert "the signing key is the registry's" in said
    assert "clock and ours agree" in said


@pytest.mark.parametrize(
    ("changes", "words", "number"),
    [
        ({"signing_public_key": keys.make("x").signing_public}, "the signing key is not the registry's", "E024"),
        ({"encr_public_key": keys.make("x").encryption_public}, "the encryption key is not the registry's", "E025"),
        ({"encr_public_key": "nonsense"}, "the encryption key is not the registry's", "E025"),
        ({"url": "https://old.test/beckn"}, "it has https://old.test/beckn", "E026"),
        ({"status": "UNDER_SUBSCRIPTION"}, "the status is UNDER_SUBSCRIPTION", "E027"),
        ({"valid_from": "2089-01-01T00:00:00Z"}, "valid only from 2089", "E028"),
        ({"valid_until": "2021-01-01T00:00:00Z"}, "it ended at 2021", "E028"),
    ],
)
def test_what_does_not_agree_is_said(
    changes: dict[str, str], words: str, number: str, registry: Registry, settings: Any
) -> None:
    registry.subscribe(our_record(settings, **changes))
    out = StringIO()

    with pytest.raises(CommandError, match=r"1 of \d+ things are wrong"):
        call_command("beckn_keys", "check", stdout=out)

    assert [line for line in out.getvalue().splitlines() if line.startswith("WRONG") and words in line]
    assert [problem.id for problem in checks.check_agreement()] == [f"beckn.{number}"]


def test_a_key_that_the_registry_does_not_know_is_said(registry: Registry, settings: Any) -> None:
    hold(settings, keys.make("k2"))

    assert [problem.id for problem in checks.check_agreement()] == ["beckn.E023"]


def test_a_second_key_that_is_not_published_yet_is_said(registry: Registry, settings: Any) -> None:
    hold(settings, keys.make("k2"), "BECKN_SECOND")

    assert ["k2 in service" in problem.msg for problem in checks.check_agreement()] == [True]


@pytest.mark.parametrize(("minutes", "words"), [(5, "it ends; it is retired"), (-5, "it ended; its settings can go")])
def test_the_end_of_a_second_key_is_as_it_should_be(
    minutes: int, words: str, registry: Registry, settings: Any
) -> None:
    old = keys.make("k0")
    hold(settings, old, "BECKN_SECOND")
    end = iso(datetime.now(UTC) + timedelta(minutes=minutes))
    changes = {"signing_public_key": old.signing_public, "encr_public_key": old.encryption_public, "valid_until": end}
    registry.subscribe(our_record(settings, key_id="k0", **changes))

    said, _ = run("check")

    assert words in said
    assert checks.check_agreement() == []


def test_the_end_of_the_key_that_signs_is_told_two_weeks_before(registry: Registry, settings: Any) -> None:
    registry.subscribe(our_record(settings, valid_until=iso(datetime.now(UTC) + timedelta(days=13))))

    assert [problem.id for problem in checks.check_agreement()] == ["beckn.W029"]


@pytest.mark.parametrize(("hours", "words"), [(-2, "ahead of"), (3, "behind")])
def test_a_clock_that_is_wrong_is_said(hours: int, words: str, registry: Registry, settings: Any) -> None:
    class Elsewhere(LocalServer):
        def answer(self, request: Request) -> Reply:
            return Reply(200, b"[]")

    with Elsewhere() as elsewhere:
        settings.BECKN_REGISTRY_URL = elsewhere.url
        shift_the_date(elsewhere, hours)
        problems = checks.check_agreement()

    assert [f"s {words} the registry's." in problem.msg for problem in problems if problem.id == "beckn.E022"] == [True]


def shift_the_date(server: Any, hours: int) -> None:
    handler = server._http.RequestHandlerClass
    there = time.time() + hours * 3600
    server._http.RequestHandlerClass = type(
        "Shifted", (handler,), {"date_time_string": lambda *_: formatdate(there, usegmt=True)}
    )


def test_a_check_that_can_not_ask_does_not_hang(registry: Registry, settings: Any) -> None:
    settings.BECKN_REGISTRY_URL = "http://127.0.0.1:1"

    assert [problem.id for problem in checks.check_agreement()] == ["beckn.W021"]
    with pytest.raises(CommandError):
        run("check")


def test_without_deploy_no_check_asks_the_registry(registry: Registry) -> None:
    run_checks()
    assert registry.lookups == []

    run_checks(include_deployment_checks=True, tags=["network"])
    assert len(registry.lookups) == 1


def test_the_embedded_default_asks_nobody(settings: Any) -> None:
    settings.BECKN_SIGNING_KEY = settings.BECKN_REGISTRY_URL = ""

    assert checks.check_agreement() == []


# --- Never told -----------------------------------------------------------------------------------------------------


def private_texts(*pairs: keys.KeyPairs) -> list[str]:
    """Each private key in every form in which it could slip out."""
    raws = [raw for one in pairs for raw in (bytes(one.signing), one.encryption.private_bytes_raw())]  # type: ignore[union-attr]
    raws += [bytes(one.signing) + bytes(one.signing.verify_key) for one in pairs]
    return [form for raw in raws for form in (keys.b64(raw)[:40], raw.hex(), repr(raw))]


def test_no_key_is_in_a_repr_or_in_what_is_raised() -> None:
    pairs = keys.make("k1")
    half = pairs.as_settings()["BECKN_SIGNING_KEY"][:-8]

    with pytest.raises(keys.BadKey) as refused:
        keys._read("BECKN", "k1", half, "")

    told = f"{pairs!r} {pairs} {pairs.signing!r} {pairs.encryption!r} {refused.value!r} {refused.getrepr()}"
    assert "KeyPairs(key_id='k1', name='BECKN')" in told
    assert not [text for text in private_texts(pairs) if text in told]
    assert half[:20] not in f"{refused.value!r}"


def test_no_key_is_logged_or_printed_whatever_is_done_with_it(
    settings: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    first, second = keys.make("k1"), keys.make("k2")
    with Registry() as registry, door() as url:
        take_part(settings, registry, url)
        hold(settings, first)
        hold(settings, second, "BECKN_SECOND")
        out = StringIO()
        for command in (
            ["beckn_subscribe"],
            ["beckn_subscribe"],
            ["beckn_keys", "show"],
            ["beckn_keys", "check"],
            ["beckn_subscribe", "--retire", "k2"],
        ):
            call_command(*command, stdout=out, stderr=out)
        run_checks(include_deployment_checks=True, tags=["beckn", "network"])
        settings.BECKN_REGISTRY_URL = "http://127.0.0.1:1"
        checks.check_agreement()

    assert "k2 in service: ends at" in out.getvalue()
    printed = capfd.readouterr()
    told = caplog.text + out.getvalue() + printed.out + printed.err
    assert [text for text in private_texts(first, second) if text in told] == []
