"""`manage.py beckn_keys new|show|check`: make keys, show their public parts, say whether everything agrees."""

import argparse
import os
import uuid
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from beckn_adapter import keys
from beckn_adapter.checks import KEY_ID, KEY_ID_HINT
from beckn_adapter.keycheck import examine
from beckn_adapter.registry_client import Client
from beckn_adapter.signing import BadKey


class Command(BaseCommand):
    help = "Make a signing and an encryption key pair, show the public parts of ours, or check them with the registry."
    requires_system_checks = []  # `new` is for when there is no key yet, `check` says more

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        new = acts.add_parser("new", help="make fresh key pairs and print the environment that uses them")
        new.add_argument("--key-id", default="", help="a name that the registry never had (default: a UUID)")
        new.add_argument("--second", action="store_true", help="as the second keys, for a rotation (docs/keys.md)")
        new.add_argument("--out", type=Path, metavar="FOLDER", help="write the keys to files that only you may read")
        acts.add_parser("show", help="print the public parts of our keys")
        acts.add_parser("check", help="say whether keys, registry and clock agree; exit 1 if not")

    def handle(self, *args: Any, act: str, **options: Any) -> None:
        try:
            {"new": self.make, "show": self.show, "check": self.compare}[act](**options)
        except BadKey as problem:
            raise CommandError(f"{problem}.") from None
        except OSError as problem:
            raise CommandError(f"{problem.filename}: {problem.strerror}") from None

    def make(self, *, key_id: str, second: bool, out: Path | None, **_: Any) -> None:
        if key_id and not KEY_ID.fullmatch(key_id):
            raise CommandError(f"The key id {key_id!r} can not stand in a signature. {KEY_ID_HINT}")
        pairs = keys.make(key_id or str(uuid.uuid4()), "BECKN_SECOND" if second else "BECKN")
        lines = pairs.as_settings()
        if out:
            lines = write(pairs, out)
        self.stdout.write("\n".join(f"{name}={value}" for name, value in lines.items()))
        self.stderr.write(public_parts(pairs))

    def show(self, **_: Any) -> None:
        for pairs in keys.ours():
            self.stdout.write(public_parts(pairs))

    def compare(self, **_: Any) -> None:
        if not settings.BECKN_REGISTRY_URL:
            raise CommandError("BECKN_REGISTRY_URL is not set.")
        findings = list(examine(Client()))
        for finding in findings:
            paint = self.style.SUCCESS if finding.good else self.style.ERROR
            self.stdout.write(f"{paint('ok   ' if finding.good else 'WRONG')}  {finding.words}")
        wrong = sum(not finding.good for finding in findings)
        if wrong:
            raise CommandError(f"{wrong} of {len(findings)} things are wrong.")


def write(pairs: keys.KeyPairs, folder: Path) -> dict[str, str]:
    """Each private key in a file of mode 0600; never over one that is there. Returns the settings that name them."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    private = pairs.as_settings()
    lines = {f"{pairs.name}_KEY_ID": private.pop(f"{pairs.name}_KEY_ID")}
    for name, value in private.items():
        path = folder.resolve() / name.removeprefix(f"{pairs.name}_").lower()
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(f"{value}\n")
        lines[f"{name}_FILE"] = str(path)
    return lines


def public_parts(pairs: keys.KeyPairs) -> str:
    return (
        f"# {settings.BECKN_SUBSCRIBER_ID}|{pairs.key_id}|ed25519\n"
        f"#   signing public key     {pairs.signing_public}\n"
        f"#   encryption public key  {pairs.encryption_public or '(none)'}"
    )
