"""A paper is judged by what it is, not by what it is called."""

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from connections.documents import decoder
from connections.documents.paper import count_pages, draw_page, judge_paper
from connections.lifecycle import Refused
from tests.connections.intake import files, kept_in, paper_of, send
from tests.connections.papers import CAMERA, HEIC, LIES, jpeg, pdf, png, turned_jpeg
from tests.factories import application

__all__ = ["files"]


def image_of(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_refused_with_a_sentence_that_names_it(lie: str) -> None:
    data, code, words = LIES[lie]

    with pytest.raises(Refused) as refusal:
        judge_paper(data)

    assert refusal.value.code == code
    assert words in str(refusal.value)
    assert str(refusal.value).endswith(".")


@pytest.mark.django_db
@pytest.mark.parametrize("lie", ["a web page named .pdf", "a PDF with a password", "half a photo", "nothing at all"])
def test_nothing_is_kept_of_a_lie(files: Path, lie: str) -> None:
    document = paper_of(application())

    with pytest.raises(Refused):
        send(document, LIES[lie][0], original_name="proof.pdf")

    document.refresh_from_db()
    assert (document.state, document.versions.count(), kept_in(files)) == ("PENDING", 0, [])


@pytest.mark.parametrize(
    ("data", "kept_as"),
    [(jpeg(), "image/jpeg"), (png(), "image/png"), (HEIC, "image/jpeg"), (pdf(), "application/pdf")],
)
def test_an_honest_paper_is_kept_whatever_it_is_called(data: bytes, kept_as: str) -> None:
    paper = judge_paper(data)

    assert paper.media_type == kept_as
    assert paper.pages == 1
    assert paper.data


@pytest.mark.parametrize("data", [jpeg(), HEIC])
def test_a_photo_loses_the_camera_and_the_place_where_it_was_taken(data: bytes) -> None:
    assert CAMERA.encode() in data

    kept = judge_paper(data).data

    assert CAMERA.encode() not in kept
    assert dict(image_of(kept).getexif()) == {}


def test_a_picture_keeps_its_size_and_stands_upright() -> None:
    assert image_of(judge_paper(jpeg(width=320, height=200)).data).size == (320, 200)
    assert image_of(judge_paper(turned_jpeg()).data).size == (20, 40)
    assert image_of(judge_paper(HEIC).data).size == (64, 48)


@pytest.mark.parametrize("data", [jpeg(), png()])
def test_what_hides_behind_a_picture_is_gone(data: bytes) -> None:
    kept = judge_paper(data + b"<script>alert(1)</script>" + b"PK\x03\x04").data

    assert b"<script>" not in kept


def test_what_hides_behind_a_pdf_is_gone() -> None:
    paper = judge_paper(pdf() + b"\nPK\x03\x04<script>alert(1)</script>")

    assert b"<script>" not in paper.data


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "LA", "CMYK", "I;16"])
def test_pictures_of_every_kind_of_colour_are_taken(mode: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (30, 20)).save(out, "JPEG" if mode == "CMYK" else "PNG")

    assert image_of(judge_paper(out.getvalue()).data).size == (30, 20)


def test_a_file_over_the_limit_is_refused_with_both_sizes(settings: Any) -> None:
    settings.DOCUMENT_MAX_BYTES = 2_000_000

    with pytest.raises(Refused, match=r"This file is 3\.5 MB; we take at most 2 MB\."):
        judge_paper(b"\xff\xd8\xff" + b"0" * 3_499_997)


def test_a_page_is_drawn_as_wide_as_asked_and_never_wider_than_a_picture_is() -> None:
    assert image_of(draw_page(pdf(pages=3), 2, 500)).width == 500
    assert image_of(draw_page(jpeg(width=320, height=200), 0, 500)).width == 320
    assert image_of(draw_page(pdf(), 0, 500)).format == "PNG"


def test_a_page_that_is_not_there_is_refused() -> None:
    with pytest.raises(Refused):
        draw_page(pdf(pages=2), 2, 100)


def test_pages_are_counted() -> None:
    assert (count_pages(pdf(pages=5)), count_pages(jpeg())) == (5, 1)


def test_a_page_many_times_longer_than_wide_does_not_fill_the_memory() -> None:
    strip = pdf().replace(b"[0 0 200 260]", b"[0 0 1 14000]")

    height = image_of(draw_page(strip, 0, 800)).height

    assert height <= 2400


def test_the_decoder_works_under_bounds_of_its_own() -> None:
    ask = "import decoder, resource; decoder.stay_within_bounds(); print(resource.getrlimit(resource.RLIMIT_CPU))"
    folder = str(Path(decoder.__file__).parent)

    said = subprocess.run([sys.executable, "-c", ask], cwd=folder, capture_output=True, text=True, check=True).stdout

    assert str((decoder.MAX_SECONDS, decoder.MAX_SECONDS)) in said


def test_a_file_that_breaks_the_decoder_is_a_damaged_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "decoder.py"
    broken.write_text("import os; os.abort()")
    monkeypatch.setattr("connections.documents.paper.DECODER", broken)

    with pytest.raises(Refused, match="can not be opened") as refusal:
        judge_paper(jpeg())

    assert refusal.value.code == "damaged"
