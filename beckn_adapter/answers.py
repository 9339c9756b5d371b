"""What the door answers to whatever keeps a message out: its NACK, status and headers."""

import json
import logging
from typing import Any

from django.conf import settings
from django.db import DatabaseError

from beckn_adapter import refusals
from beckn_adapter.caller import Caller
from beckn_adapter.errors import INVALID_REQUEST, BecknError
from beckn_adapter.gate import NotAuthenticated
from beckn_adapter.knock import Answer
from beckn_adapter.limits import TooMany
from beckn_adapter.registry import RegistryDown

log = logging.getLogger(__name__)


def refuse(caller: Caller, problem: Exception) -> Answer:
    """The NACK for whatever kept a message out; counted, and kept in samples (beckn_adapter/refusals.py)."""
    error, status, headers = judge(caller, problem)
    remember(caller, error)
    content = _dump({"message": {"ack": {"status": "NACK"}}, "error": error.as_json()})
    return Answer(content, status=status, headers=headers, afterwards=refusals.flush)


def remember(caller: Caller, error: BecknError) -> None:
    sentence = error.record or error.message
    refusals.note(caller, reason=error.reason, code=error.code, path=error.path, sentence=sentence)


def judge(caller: Caller, problem: Exception) -> tuple[BecknError, int, dict[str, str]]:
    """What to say of a problem: error, HTTP status, headers. 401 as BECKN-006 wants it, with the reason that it leaves
    out. Only a database that is away is a 503, and to a search not even that: a gateway unsubscribes who answers so."""
    match problem:
        case BecknError():
            return problem, settings.BECKN_NACK_STATUS, {}
        case NotAuthenticated():
            sentence = f"Not authenticated: {problem}."
            error = BecknError(INVALID_REQUEST, sentence, problem.path, problem.reason, record=str(problem))
            return error, 401, challenge(problem.challenge)
        case TooMany():
            error = BecknError(INVALID_REQUEST, f"{problem} Try again in {problem.wait} s.", "/", "rate", str(problem))
            return error, 429, {"Retry-After": str(problem.wait)}
        case RegistryDown():
            sentence = "the sender can not be verified just now: its registry does not answer; try again"
            error = BecknError(INVALID_REQUEST, f"Not authenticated: {sentence}.", "/", "registry")
            return error, 401, challenge()
        case DatabaseError():
            log.exception("a message could not be stored, so it was not acknowledged")
            error = BecknError(INVALID_REQUEST, "Nothing can be stored just now. Try again.", "/", "storage")
            status = settings.BECKN_NACK_STATUS if caller.action == "search" else 503
            return error, status, {"Retry-After": "2"}
    log.error("a message could not be checked", exc_info=problem)
    sentence = "This message could not be checked; its provider was told."
    return BecknError(INVALID_REQUEST, sentence, "/", "internal"), settings.BECKN_NACK_STATUS, {}


def challenge(name: str = "WWW-Authenticate") -> dict[str, str]:
    """The header that says which signature is wanted."""
    return {name: f'Signature realm="{settings.BECKN_SUBSCRIBER_ID}",headers="(created) (expires) digest"'}


def _dump(reply: dict[str, Any]) -> bytes:
    return json.dumps(reply, ensure_ascii=False).encode(errors="replace")
