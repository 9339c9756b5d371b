"""Maria's papers and the technician's photos, drawn when they are needed."""

from io import BytesIO

from PIL import Image, ImageDraw

PAPERS = {"id-proof": "JPEG", "ownership-certificate": "PNG", "wiring-diagram": "PDF"}


def draw_paper(code: str, *words: str) -> bytes:
    """A sheet with its name on it, as the kind of file that such a paper comes as."""
    return _draw([code.replace("-", " ").capitalize(), *words], PAPERS[code])


def draw_photo(of: str) -> bytes:
    return _draw([f"Photo: {of}"], "JPEG")


def _draw(lines: list[str], kind: str) -> bytes:
    sheet = Image.new("RGB", (620, 877), "white")
    pen = ImageDraw.Draw(sheet)
    for n, line in enumerate(lines):
        pen.text((60, 80 + 60 * n), line, fill="black", font_size=32)
    out = BytesIO()
    sheet.save(out, kind)
    return out.getvalue()
