"""What strangers send instead of papers, through the door itself: none is kept, none comes back as what it is not."""

import gzip
import io
import zipfile
import zlib
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from connections.models import Application, DocumentVersion
from tests.connections.intake import files, kept_in
from tests.connections.papers import jpeg, pdf, png_that_says, stream
from tests.connections.visitor import JSON, Visitor
from tests.factories import application

__all__ = ["files"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]


def zip_of(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return out.getvalue()


def one_colour(width: int, height: int) -> bytes:
    """A picture that is honest about its size and packs to next to nothing."""
    out = io.BytesIO()
    Image.new("1", (width, height)).save(out, "PNG", optimize=True)
    return out.getvalue()


EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
ZIP_BOMB = zip_of("bomb", bytes(20_000_000))
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
# What is sent, and the status and code that it is answered with.
PROBES: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 422, "empty"),
    "one byte": (b"\x00", 422, "wrong_type"),
    "EICAR": (EICAR, 422, "wrong_type"),
    "a zip bomb": (ZIP_BOMB, 422, "wrong_type"),
    "a zip bomb in a zip": (zip_of("inner.zip", ZIP_BOMB), 422, "wrong_type"),
    "a gzip bomb": (gzip.compress(bytes(20_000_000)), 422, "wrong_type"),
    "a program for Windows": (b"MZ" + bytes(600), 422, "wrong_type"),
    "a program for Linux": (b"\x7fELF" + bytes(600), 422, "wrong_type"),
    "a program for a Mac": (b"\xcf\xfa\xed\xfe" + bytes(600), 422, "wrong_type"),
    "a program for Java": (zip_of("META-INF/MANIFEST.MF", b"Main-Class: Evil"), 422, "wrong_type"),
    "a page for a server": (b"<?php system($_GET['c']); ?>", 422, "wrong_type"),
    "a drawing": (SVG, 422, "wrong_type"),
    "a drawing packed": (gzip.compress(SVG), 422, "wrong_type"),
    "a web page": (b"<html><script>alert(1)</script></html>", 422, "wrong_type"),
    "a web page in UTF-16": ("<html><script>alert(1)</script></html>".encode("utf-16"), 422, "wrong_type"),
    "a web page that calls itself a PDF": (b"<!--%PDF-1.7--><script>alert(1)</script>", 422, "wrong_type"),
    "20,000 by 20,000 pixels, honestly": (one_colour(20_000, 20_000), 422, "too_many_pixels"),
    "20,000 by 20,000 pixels, only said": (png_that_says(20_000, 20_000), 422, "too_many_pixels"),
    "more than we take": (b"\xff\xd8\xff" + bytes(10_000_001), 413, "too_large"),
}


@pytest.fixture
def visitor() -> Visitor:
    return Visitor(application())


@pytest.mark.parametrize("probe", PROBES)
def test_what_is_no_paper_is_refused_and_not_kept(visitor: Visitor, files: Path, probe: str) -> None:
    data, status, code = PROBES[probe]

    answer = visitor.send("id-proof", data, headers=JSON)

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)
    assert kept_in(files) == []
    assert not DocumentVersion.objects.exists()


POLYGLOTS = {
    "a photo that is a zip too": jpeg() + zip_of("evil.js", b"alert(1)"),
    "a photo with a web page behind it": jpeg() + b"<html><script>alert(document.cookie)</script></html>",
    "a photo with a program behind it": jpeg() + b"MZ" + bytes(400),
}


@pytest.mark.parametrize("polyglot", POLYGLOTS)
def test_of_a_file_that_is_two_things_only_the_picture_is_kept(visitor: Visitor, files: Path, polyglot: str) -> None:
    answer = visitor.send("id-proof", POLYGLOTS[polyglot], headers=JSON)

    assert answer.status_code == 200
    (kept,) = kept_in(files)
    data = kept.read_bytes()
    assert not any(part in data for part in (b"evil.js", b"<script", b"PK\x03\x04", b"MZ\x00"))
    assert zlib.crc32(data) != zlib.crc32(POLYGLOTS[polyglot])


def test_a_pdf_with_a_web_page_inside_comes_back_as_a_file_and_as_a_picture_only(visitor: Visitor) -> None:
    visitor.send("id-proof", pdf(more=(stream(b"<script>alert(1)</script>"),)))
    version = DocumentVersion.objects.get()

    file = visitor.get(f"versions/{version.pk}/file")
    page = visitor.get(f"versions/{version.pk}/pages/0.png")

    assert file["Content-Disposition"].startswith("attachment")
    assert (file["Content-Type"], page["Content-Type"]) == ("application/pdf", "image/png")
    assert file["X-Content-Type-Options"] == page["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in file["Content-Security-Policy"]


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/passwd",
        "..\\..\\boot.ini",
        "/etc/cron.d/evil",
        "a\x00.php",
        "CON",
        "\u202efdp.exe",
        "x" * 3000 + ".pdf",
    ],
)
def test_no_name_leads_out_of_the_folder(visitor: Visitor, files: Path, name: str) -> None:
    paper = SimpleUploadedFile("scan.jpg", jpeg())
    paper._name = name  # type: ignore[attr-defined]
    fields = {"nonce": visitor.nonce("id-proof"), "paper": paper}

    answer = visitor.client.post(f"{visitor.base}papers/id-proof/", fields, headers=JSON)

    assert answer.status_code in {200, 400, 422}
    for kept in kept_in(files):
        assert kept.parent == files
        assert kept.name.isalnum()
    assert all(len(version.original_name) <= 255 for version in DocumentVersion.objects.all())


def test_a_link_of_another_order_opens_nothing_of_this_one(visitor: Visitor) -> None:
    visitor.send("id-proof", jpeg())
    version = DocumentVersion.objects.get()
    other = Visitor(application(source_reference="another"))

    assert other.get(f"versions/{version.pk}/file").status_code == 404
    assert other.send("id-proof", jpeg(), nonce=visitor.nonce("id-proof"), headers=JSON).status_code == 403
    assert Application.objects.count() == 2
