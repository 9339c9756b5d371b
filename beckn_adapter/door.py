"""`POST /beckn/<action>`: verify, store, acknowledge. Nothing else happens before the answer.

It stands first among the middleware, so that a signed message passes no session, no CSRF check and no login.
"""

import json
import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, UnreadablePostError

from beckn_adapter import inbox
from beckn_adapter.errors import ACTION_NOT_APPLICABLE, INVALID_REQUEST, BecknError
from beckn_adapter.gate import ACTIONS, NotAuthenticated, admit
from beckn_adapter.nudge import Box, nudge
from beckn_adapter.registry import RegistryDown
from beckn_adapter.signed_form import is_signed_form, receive_form

log = logging.getLogger(__name__)
PREFIX = "/beckn/"
ACK = b'{"message":{"ack":{"status":"ACK"}}}'


class Answer(HttpResponse):
    """A synchronous reply. When the server has sent it the box that it `wakes` is nudged and the row that it
    acknowledges released, not before: no callback overtakes its ACK."""

    def __init__(self, content: bytes, *, status: int = 200, wakes: Box | None = None, row_id: int = 0) -> None:
        super().__init__(content, status=status, content_type="application/json")
        self.wakes, self.row_id = wakes, row_id

    def close(self) -> None:
        super().close()
        if self.wakes:
            nudge(self.wakes, self.row_id)
            self.wakes = None


class BecknDoor:
    """Middleware that answers what is signed (`/beckn/`, a posted form) and lets everything else through."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(PREFIX):
            return receive(request, request.path_info.removeprefix(PREFIX).strip("/"))
        if is_signed_form(request):
            return receive_form(request)
        return self.get_response(request)


def receive(request: HttpRequest, action: str) -> Answer:
    """ACK for what will be answered by a callback, NACK with code, path and sentence for everything else."""
    try:
        body = read_body(request, action)
        admitted = admit(action, body, request.headers)
        outcome, row_id = inbox.store(admitted, body)
    except NotAuthenticated as problem:
        return unauthorized(str(problem), problem.challenge)
    except RegistryDown as problem:
        log.warning("not authenticated: %s", problem)
        return unauthorized("the sender can not be verified just now: its registry does not answer; try again")
    except BecknError as problem:
        return nack(problem, settings.BECKN_NACK_STATUS)
    except DatabaseError:
        log.exception("a message could not be stored, so it was not acknowledged")
        return out_of_order(action)
    if outcome == "conflict":
        message = "This message_id was used before with another content."
        return nack(BecknError(INVALID_REQUEST, message, "/context/message_id"), settings.BECKN_NACK_STATUS)
    return Answer(ACK, wakes="inbox" if outcome == "stored" else "outbox", row_id=row_id)


def read_body(request: HttpRequest, action: str) -> bytes:
    """The raw bytes, bounded. Raises `BecknError`."""
    if action not in ACTIONS:
        raise BecknError(ACTION_NOT_APPLICABLE, f"The action {action[:40]!r} is not offered here.", "/context/action")
    if request.method != "POST":
        raise BecknError(INVALID_REQUEST, "Beckn messages are sent with POST.", "/")
    too_big = BecknError(INVALID_REQUEST, f"A message may have {settings.BECKN_MAX_BYTES} bytes at most.", "/")
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > settings.BECKN_MAX_BYTES:
        raise too_big
    try:
        body = request.body
    except RequestDataTooBig:
        raise too_big from None
    except UnreadablePostError:
        raise BecknError(INVALID_REQUEST, "The body broke off.", "/") from None
    if len(body) > settings.BECKN_MAX_BYTES:
        raise too_big
    return body


def out_of_order(action: str) -> Answer:
    """Nothing can be stored, so nothing is acknowledged. A gateway strikes off who answers a search with more than 500
    (PROTOCOL a.3), so a search is answered like any other NACK."""
    status = settings.BECKN_NACK_STATUS if action == "search" else 503
    answer = nack(BecknError(INVALID_REQUEST, "Nothing can be stored just now. Try again."), status)
    answer["Retry-After"] = "2"
    return answer


def nack(error: BecknError, status: int) -> Answer:
    return Answer(_dump({"message": {"ack": {"status": "NACK"}}, "error": error.as_json()}), status=status)


def unauthorized(reason: str, challenge: str = "WWW-Authenticate") -> Answer:
    """401 as BECKN-006 wants it, with the reason that the RFC leaves out."""
    answer = nack(BecknError(INVALID_REQUEST, f"Not authenticated: {reason}."), 401)
    answer[challenge] = f'Signature realm="{settings.BECKN_SUBSCRIBER_ID}",headers="(created) (expires) digest"'
    return answer


def _dump(reply: dict[str, Any]) -> bytes:
    return json.dumps(reply, ensure_ascii=False).encode()
