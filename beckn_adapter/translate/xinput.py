"""The document form as a buyer app is told of it (BECKN-007; head, resubmit and auth as in the guide's on_init)."""

from typing import Any

from django.conf import settings
from django.core import signing

from connections.models import Application

Json = dict[str, Any]
SALT = "document form"


def write_document_form(application: Application) -> Json | None:
    """One heading for each document, and a link that opens this application's form and no other."""
    headings = [document.name for document in application.documents.all()]
    if not headings:
        return None
    token = form_token(application)
    return {
        "required": False,
        "head": {
            "descriptor": {"name": "Document Form"},
            "index": {"min": 0, "cur": 0, "max": len(headings) - 1},
            "headings": headings,
        },
        "form": {
            "mime_type": "text/html",
            "url": f"{settings.PUBLIC_URL}/documents/{token}",
            "resubmit": False,
            "auth": {"descriptor": {"code": "jwt"}, "value": token},
        },
    }


def form_token(application: Application) -> str:
    """Bound to the application and to who brought it, and dated: the form decides how long it opens."""
    claim = {"application": application.pk, "for": application.source, "reference": application.source_reference}
    return signing.dumps(claim, salt=SALT)
