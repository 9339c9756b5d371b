"""Handing papers in, in tests: where files go, and the shortest way to a version."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from connections.actors import Actor
from connections.documents.handing_in import hand_in
from connections.models import Application, Document, DocumentVersion
from tests.connections.papers import jpeg

APPLICANT = Actor.system("applicant")


@pytest.fixture
def files(settings: Any, tmp_path: Path) -> Path:
    """The folder where papers are kept, for this test alone."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path / "documents"


def kept_in(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.exists() else []


def paper_of(application: Application, code: str = "id-proof") -> Document:
    return application.documents.get(code=code)


def send(document: Document, data: bytes | None = None, **given: Any) -> DocumentVersion:
    """Hand a photo in, unless told otherwise."""
    document = Document.objects.get(pk=document.pk)
    fields = {"original_name": "IMG_1.jpg", "client_id": uuid4(), "submission": None, "actor": APPLICANT, **given}
    return hand_in(document, data=jpeg() if data is None else data, **fields)
