"""A browser without script that follows one link of the document form."""

import re
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from connections.form_link import form_token
from connections.models import Application

JSON = {"Accept": "application/json"}


class Visitor:
    """A browser that follows one link; it checks forgery tokens, so that a form that relied on them would fail."""

    def __init__(self, opened: Application, token: str = "") -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.token = token or form_token(opened)
        self.base = f"/documents/{self.token}/"

    def get(self, page: str = "") -> Any:
        return self.client.get(self.base + page)

    def text(self, page: str = "") -> str:
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", self.get(page).content.decode()))

    def nonce(self, code: str) -> str:
        found = re.search(r'name="nonce" value="([^"]+)"', self.get(f"papers/{code}/").content.decode())
        return found[1] if found else ""

    def send(self, code: str, data: bytes, *, field: str = "paper", headers: Any = None, **fields: Any) -> Any:
        given = {"nonce": self.nonce(code), **fields}
        file = SimpleUploadedFile("scan.pdf", data)
        return self.client.post(f"{self.base}papers/{code}/", {**given, field: file}, headers=headers)
