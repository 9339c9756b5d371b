"""What a buyer app's reply to a callback means: delivered, refused for good, or to be tried again.

docs/callbacks.md has the table; each of its rows is a test.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

# Nothing that we could send later would be taken either: the same bytes go to the same address.
FINAL = {400, 404, 405, 410, 413, 415, 422}
REPLY_LIMIT = 64 * 1024


@dataclass(frozen=True)
class Verdict:
    """`outcome` is for a person. Neither `delivered` nor `final` means: try again, after `retry_after` seconds if the
    buyer app named them."""

    outcome: str
    delivered: bool = False
    final: bool = False
    retry_after: int | None = None


def judge(status: int, text: bytes, headers: Mapping[str, str], now: datetime) -> Verdict:
    """The verdict on one HTTP reply; `text` is its first REPLY_LIMIT bytes or a little more."""
    ack, error = read_ack(text)
    said = f"{status} {ack or ''} {error}".strip().replace("  ", " ")
    if 200 <= status < 300:
        return _judge_success(status, text, ack, said)
    if 300 <= status < 400:
        return Verdict(f"{status}: it sends us elsewhere, and redirects are not followed")
    if status in FINAL or (ack == "NACK" and status not in (401, 408, 425, 429) and status < 500):
        return Verdict(said if ack or error else f"{status} refused", final=True)
    return Verdict(said, retry_after=read_retry_after(headers, now))


def _judge_success(status: int, text: bytes, ack: str, said: str) -> Verdict:
    """A 2xx. Nothing, or JSON of its own that says neither ACK nor NACK, is a careless yes; anything else (a page of a
    proxy, half a reply) did not come from the buyer app's own program."""
    if ack in ("ACK", "NACK"):
        return Verdict(said, delivered=ack == "ACK", final=ack == "NACK")
    if len(text) > REPLY_LIMIT:
        return Verdict(f"{status}, but more than {REPLY_LIMIT // 1024} kB and no ACK")
    if not text.strip() or _is_object(text):
        return Verdict(f"{status} without an ACK, taken for one", delivered=True)
    return Verdict(f"{status}, but what came with it is no ACK")


def read_ack(text: bytes) -> tuple[str, str]:
    """The ack status and the error of a reply; the error may stand at the top or inside message (PROTOCOL a.3)."""
    try:
        reply = json.loads(text)
        message = reply.get("message") or {}
        error = reply.get("error") or message.get("error") or {}
        return str((message.get("ack") or {}).get("status") or ""), str(error.get("message") or "")[:200]
    except (ValueError, AttributeError, RecursionError):
        return "", ""


def read_retry_after(headers: Mapping[str, str], now: datetime) -> int | None:
    """Seconds that the reply asks us to wait, written as a number or as a date (RFC 9110, 10.2.3)."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return int(text[:9])
    moment = read_date(text)
    return int((moment - (read_date(headers.get("Date", "")) or now)).total_seconds()) if moment else None


def read_date(text: str) -> datetime | None:
    """An HTTP date, or None."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return moment if moment.tzinfo else None


def _is_object(text: bytes) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False
