"""Opens files from strangers, in a process of its own: `python -I decoder.py judge|render|count` (see paper.py).

What goes wrong in a decoder (endless loops, bombs, crashes) ends this process and nothing else. No Django here: bytes
come in on stdin; out go one line of JSON and then bytes. Each image is drawn anew, so that its place and camera data
and whatever was hidden behind it are gone; each PDF is written anew, so that every reader sees what was judged.
"""

import contextlib
import io
import json
import re
import resource
import sys
from collections.abc import Callable

import pi_heif
import pypdfium2 as pdfium
from PIL import Image, ImageOps
from pypdfium2 import raw

MAX_PIXELS = 100_000_000
MAX_PAGES = 40
MAX_SECONDS, MAX_MEMORY = 20, 2 << 30
PDF, JPEG, PNG, HEIC = "application/pdf", "image/jpeg", "image/png", "image/heic"
FORMAT = {JPEG: "JPEG", PNG: "PNG", HEIC: "HEIF"}
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"mif1"}
WANTED = "Send a PDF, JPEG, PNG or HEIC file."
# Beginnings that people do send, so that the answer can name what came.
STRANGERS: tuple[tuple[str, str], ...] = (
    (r"(\s|\xef\xbb\xbf)*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?(<!doctype svg[^>]*>\s*)?<svg", "a drawing (SVG)"),
    (r"(\s|\xef\xbb\xbf)*(<!--.*?-->\s*)?(<!doctype html|<html|<head|<body|<script)", "a web page"),
    (r"MZ|\x7fELF|#!|\xfe\xed\xfa|\xcf\xfa\xed\xfe", "a program"),
    (r"PK\x03\x04|\xd0\xcf\x11\xe0|\{\\rtf", "a Word or Excel file, or an archive"),
    (r"GIF8", "a GIF picture"),
    (r"RIFF....WEBP", "a WebP picture"),
    (r"II\*\x00|MM\x00\*", "a TIFF picture"),
    (r"....ftypavi[fs]", "an AVIF picture"),
    (r"....ftyp", "a film"),
)
# Long names only, looked for everywhere in the PDF as pdfium wrote it anew: nothing can hide from that but inside the
# data of pages, where it does nothing. Short names would turn up by chance.
ACTIVE = re.compile(
    rb"/(JavaScript|Launch|EmbeddedFiles?|RichMedia|SubmitForm|ImportData|GoToE|Rendition|XFA)(?![A-Za-z0-9])"
)


