"""How long somebody stays logged in, and sessions that a copy of the database does not open.

settings.SESSION_ENGINE names this module, so `SessionStore` is Django's own, but for the key it is kept under.
"""

import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.sessions.backends import db
from django.http import HttpRequest, HttpResponse

BEGAN, SEEN = "began", "seen"
A_MINUTE = 60  # seconds; how exactly the last sign of life is kept


class SessionStore(db.SessionStore):
    """Django's sessions in the database, each under the hash of its key; the key itself is in the cookie alone."""

    @staticmethod
    def kept_under(session_key: str) -> str:
        """160 bits of SHA-256: the key is random, so it needs neither salt nor work."""
        return sha256(session_key.encode()).hexdigest()[:40]

    def _get_session_from_db(self) -> Any:
        cookie = self.session_key
        if cookie is None:
            return None
        self._session_key = self.kept_under(cookie)
        found = super()._get_session_from_db()  # type: ignore[misc]
        self._session_key = cookie if found else None
        return found

    def exists(self, session_key: str) -> bool:
        return super().exists(self.kept_under(session_key))

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row = super().create_model_instance(data)
        row.session_key = self.kept_under(row.session_key)
        return row

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            super().delete(self.kept_under(key))


class SessionLimits:
    """Middleware: logs people out who did nothing for too long, or who logged in too long ago.

    Staff have shorter limits than technicians, whose phone is often out of reach of the log-in page.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            self._judge(request)
        return self.get_response(request)

    def _judge(self, request: HttpRequest) -> None:
        session, now = request.session, int(time.time())
        idle, whole = limits_of(request.user)
        if now - session.get(SEEN, now) > idle or now - session.get(BEGAN, now) > whole:
            logout(request)
            messages.info(request, "You were logged out, because your time was over. Log in again to go on.")
            return
        session.setdefault(BEGAN, now)
        if now - session.get(SEEN, 0) >= A_MINUTE:
            session[SEEN] = now


def limits_of(user: Any) -> tuple[int, int]:
    """Seconds without a request, and seconds since the log-in."""
    if user.is_staff:
        return settings.SESSION_STAFF_IDLE_MINUTES * 60, settings.SESSION_STAFF_HOURS * 3600
    return settings.SESSION_PHONE_IDLE_HOURS * 3600, settings.SESSION_PHONE_DAYS * 86400
