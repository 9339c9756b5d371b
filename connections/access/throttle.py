"""How often somebody may try a password, and what is said to whoever tried too often.

django-axes keeps the failures (in its own table, which staff see as "Failed log-ins") and asks `Throttle`. The count
is the same for names that exist and for names that do not, so it tells nobody which is which.
"""

from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

# The shares of settings.AXES_LOCKOUT_PARAMETERS. A name from one address has settings.LOGIN_TRIES tries. One name from
# many addresses, or many names from one address (an office behind one router), have ten times as many: else a stranger
# could lock out a colleague, and one typist a whole office.
TIMES_AS_MANY = [1, 10, 10]


class Throttle(AxesDatabaseHandler):
    """axes' own handler, with another limit for each way of counting."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """The failures that weigh most, as if they were those of one name from one address."""
        weighed = (
            sum(attempts.values_list("failures_since_start", flat=True)) // share
            for attempts, share in zip(self.get_user_attempts(request, credentials), TIMES_AS_MANY, strict=True)
        )
        return max(weighed)


def locked_out(
    request: HttpRequest, response: HttpResponse | None = None, credentials: dict[str, Any] | None = None
) -> HttpResponse:
    """429, with how long it lasts and whom to ask. The password was not even looked at."""
    context = {"minutes": settings.LOGIN_LOCK_MINUTES, "ask": settings.ACCOUNTS_CONTACT, "again": request.path}
    answer = render(request, "access/locked_out.html", context, status=429)
    answer.headers["Retry-After"] = str(settings.LOGIN_LOCK_MINUTES * 60)
    return answer


def nobody(*_: Any) -> str:
    """What axes writes into the log instead of name and address: people type passwords into the wrong field."""
    return "somebody"
