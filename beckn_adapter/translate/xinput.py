"""The document form as a buyer app is told of it (BECKN-007; head, resubmit and auth as in the guide's on_init)."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings

from connections.documents.handing_in import AGAIN
from connections.form_link import form_token
from connections.models import Application, Document

Json = dict[str, Any]


def write_document_form(application: Application, documents: Iterable[Document]) -> Json | None:
    """One heading for each of the application's documents, and a link that opens its form and no other.

    `cur` is the first document that is wanted; `resubmit` says that one was handed in before and is wanted again.
    """
    asked_for = [document for document in documents if document.waived_at is None]
    if not asked_for:
        return None
    token = form_token(application)
    return {
        "required": False,
        "head": {
            "descriptor": {"name": "Document Form"},
            "index": {
                "min": 0,
                "cur": next((n for n, document in enumerate(asked_for) if document.is_wanted), 0),
                "max": len(asked_for) - 1,
            },
            "headings": [document.name for document in asked_for],
        },
        "form": {
            "mime_type": "text/html",
            "url": f"{settings.PUBLIC_URL}/documents/{token}/",
            "resubmit": any(document.state in AGAIN for document in asked_for),
            "auth": {"descriptor": {"code": "jwt"}, "value": token},
        },
    }
