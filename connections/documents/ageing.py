"""What time does to papers: their dates pass, and files that no row knows are cleared away."""

import logging
from datetime import timedelta

from django.core.files.storage import default_storage
from django.utils import timezone

from connections.actors import Actor
from connections.documents.handing_in import TAKING
from connections.lifecycle import Refused, advance
from connections.models import Document, DocumentVersion
from connections.vocabulary import DocumentState

log = logging.getLogger(__name__)
FOLDER = "documents"
AT_ONCE = 500  # names that are looked up together
GRACE = timedelta(days=1)  # far longer than any upload's transaction


def expire_documents() -> int:
    """Expire verified papers of open applications whose date has passed where the provider is; returns how many."""
    tomorrow_somewhere = timezone.now().date() + timedelta(days=1)
    candidates = Document.objects.filter(
        state=DocumentState.VERIFIED,
        waived_at=None,
        expires_on__lt=tomorrow_somewhere,
        application__fulfillment_state__in=TAKING,
    ).select_related("application__provider")
    return sum(_expire(document) for document in candidates if _is_past(document))


def _is_past(document: Document) -> bool:
    return document.expires_on is not None and document.expires_on < document.application.provider.today()


def _expire(document: Document) -> bool:
    try:
        advance(document, "expire", actor=Actor.system("calendar"))
    except Refused as refusal:  # somebody was faster; the others still have their turn
        log.warning("%s of application %s did not expire: %s", document, document.application_id, refusal)
        return False
    return True


def clear_stray_files() -> int:
    """Delete files that a crash or a taken-back row left behind; returns how many."""
    names = [f"{FOLDER}/{name}" for name in _listed()]
    unknown = [name for n in range(0, len(names), AT_ONCE) for name in _unknown(names[n : n + AT_ONCE])]
    strays = [name for name in unknown if timezone.now() - default_storage.get_modified_time(name) > GRACE]
    for name in strays:
        default_storage.delete(name)
    return len(strays)


def _listed() -> list[str]:
    return default_storage.listdir(FOLDER)[1] if default_storage.exists(FOLDER) else []


def _unknown(names: list[str]) -> list[str]:
    known = set(DocumentVersion.objects.filter(file__in=names).values_list("file", flat=True))
    return [name for name in names if name not in known]
