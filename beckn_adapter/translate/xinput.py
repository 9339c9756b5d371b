"""The document form as a buyer app is told of it (BECKN-007; head, resubmit and auth as in the guide's on_init)."""

from typing import Any

from django.conf import settings

from connections.documents.handing_in import AGAIN
from connections.form_link import form_token
from connections.models import Application

Json = dict[str, Any]


def write_document_form(application: Application) -> Json | None:
    """One heading for each document, and a link that opens this application's form and no other.

    `cur` is the first document that is wanted; `resubmit` says that one was handed in before and is wanted again.
    """
    documents = [document for document in application.documents.all() if document.waived_at is None]
    if not documents:
        return None
    token = form_token(application)
    return {
        "required": False,
        "head": {
            "descriptor": {"name": "Document Form"},
            "index": {
                "min": 0,
                "cur": next((n for n, document in enumerate(documents) if document.is_wanted), 0),
                "max": len(documents) - 1,
            },
            "headings": [document.name for document in documents],
        },
        "form": {
            "mime_type": "text/html",
            "url": f"{settings.PUBLIC_URL}/documents/{token}/",
            "resubmit": any(document.state in AGAIN for document in documents),
            "auth": {"descriptor": {"code": "jwt"}, "value": token},
        },
    }
