"""The requirements as they are locked: what is pinned to its pure wheel alone, and how the lock does it."""

import re
from pathlib import Path

import pytest

from tests import pure_wheels

ROOT = Path(__file__).resolve().parent.parent
FILES = ("requirements.txt", "requirements-test.txt")


def hashes_of(name: str, text: str) -> list[str]:
    pinned = re.search(rf"^{name}==\S+((?: \\\n +--hash=\S+)+)", text, re.MULTILINE)
    return re.findall(r"--hash=(\S+)", pinned[1]) if pinned else []


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("name", pure_wheels.PURE)
def test_what_needs_nothing_compiled_is_pinned_to_its_pure_wheel_alone(name: str, file: str) -> None:
    assert len(hashes_of(name, (ROOT / file).read_text())) == 1


@pytest.mark.parametrize("name", pure_wheels.PURE)
def test_both_files_pin_the_same_wheel(name: str) -> None:
    one, other = (hashes_of(name, (ROOT / file).read_text()) for file in FILES)

    assert one == other


def test_the_lock_leaves_one_hash_of_these_and_everything_else_as_it_was() -> None:
    others = "django==5.2 \\\n    --hash=sha256:01 \\\n    --hash=sha256:02\n    # via nobody\n"
    locked = f"{others}fonttools==4.9 \\\n    --hash=sha256:03 \\\n    --hash=sha256:04\n    # via fpdf2\n"

    narrowed = pure_wheels.narrow(locked, lambda name, version: f"{name}-{version}")

    assert narrowed == f"{others}fonttools==4.9 \\\n    --hash=sha256:fonttools-4.9\n    # via fpdf2\n"
