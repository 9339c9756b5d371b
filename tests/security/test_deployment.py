"""How the house stands in the open, and that it still opens on a laptop: each in a process of its own."""

import base64
import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from beckn_adapter.sandbox.registry import Registry

ROOT = Path(__file__).resolve().parent.parent.parent
BEFORE = [secrets.token_urlsafe(50) for _ in range(2)]
SEED = bytes(range(32))
IN_THE_OPEN = {
    "PUBLIC_URL": "https://connect.example.com",
    "ALLOWED_HOSTS": "connect.example.com",
    "SECRET_KEY": secrets.token_urlsafe(50),
    "SECRET_KEY_FALLBACKS": ",".join(BEFORE),
    "BECKN_SIGNING_KEY": base64.b64encode(SEED).decode(),
    "BECKN_REGISTRY_URL": "https://registry.example.com",
    "TRUSTED_PROXIES": "1",
}
AS_THE_README_SAYS = ("check", "--deploy", "--database", "default")
LOOK = """
import json
from django.conf import settings
from django.test import Client
def ask(address, **told):
    answer = Client().get(address, HTTP_HOST=settings.ALLOWED_HOSTS[0], **told)
    return [answer.status_code, dict(answer.headers), {name: str(c) for name, c in answer.cookies.items()}]
said = {"plain": ask("/admin/login/"), "health": ask("/healthz"), "secure": ask("/admin/login/", secure=True),
  "proxied": ask("/field/login/", HTTP_X_FORWARDED_PROTO="https"),
  "fallbacks": settings.SECRET_KEY_FALLBACKS, "second": settings.SECOND_FACTOR_GROUPS}
print(json.dumps(said))
"""


def manage(tmp_path: Path, said: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    ours = ("PATH", "HOME", "LANG")
    environment = {**{name: os.environ[name] for name in ours if name in os.environ}, "SERVICEDROP_VAR": str(tmp_path)}
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(
        command, cwd=ROOT, env={**environment, **said}, capture_output=True, text=True, check=False, timeout=120
    )


def look(tmp_path: Path, said: dict[str, str]) -> dict[str, list]:
    told = manage(tmp_path, said, "shell", "--no-imports", "-c", LOOK)
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout.splitlines()[-1])


def test_the_readme_names_the_check_and_every_setting_without_which_nobody_gets_in() -> None:
    readme = (ROOT / "README.md").read_text().split("## Run it for real")[1].split("###")[0]

    assert f"manage.py {' '.join(AS_THE_README_SAYS)} " in readme
    for name in ("PUBLIC_URL", "ALLOWED_HOSTS", "TRUSTED_PROXIES", "SECRET_KEY_FILE", "SERVICEDROP_VAR"):
        assert f"{name}=" in readme


def test_djangos_deployment_checklist_is_clean(tmp_path: Path) -> None:
    with Registry() as registry:
        registry.subscribe(
            {
                "subscriber_id": "servicedrop.localhost",
                "url": "https://connect.example.com/beckn",
                "type": "BPP",
                "domain": "service",
                "key_id": "k1",
                "signing_public_key": base64.b64encode(bytes(SigningKey(SEED).verify_key)).decode(),
                "valid_from": "2020-01-01T00:00:00Z",
                "valid_until": "2090-01-01T00:00:00Z",
                "status": "SUBSCRIBED",
            }
        )
        known = IN_THE_OPEN | {"BECKN_REGISTRY_URL": registry.url}
        judged = manage(tmp_path, known, *AS_THE_README_SAYS, "--fail-level", "WARNING")

    assert judged.returncode == 0, judged.stderr
    assert "no issues (0 silenced)" in judged.stdout


@pytest.mark.parametrize("missing", ["SECRET_KEY", "ALLOWED_HOSTS"])
def test_the_checklist_would_tell_of_something_bad(tmp_path: Path, missing: str) -> None:
    bad = {"SECRET_KEY": "django-insecure-short", "ALLOWED_HOSTS": ""}

    judged = manage(tmp_path, IN_THE_OPEN | {missing: bad[missing]}, "check", "--deploy", "--fail-level", "WARNING")

    assert judged.returncode == 1
    assert "security.W" in judged.stderr


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"ALLOWED_HOSTS": "other.example.com"}, "ALLOWED_HOSTS does not name connect.example.com"),
        (
            {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "SECRET_KEY": ""},
            "SECRET_KEY is not set: each machine",
        ),
    ],
)
def test_what_would_keep_people_out_is_said(tmp_path: Path, said: dict[str, str], words: str) -> None:
    judged = manage(tmp_path, IN_THE_OPEN | {"BECKN_REGISTRY_URL": ""} | said, "check", "--deploy", "--tag", "security")

    assert words in judged.stderr


def test_in_the_open_everything_is_https_and_cookies_are_for_this_host_alone(tmp_path: Path) -> None:
    seen = look(tmp_path, IN_THE_OPEN)

    assert seen["plain"][0] == 301
    assert seen["plain"][1]["Location"] == "https://connect.example.com/admin/login/"
    assert seen["health"][0] in {200, 503}
    status, headers, cookies = seen["secure"]
    assert status == 200
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    assert headers["Cross-Origin-Opener-Policy"] == headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "microphone=()" in headers["Permissions-Policy"]
    for part in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
        assert part in cookies["__Host-csrftoken"]
    assert seen["proxied"][0] == 200
    assert seen["fallbacks"] == BEFORE
    assert seen["second"] == ["*"]


def test_without_any_setting_it_opens_on_localhost_over_http(tmp_path: Path) -> None:
    seen = look(tmp_path, {})

    status, headers, cookies = seen["plain"]
    assert status == 200
    assert "Strict-Transport-Security" not in headers
    assert "Secure" not in cookies["csrftoken"]
    assert seen["second"] == []
