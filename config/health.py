"""`GET /healthz`: is this process alive, does its database answer, and what does it know of the registry?"""

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse

from beckn_adapter.registry import registry


def healthz(request: HttpRequest) -> JsonResponse:
    """200 `{"status": "ok"}`, or 503 with what is wrong in words.

    A registry that is down is said, and no reason to be taken out of service: known senders are served on.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "reason": "the database does not answer"}, status=503)
    trouble = registry.trouble()
    return JsonResponse({"status": "ok", **({"registry": trouble} if trouble else {})})
