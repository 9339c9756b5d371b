"""`POST /beckn/<action>`: verify, store, acknowledge. Nothing else happens before the answer.

It stands before Django: a signed message needs no session, no CSRF token and no log-in, and meets none.
"""

import json
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from django.conf import settings

from beckn_adapter import inbox, limits, refusals, trail
from beckn_adapter.answers import refuse
from beckn_adapter.caller import caller_of
from beckn_adapter.challenge import ON_SUBSCRIBE, answer_challenge
from beckn_adapter.errors import ACTION_NOT_APPLICABLE, INVALID_REQUEST, BecknError
from beckn_adapter.gate import ACTIONS, admit
from beckn_adapter.knock import Answer, Environ, Headers, StartResponse
from beckn_adapter.nudge import nudge
from beckn_adapter.receipt import Receipt

PREFIX = "/beckn/"
ACK = b'{"message":{"ack":{"status":"ACK"}}}'
Application = Callable[[Environ, Any], Iterable[bytes]]


class Door:
    """A WSGI application that answers what comes to `/beckn/` and leaves everything else to `rest`."""

    def __init__(self, rest: Application) -> None:
        self.rest = rest

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "")
        if not path.startswith(PREFIX):
            return self.rest(environ, start_response)
        action = path.removeprefix(PREFIX).removesuffix("/")
        answer = receive_challenge(environ) if action == ON_SUBSCRIBE else receive(environ, action)
        return answer.begin(start_response)


def receive(environ: Environ, action: str) -> Answer:
    """ACK for what will be answered by a callback, NACK with code, path and sentence for everything else."""
    began = time.perf_counter()
    with trail.working_on():
        caller = caller_of(environ, action)
        try:
            limits.check_address(caller)
            body = read_body(environ, action)
            outcome, row_id = inbox.store(admit(caller, body, Headers(environ)), body)
            if outcome == "conflict":
                sentence = "This message_id was used before with another content."
                raise BecknError(INVALID_REQUEST, sentence, "/context/message_id", reason="duplicate")
        except Exception as problem:  # noqa: BLE001 - a stranger's message never ends in a traceback
            return refuse(caller, problem)
        receipt = Receipt(trail.followed(), outcome, time.perf_counter() - began)
        return Answer(ACK, afterwards=partial(_hand_over, row_id, receipt))


def _hand_over(row_id: int, receipt: Receipt) -> None:
    """The ACK has left: its message may be worked, for no callback overtakes it any more. Only now it is logged."""
    nudge(row_id, receipt.write)
    refusals.flush()


def receive_challenge(environ: Environ) -> Answer:
    """The registry asks whether the keys are ours. It is answered at once, and nothing of it is stored."""
    caller = caller_of(environ, ON_SUBSCRIBE)
    try:
        limits.check_address(caller)
        answer = answer_challenge(read_body(environ, ON_SUBSCRIBE), Headers(environ))
    except Exception as problem:  # noqa: BLE001 - a stranger's message never ends in a traceback
        return refuse(caller, problem)
    return Answer(json.dumps({"answer": answer}).encode())


def read_body(environ: Environ, action: str) -> bytes:
    """The raw bytes, bounded. Raises `BecknError`."""
    if action not in ACTIONS and action != ON_SUBSCRIBE:
        named = action.encode("latin-1", "replace").decode(errors="replace")[:40]  # PEP 3333: a path's bytes as latin-1
        sentence = f"The action {named!r} is not offered here. These are: {', '.join(ACTIONS)}."
        raise BecknError(ACTION_NOT_APPLICABLE, sentence, "/context/action", "action", "The action is not offered.")
    if environ["REQUEST_METHOD"].upper() != "POST":
        raise BecknError(INVALID_REQUEST, "Beckn messages are sent with POST.", "/", reason="method")
    if environ.get("HTTP_CONTENT_ENCODING", "identity") != "identity":
        raise BecknError(INVALID_REQUEST, "A message is sent as it is, not compressed.", "/", reason="encoding")
    length = _length(environ.get("CONTENT_LENGTH") or "0")
    if not length and "chunked" in environ.get("HTTP_TRANSFER_ENCODING", ""):
        length = settings.BECKN_MAX_BYTES + 1  # no length is named: one byte more than is taken, and no further
    try:
        body: bytes = environ["wsgi.input"].read(length) if length else b""
    except OSError:
        raise BecknError(INVALID_REQUEST, "The body broke off.", "/", reason="size") from None
    if len(body) > settings.BECKN_MAX_BYTES:
        raise _too_big()
    return body


def _length(named: str) -> int:
    if not (named.isascii() and named.isdigit()) or len(named) > 12 or int(named) > settings.BECKN_MAX_BYTES:
        raise _too_big()
    return int(named)


def _too_big() -> BecknError:
    sentence = f"A message may have {settings.BECKN_MAX_BYTES} bytes at most."
    return BecknError(INVALID_REQUEST, sentence, "/", reason="size")
