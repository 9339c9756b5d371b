"""What fieldwork holds of a person: where a technician was, what was seen there, and photos of it."""

from collections.abc import Iterator
from typing import Any

from django.db.models.fields.files import FieldFile

from connections.models import Application
from connections.privacy.own import ERASED, delete_when_committed
from connections.privacy.rooms import Part, erases, exports, exports_files, rows_of
from fieldwork.models import Finding, Installation, Photo


@exports("visits")
def visit_rows(application: Application) -> Any:
    return {
        "visits": rows_of(application.visits.all(), "technician_id"),
        "findings": rows_of(Finding.objects.filter(visit__application=application)),
        "installations": rows_of(Installation.objects.filter(visit__application=application)),
        "photos": rows_of(Photo.objects.filter(visit__application=application), "file"),
    }


@exports_files
def photos(application: Application) -> Iterator[tuple[str, FieldFile]]:
    for photo in Photo.objects.filter(visit__application=application):
        yield f"photos/visit-{photo.visit_id}-{photo.kind.lower()}-{photo.pk}", photo.file


@erases(Part.FILES)
def erase_photos(application: Application) -> int:
    """A photo is its file: the row goes with it."""
    photos = Photo.objects.filter(visit__application=application)
    delete_when_committed([name for name in photos.values_list("file", flat=True) if name])
    return photos.delete()[0]


@erases(Part.PERSON)
def erase_what_was_seen(application: Application) -> int:
    """Remarks and the place of the meter; what was installed and what the service can carry stay."""
    Finding.objects.filter(visit__application=application).update(notes="", works_needed="")
    Installation.objects.filter(visit__application=application).update(latitude=None, longitude=None)
    return application.visits.exclude(reason="").update(reason=ERASED)
