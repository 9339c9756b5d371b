"""Pins a distribution to its pure wheel alone where the compiled ones are several times larger and no faster for us.

`make lock` runs this on what uv wrote, for uv lists the hashes of all wheels and has no option to leave some out. pip
takes only what has a listed hash, so with one hash it is that wheel on every platform.
"""

import re
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

PURE = ("fonttools", "wcwidth")  # we read character maps and cut fonts; a prompt of Celery's that nobody opens


def narrow(text: str, hash_of: Callable[[str, str], str]) -> str:
    """These requirements, with one hash of each of PURE: what `hash_of` says of its name and version."""
    for name in PURE:
        pinned = re.search(rf"^{name}==(\S+)((?: \\\n +--hash=\S+)+)", text, re.MULTILINE)
        if pinned:
            kept = f" \\\n    --hash=sha256:{hash_of(name, pinned[1])}"
            text = text[: pinned.start(2)] + kept + text[pinned.end(2) :]
    return text


def pure_hash(name: str, version: str) -> str:
    """SHA-256 of the wheel that is for any platform, as hexadecimal digits. Raises `CalledProcessError` without one."""
    wanted = ["--platform", "any", "--only-binary", ":all:", "--no-deps", f"{name}=={version}"]
    with TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--dest", folder, *wanted], check=True)
        (wheel,) = Path(folder).iterdir()
        return sha256(wheel.read_bytes()).hexdigest()


if __name__ == "__main__":
    for file in map(Path, sys.argv[1:]):
        file.write_text(narrow(file.read_text(), pure_hash))
