"""`POST /beckn/<action>`: verify, store, acknowledge. Nothing else happens before the answer.

It stands first among the middleware, so that a signed message passes no session, no CSRF check and no login.
"""

import json
import time
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, UnreadablePostError

from beckn_adapter import inbox, limits, trail
from beckn_adapter.answers import Answer, refuse
from beckn_adapter.caller import caller_of
from beckn_adapter.challenge import ON_SUBSCRIBE, answer_challenge
from beckn_adapter.errors import ACTION_NOT_APPLICABLE, INVALID_REQUEST, BecknError
from beckn_adapter.gate import ACTIONS, admit
from beckn_adapter.receipt import Receipt
from beckn_adapter.signed_form import is_signed_form, receive_form

PREFIX = "/beckn/"
ACK = b'{"message":{"ack":{"status":"ACK"}}}'


class BecknDoor:
    """Middleware that answers what is signed (`/beckn/`, a posted form) and lets everything else through."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.strip("/") == f"{PREFIX}{ON_SUBSCRIBE}".strip("/"):
            return receive_challenge(request)
        if request.path_info.startswith(PREFIX):
            return receive(request, request.path_info.removeprefix(PREFIX).removesuffix("/"))
        if is_signed_form(request):
            return receive_form(request)
        return self.get_response(request)


def receive(request: HttpRequest, action: str) -> Answer:
    """ACK for what will be answered by a callback, NACK with code, path and sentence for everything else."""
    began = time.perf_counter()
    with trail.working_on():
        return _receive(request, action, began)


def _receive(request: HttpRequest, action: str, began: float) -> Answer:
    caller = caller_of(request, action)
    try:
        limits.check_address(caller)
        body = read_body(request, action)
        outcome, row_id = inbox.store(admit(caller, body, request.headers), body)
        if outcome == "conflict":
            sentence = "This message_id was used before with another content."
            raise BecknError(INVALID_REQUEST, sentence, "/context/message_id", reason="duplicate")
    except Exception as problem:  # noqa: BLE001 - a stranger's message never ends in a traceback
        return refuse(caller, problem)
    receipt = Receipt(trail.followed(), outcome, time.perf_counter() - began)
    return Answer(ACK, row_id=row_id, receipt=receipt)


def receive_challenge(request: HttpRequest) -> Answer:
    """The registry asks whether the keys are ours. It is answered at once, and nothing of it is stored."""
    caller = caller_of(request, ON_SUBSCRIBE)
    try:
        limits.check_address(caller)
        answer = answer_challenge(read_body(request, ON_SUBSCRIBE), request.headers)
    except Exception as problem:  # noqa: BLE001 - a stranger's message never ends in a traceback
        return refuse(caller, problem)
    return Answer(json.dumps({"answer": answer}).encode())


def read_body(request: HttpRequest, action: str) -> bytes:
    """The raw bytes, bounded. Raises `BecknError`."""
    if action not in (*ACTIONS, ON_SUBSCRIBE):
        sentence = f"The action {action[:40]!r} is not offered here. These are: {', '.join(ACTIONS)}."
        raise BecknError(ACTION_NOT_APPLICABLE, sentence, "/context/action", "action", "The action is not offered.")
    if request.method != "POST":
        raise BecknError(INVALID_REQUEST, "Beckn messages are sent with POST.", "/", reason="method")
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise BecknError(INVALID_REQUEST, "A message is sent as it is, not compressed.", "/", reason="encoding")
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()) or int(length[:12]) > settings.BECKN_MAX_BYTES:
        raise _too_big()
    try:
        body = _read(request)
    except RequestDataTooBig:
        raise _too_big() from None
    except (UnreadablePostError, OSError):
        raise BecknError(INVALID_REQUEST, "The body broke off.", "/", reason="size") from None
    if len(body) > settings.BECKN_MAX_BYTES:
        raise _too_big()
    return body


def _read(request: HttpRequest) -> bytes:
    """The body; of one that comes in chunks, which names no length, a byte more than is taken and no further."""
    if "chunked" in request.headers.get("Transfer-Encoding", "") and not request.META.get("CONTENT_LENGTH"):
        body: bytes = request.environ["wsgi.input"].read(settings.BECKN_MAX_BYTES + 1)  # type: ignore[attr-defined]
        return body
    return request.body


def _too_big() -> BecknError:
    sentence = f"A message may have {settings.BECKN_MAX_BYTES} bytes at most."
    return BecknError(INVALID_REQUEST, sentence, "/", reason="size")
