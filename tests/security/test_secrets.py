"""No secret is in the repository, and docs/security.md names nothing that does not exist."""

import re
from pathlib import Path

from tests.test_architecture import project_files

ROOT = Path(__file__).resolve().parent.parent.parent
TABLE = ROOT / "docs" / "security.md"
SECRETS = re.compile(
    "|".join(
        [
            r"-----BEGIN [A-Z ]*PRIVATE KEY" + "-----",
            r"\bAKIA[0-9A-Z]{16}\b",
            r"\bgh[pousr]_[A-Za-z0-9]{36}\b",
            r"\bxox[baprs]-[A-Za-z0-9-]{10,}",
            r"\beyJ[\w-]{20,}\.eyJ[\w-]{20,}\.[\w-]{20,}",
            r"(?i:\b(?:SECRET_KEY|SIGNING_KEY|ENCRYPTION_KEY|PASSWORD|TOKEN)\b[\"']?\s*[:=]\s*[\"'][A-Za-z0-9+/=_-]{32,}[\"'])",
            r"postgres(?:ql)?://\w+:[^@\s\"'{]{6,}@(?!localhost|127\.|host)",
        ]
    )
)
# Keys that the specification itself prints, to test signatures with.
KNOWN_TO_ALL = {"tests/beckn_adapter/test_signing.py", "tests/beckn_adapter/test_signing_keys.py"}


def test_no_secret_is_in_the_repository() -> None:
    found = [
        (path.relative_to(ROOT).as_posix(), hit[0][:40])
        for path in project_files()
        if path.relative_to(ROOT).as_posix() not in KNOWN_TO_ALL
        for hit in SECRETS.finditer(path.read_bytes().decode(errors="ignore"))
    ]

    assert found == []


def test_a_secret_would_be_seen() -> None:
    made_up = ["AKIA" + "A" * 16, 'SIGNING_KEY = "' + "A" * 43 + '="', "postgres://" + "u:hunter2hunter2@db/x"]

    assert [bool(SECRETS.search(text)) for text in made_up] == [True] * 3


def named_in_the_table() -> list[str]:
    """Whatever stands between backticks and looks like a file of ours, with the name of a test where there is one."""
    words = re.findall(r"`([^`\s]+)`", TABLE.read_text())
    return [
        word
        for word in words
        if re.match(r"(config|connections|fieldwork|billing|beckn_adapter|tests|templates)/", word)
    ]


def test_every_file_and_every_test_that_the_table_names_is_there() -> None:
    named = named_in_the_table()
    assert len(named) > 80

    missing = []
    for name in named:
        path, _, test = name.partition("::")
        if not (ROOT / path).is_file() or (test and f"def {test}(" not in (ROOT / path).read_text()):
            missing.append(name)

    assert missing == []
