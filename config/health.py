"""`GET /healthz`: is this process alive, does its database answer, and what does it know of the registry?
`GET /readyz`: may it be given work, and what is wrong with what it stands on (docs/watching.md)?"""

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse

from beckn_adapter.registry import registry
from config.readiness import readiness


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


def readyz(request: HttpRequest) -> JsonResponse:
    """200 `ready` or `degraded`, 503 `unavailable`, each check with a word and a sentence."""
    findings = readiness.findings()
    bad = [finding for finding in findings if not finding.good]
    status = "unavailable" if any(finding.needed for finding in bad) else "degraded" if bad else "ready"
    checks = {
        finding.name: {
            "state": "ok" if finding.good else "failed",
            "says": finding.says,
            "needed": finding.needed,
            "milliseconds": finding.milliseconds,
        }
        for finding in findings
    }
    answer = JsonResponse({"status": status, "checks": checks}, status=503 if status == "unavailable" else 200)
    answer["Cache-Control"] = "no-store"
    return answer
