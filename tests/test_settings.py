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


@pytest.mark.parametrize("name", ["METRICS_TOKEN", "PUBLIC_URL", "BECKN_SUBSCRIBER_ID", "ACCOUNTS_CONTACT"])
def test_the_newline_at_the_end_of_a_file_is_no_part_of_a_setting(tmp_path: Path, name: str) -> None:
    file = tmp_path / "file"
    file.write_text("https://connect.example.com\n")

    assert setting(name, tmp_path, {f"{name}_FILE": str(file)}) == "'https://connect.example.com'"


def test_a_secret_is_all_that_its_file_holds(tmp_path: Path) -> None:
    """Without its newline it would be another secret, and end every session and link of a house that is running."""
    file = tmp_path / "file"
    file.write_text("of-before\n")

    assert setting("SECRET_KEY", tmp_path, {"SECRET_KEY_FILE": str(file)}) == r"'of-before\n'"


def test_the_folder_of_the_house_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text(f"{tmp_path / 'house'}\n")
    said = {"SERVICEDROP_VAR": "", "SERVICEDROP_VAR_FILE": str(tmp_path / "file")}

    assert setting("MEDIA_ROOT", tmp_path, said) == f"PosixPath('{tmp_path / 'house' / 'files'}')"
    assert setting("CELERY_BEAT_SCHEDULE_FILENAME", tmp_path, said) == f"'{tmp_path / 'house' / 'celerybeat-schedule'}'"


def test_a_file_that_is_missing_is_named_with_its_setting(tmp_path: Path) -> None:
    said = setting("METRICS_TOKEN", tmp_path, {"METRICS_TOKEN_FILE": f"{tmp_path}/nowhere"})

    assert said.endswith(
        f"ImproperlyConfigured: METRICS_TOKEN_FILE names {tmp_path}/nowhere: No such file or directory."
    )


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("BECKN_REQUIRE_GATEWAY", "enabled", "BECKN_REQUIRE_GATEWAY is 'enabled'. It is on or off."),
        ("LOGIN_TRIES", "five", "LOGIN_TRIES is 'five'. It is a whole number, such as 5."),
        ("TRUSTED_PROXIES", "-1", "TRUSTED_PROXIES is '-1'. It is a whole number, such as 0."),
        ("BECKN_LOOKUP_RATE", "nan", "BECKN_LOOKUP_RATE is 'nan'. It is a number, such as 20."),
        ("BECKN_NACK_STATUS", "999", "BECKN_NACK_STATUS is 999, which it can not be. It is 400, for example."),
        ("LOG_LEVEL", "loud", "LOG_LEVEL is 'LOUD'. It is one of CRITICAL, "),
        (
            "DATABASE_URL",
            "db.example.com",
            "DATABASE_URL is no address such as postgres://user:password@host:5432/name.",
        ),
    ],
)
def test_what_can_not_be_understood_is_said_with_its_name(tmp_path: Path, name: str, value: str, words: str) -> None:
    assert f"ImproperlyConfigured: {words}" in setting("DEBUG", tmp_path, {name: value})


@pytest.mark.parametrize(
    ("name", "setting_of_it", "value"),
    [
        ("LOGIN_TRIES", "LOGIN_TRIES", "5"),
        ("BECKN_REQUIRE_GATEWAY", "BECKN_REQUIRE_GATEWAY", "False"),
        ("PUBLIC_URL", "PUBLIC_URL", "'http://localhost:8000'"),
        ("DATABASE_URL", "DATABASES['default']['ENGINE']", "'django.db.backends.sqlite3'"),
    ],
)
def test_an_empty_value_is_none(tmp_path: Path, name: str, setting_of_it: str, value: str) -> None:
    assert setting(setting_of_it, tmp_path, {name: ""}) == value


def test_an_empty_list_is_a_list_with_nothing_in_it(tmp_path: Path) -> None:
    said = {"PUBLIC_URL": "https://connect.example.com", "SECOND_FACTOR_GROUPS": ""}

    assert setting("SECOND_FACTOR_GROUPS", tmp_path, said) == "[]"


def test_blanks_around_the_names_of_a_list_and_small_letters_are_understood(tmp_path: Path) -> None:
    said = {"SECOND_FACTOR_GROUPS": "Clerks, Cashiers", "LOG_LEVEL": "info", "BECKN_STRICT_IDS": "Yes"}

    assert setting("SECOND_FACTOR_GROUPS", tmp_path, said) == "['Clerks', 'Cashiers']"
    assert setting("LOGGING['root']['level']", tmp_path, said) == "'INFO'"
    assert setting("BECKN_STRICT_IDS", tmp_path, said) == "True"