class Unfit(Exception):
    """A file that is not kept. The text is for the person who sent it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def recognise(data: bytes) -> str:
    """The media type by the first bytes, whatever the file is called."""
    if data.startswith(b"%PDF-"):
        return PDF
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if data[4:8] == b"ftyp" and data[8:12] in HEIC_BRANDS:
        return HEIC
    beginning = data[:2000].decode("latin-1")
    named = next((name for sign, name in STRANGERS if re.match(sign, beginning, re.IGNORECASE | re.DOTALL)), None)
    said = f"This is {named}, whatever its name says." if named else "We can not tell what kind of file this is."
    raise Unfit("wrong_type", f"{said} {WANTED}")


def judge(data: bytes) -> tuple[dict[str, object], bytes]:
    """What to keep of a file: media type, number of pages, and its bytes written anew."""
    media_type = recognise(data)
    if media_type == PDF:
        pages, kept = judge_pdf(data)
        return {"media_type": PDF, "pages": pages}, kept
    kept_as = PNG if media_type == PNG else JPEG  # few programs show HEIC
    return {"media_type": kept_as, "pages": 1}, redraw(open_image(data, media_type), kept_as)


# --- Images ---------------------------------------------------------------------------------------------------------


def open_image(data: bytes, media_type: str) -> Image.Image:
    Image.MAX_IMAGE_PIXELS = None  # our own bound, with our own words
    if media_type == HEIC:
        pi_heif.register_heif_opener(thumbnails=False)
    try:
        image = Image.open(io.BytesIO(data), formats=[FORMAT[media_type]])
        if image.width * image.height > MAX_PIXELS:
            raise Unfit(
                "too_many_pixels", f"This picture is {image.width} × {image.height} pixels. Send a smaller one."
            )
        image.load()
        return ImageOps.exif_transpose(image)
    except (OSError, SyntaxError, ValueError, IndexError, EOFError, RuntimeError):
        raise Unfit("damaged", "This picture is damaged or not complete. Take it again, or send another one.") from None


def redraw(image: Image.Image, media_type: str) -> bytes:
    """The same picture without anything beside its pixels."""
    if image.mode.startswith("I"):  # 16 bits of grey
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    seen_through = media_type == PNG and image.has_transparency_data
    drawn = image.convert("RGBA" if seen_through else "L" if image.mode in {"1", "L"} else "RGB")
    drawn.info = {}
    out = io.BytesIO()
    if media_type == PNG:
        drawn.save(out, "PNG")
    else:
        drawn.save(out, "JPEG", quality=90)
    return out.getvalue()


# --- PDF ------------------------------------------------------------------------------------------------------------


def open_pdf(data: bytes) -> pdfium.PdfDocument:
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as problem:
        if problem.err_code == raw.FPDF_ERR_PASSWORD:
            raise locked() from None
        raise damaged_pdf() from None
    if raw.FPDF_GetSecurityHandlerRevision(document.raw) != -1:
        raise locked()
    return document


def locked() -> Unfit:
    return Unfit("locked", "This PDF is locked with a password. Print it to a new PDF without one, and send that.")


def damaged_pdf() -> Unfit:
    return Unfit("damaged", "This PDF is damaged or not complete. Make it again, or send a photo.")


def judge_pdf(data: bytes) -> tuple[int, bytes]:
    document = open_pdf(data)
    if len(document) > MAX_PAGES:
        raise Unfit("too_many_pages", f"This PDF has {len(document)} pages; we take at most {MAX_PAGES}.")
    if document.count_attachments():
        raise Unfit("active", "This PDF has other files inside. Print it to a new PDF, and send that.")
    if document.get_formtype() != raw.FORMTYPE_NONE:
        raise Unfit("active", "This PDF is a form to fill in. Print it to a new PDF, and send that.")
    kept = io.BytesIO()
    document.save(kept)
    if ACTIVE.search(kept.getvalue()) or raw.FPDFDoc_GetJavaScriptActionCount(document.raw):
        raise Unfit("active", "This PDF can run programs or open files. Print it to a new PDF, and send that.")
    draw_page(open_pdf(kept.getvalue()), 0, 200)
    return len(document), kept.getvalue()


def draw_page(document: pdfium.PdfDocument, number: int, width: int) -> Image.Image:
    """A page as a picture `width` pixels wide; a page many times longer than wide is drawn smaller."""
    try:
        page = document[number]
        across, down = page.get_size()
        scale = min(width / across, 3 * width / down)
        return page.render(scale=scale, maybe_alpha=False).to_pil()
    except (pdfium.PdfiumError, IndexError, ZeroDivisionError, ValueError):
        raise damaged_pdf() from None


# --- Previews -------------------------------------------------------------------------------------------------------


def render(data: bytes, number: int, width: int) -> tuple[dict[str, object], bytes]:
    """Page `number` (from 0) as a PNG of ours, `width` pixels wide at most."""
    media_type = recognise(data)
    if media_type == PDF:
        image = draw_page(open_pdf(data), number, width)
    else:
        image = open_image(data, media_type)
        image.thumbnail((width, 3 * width))
    return {"media_type": PNG, "pages": 1}, redraw(image, PNG)


def count(data: bytes) -> tuple[dict[str, object], bytes]:
    is_pdf = recognise(data) == PDF
    return {"pages": len(open_pdf(data)) if is_pdf else 1}, b""


def stay_within_bounds() -> None:
    for kind, most in ((resource.RLIMIT_CPU, MAX_SECONDS), (resource.RLIMIT_AS, MAX_MEMORY)):
        with contextlib.suppress(ValueError, OSError):  # not every system knows every bound
            resource.setrlimit(kind, (most, most))


def main(command: str, *arguments: str) -> None:
    stay_within_bounds()
    work: dict[str, Callable[..., tuple[dict[str, object], bytes]]] = {"judge": judge, "render": render, "count": count}
    try:
        about, kept = work[command](sys.stdin.buffer.read(), *map(int, arguments))
    except Unfit as problem:
        about, kept = {"code": problem.code, "message": str(problem)}, b""
    except MemoryError:
        about, kept = {"code": "too_large", "message": "This file is too large to open. Send a smaller one."}, b""
    sys.stdout.buffer.write(json.dumps(about).encode() + b"\n" + kept)


if __name__ == "__main__":
    main(*sys.argv[1:])
