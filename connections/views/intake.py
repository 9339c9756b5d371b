"""Reading a file from a request without taking more of it into memory than we would keep."""

from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

from connections.documents.paper import too_large
from connections.lifecycle import Refused

FIELDS = ("photo", "paper")  # the camera's and the file's
FAR_TOO_LARGE = 10  # times the limit: not even read to its end


class StopAtLimit(FileUploadHandler):
    """Lets go of a file at the limit; the rest of it is read past and forgotten."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.was_too_large = False

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        if start + len(raw_data) > settings.DOCUMENT_MAX_BYTES:
            self.was_too_large = True
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> Any:
        return None  # the next handler keeps it


def read_upload(request: HttpRequest) -> tuple[bytes, str]:
    """The file's bytes and its name. Raises `Refused`: `too_large`, `nothing_chosen`."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > FAR_TOO_LARGE * settings.DOCUMENT_MAX_BYTES:
        raise too_large()
    limit = StopAtLimit(request)
    request.upload_handlers.insert(0, limit)
    sent = next((file for name in FIELDS if isinstance(file := request.FILES.get(name), UploadedFile)), None)
    if limit.was_too_large:
        raise too_large()
    if sent is None:
        raise Refused("nothing_chosen", "Choose a file, or take a photo, then send it.")
    return sent.read(), sent.name or ""
