"""What may be kept as a paper, judged by content; and how it is shown: as pictures that we drew."""

import json
import logging
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from connections.lifecycle import Refused

log = logging.getLogger(__name__)
DECODER = Path(__file__).with_name("decoder.py")
PATIENCE = 30  # seconds for one file, waiting included; its own work is bounded in decoder.py
ACCEPTED = "application/pdf,image/jpeg,image/png,image/heic,image/heif,.pdf,.jpg,.jpeg,.png,.heic,.heif"
EXTENSION = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}


@dataclass(frozen=True)
class Paper:
    """A file as it is kept: PDF, JPEG (HEIC becomes one) or PNG, written anew and without active content."""

    media_type: str
    data: bytes
    pages: int


def judge_paper(data: bytes) -> Paper:
    """Raises `Refused` with a sentence for the person who sent it: `empty`, `too_large`, `wrong_type`, `damaged`, …"""
    if not data:
        raise Refused("empty", "This file is empty. Choose another one.")
    if len(data) > settings.DOCUMENT_MAX_BYTES:
        raise too_large(len(data), is_picture=_is_picture(data))
    about, kept = _decode(data, "judge")
    return Paper(about["media_type"], kept, about["pages"])


def too_large(size: int = 0, *, is_picture: bool = False) -> Refused:
    """`size` in bytes, 0 where we stopped reading."""
    most = megabytes(settings.DOCUMENT_MAX_BYTES)
    came = f"This file is {megabytes(size)}" if size else "This file is too large"
    advice = "Set your camera to a smaller picture size" if is_picture else "Send a photo of it, or a smaller scan"
    return Refused("too_large", f"{came}; we take at most {most}. {advice}.")


def _is_picture(data: bytes) -> bool:
    """By its first bytes: JPEG, PNG, HEIC."""
    return data.startswith((b"\xff\xd8\xff", b"\x89PNG")) or data[4:8] == b"ftyp"


def megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f}".removesuffix(".0") + " MB"


def draw_page(data: bytes, number: int, width: int) -> bytes:
    """Page `number` (from 0) of a kept paper as PNG, `width` pixels wide at most. Raises `Refused`."""
    return _decode(data, "render", number, width)[1]


def count_pages(data: bytes) -> int:
    """Raises `Refused`."""
    return int(_decode(data, "count")[0]["pages"])


def _decode(data: bytes, *command: str | int) -> tuple[dict[str, Any], bytes]:
    """Let decoder.py work in its own process. A file that breaks it is a damaged file."""
    try:
        child = subprocess.run(
            [sys.executable, "-I", DECODER, *map(str, command)],
            input=data,
            capture_output=True,
            timeout=PATIENCE,
            check=True,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as problem:
        log.warning("a file of %d bytes could not be opened: %s %s", len(data), problem, (problem.stderr or b"")[-500:])
        raise Refused("damaged", "This file can not be opened: it may be damaged. Send another one.") from None
    head, _, kept = child.stdout.partition(b"\n")
    about = json.loads(head)
    if "code" in about:
        raise Refused(about["code"], about["message"])
    return about, kept
