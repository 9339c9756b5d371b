"""Photos from the field: judged by content, drawn anew (which leaves their place and camera behind), kept privately."""

from typing import Any
from uuid import UUID

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction

from connections.documents.paper import judge_paper
from connections.lifecycle import Refused
from fieldwork.models import PENDING_VISITS, Photo, Visit


def keep_photo(visit: Visit, *, kind: str, data: bytes, client_id: UUID) -> Photo:
    """Keep a photo of a visit that is not over. The same `client_id` again is the same photo.

    Raises `Refused`: `visit_over`, `not_a_photo`, `id_taken`, and what `judge_paper` refuses.
    """
    known = Photo.objects.filter(client_id=client_id).first()
    if known:
        return _same(known, visit)
    if visit.state not in PENDING_VISITS:
        raise Refused("visit_over", "This visit is over: no photo can be added.")
    paper = judge_paper(data)
    if not paper.media_type.startswith("image/"):
        raise Refused("not_a_photo", "This is no photo. Take one with the camera, or choose a picture.")
    photo = Photo(visit=visit, client_id=client_id, kind=kind, media_type=paper.media_type)
    try:
        with transaction.atomic():
            photo.file.save("", ContentFile(paper.data), save=True)
    except IntegrityError:  # sent twice at once: its twin was kept
        photo.file.delete(save=False)
        return _same(Photo.objects.get(client_id=client_id), visit)
    return photo


def _same(photo: Photo, visit: Visit) -> Photo:
    if photo.visit_id != visit.pk:
        raise Refused("id_taken", "This photo belongs to another visit.")
    return photo


def may_see(photo: Photo, user: Any) -> bool:
    """Staff who may view visits, and the technician whose visit it is."""
    if user.is_staff and user.has_perm("fieldwork.view_visit"):
        return True
    technician = photo.visit.technician
    return technician is not None and technician.user_id == user.pk
