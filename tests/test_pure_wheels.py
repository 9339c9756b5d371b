"""The requirements as they are locked: what is pinned to its pure wheel alone, and how the lock does it."""

import re
from pathlib import Path

import pytest

from tests import pure_wheels

ROOT = Path(__file__).resolve().parent.parent
FILES = ("requirements.txt", "requirements-test.txt", "requirements-tracing.txt")


def hashes_of(name: str, text: str) -> list[str]:
    pinned = re.search(rf"^{name}==\S+((?: \\\n +--hash=\S+)+)", text, re.MULTILINE)
    return re.findall(r"--hash=(\S+)", pinned[1]) if pinned else []


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("name", pure_wheels.PURE)
def test_what_needs_nothing_compiled_is_pinned_to_its_pure_wheel_alone(name: str, file: str) -> None:
    assert len(hashes_of(name, (ROOT / file).read_text())) == 1


@pytest.mark.parametrize("name", pure_wheels.PURE)
def test_every_file_pins_the_same_wheel(name: str) -> None:
    one, *others = (hashes_of(name, (ROOT / file).read_text()) for file in FILES)

    assert [one] * len(others) == others


def test_what_traces_need_stands_beside_all_that_the_house_runs_on_as_the_tests_have_it() -> None:
    house, tests, tracing = (
        set(re.findall(r"^[a-z0-9-]+==[^\s\\]+", (ROOT / file).read_text(), re.MULTILINE)) for file in FILES
    )

    assert house < tracing < tests
    assert {name.split("==")[0] for name in tracing - house} > {
        "opentelemetry-sdk",
        "opentelemetry-exporter-otlp-proto-http",
    }


@pytest.mark.parametrize("place", ["README.md", "docs/watching.md", "beckn_adapter/tracing.py"])
def test_nobody_is_told_to_install_what_a_stranger_may_have_registered(place: str) -> None:
    text = (ROOT / place).read_text()

    assert "requirements-tracing.txt" in text
    assert "servicedrop[" not in text


def test_the_lock_leaves_one_hash_of_these_and_everything_else_as_it_was() -> None:
    others = "django==5.2 \\\n    --hash=sha256:01 \\\n    --hash=sha256:02\n    # via nobody\n"
    locked = f"{others}fonttools==4.9 \\\n    --hash=sha256:03 \\\n    --hash=sha256:04\n    # via fpdf2\n"

    narrowed = pure_wheels.narrow(locked, lambda name, version: f"{name}-{version}")

    assert narrowed == f"{others}fonttools==4.9 \\\n    --hash=sha256:fonttools-4.9\n    # via fpdf2\n"
