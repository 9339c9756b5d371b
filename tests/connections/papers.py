"""Papers for tests: honest ones, and the lies that people and programs tell. Made here, byte by byte where need be."""

import io
import zlib
from base64 import b64decode

from PIL import Image, ImageDraw

# What this environment can read but not write, made elsewhere: a teal picture of 64 × 48 pixels that names its camera
# "SecretCamera", and an empty page that opens with the password "secret".
HEIC = b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAb5tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAADRpbG9j"
    "AAAAAERAAAIAAQAAAAAB4gABAAAAAAAAABoAAgAAAAAB/AABAAAAAAAAADIAAAA4aWluZgAAAAAAAgAAABVpbmZlAgAAAAABAABodmMxAAAA"
    "ABVpbmZlAgAAAQACAABFeGlmAAAAAA5waXRtAAAAAAABAAAA/WlwcnAAAADdaXBjbwAAAHZodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNg"
    "AAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQAqQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq5Ka5uAhoMCAAAAMDIAAAAwAhYgABAAZE"
    "AcFzwIkAAAATY29scm5jbHgAAQANAAaAAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAoY2xhcAAAAEAAAAABAAAAMAAAAAEAAAAAAAAAAv////AA"
    "AAACAAAAEHBpeGkAAAAAAwgICAAAABhpcG1hAAAAAAAAAAEAAQWBAgMFhAAAABppcmVmAAAAAAAAAA5jZHNjAAIAAQABAAAAVG1kYXQAAAAW"
    "KAGvGYDvSaW//9szBHNHb/X61pj5uAAAAAZFeGlmAABNTQAqAAAACAABAQ8AAgAAAA0AAAAaAAAAAFNlY3JldENhbWVyYQAA"
)
LOCKED_PDF = b64decode(
    "JVBERi0xLjQKJb/3ov4KMSAwIG9iago8PCAvUGFnZXMgMiAwIFIgL1R5cGUgL0NhdGFsb2cgPj4KZW5kb2JqCjIgMCBvYmoKPDwgL0NvdW50"
    "IDEgL0tpZHMgWyAzIDAgUiBdIC9UeXBlIC9QYWdlcyA+PgplbmRvYmoKMyAwIG9iago8PCAvQ29udGVudHMgNCAwIFIgL01lZGlhQm94IFsg"
    "MCAwIDEwMCAxMDAgXSAvUGFyZW50IDIgMCBSIC9SZXNvdXJjZXMgPDwgPj4gL1R5cGUgL1BhZ2UgPj4KZW5kb2JqCjQgMCBvYmoKPDwgL0xl"
    "bmd0aCAwIC9GaWx0ZXIgL0ZsYXRlRGVjb2RlID4+CnN0cmVhbQoKZW5kc3RyZWFtCmVuZG9iago1IDAgb2JqCjw8IC9GaWx0ZXIgL1N0YW5k"
    "YXJkIC9MZW5ndGggMTI4IC9PIDwyYzYyZDYyNWFiMjM3MTU1MWU3ZDdlODYxMTg3NmQ3OTZlZGRlZDczMTQ5ODliNTdiYzFjZjU1YzA1YzFm"
    "Mjc5PiAvUCAtMTAyOCAvUiAzIC9VIDw3ZDhiNmE2ZmRhNjIwMmVhMzA5YTY1NjQ4MjM2NzllODAwMjE0NDY5OTBiOWU0MTE0MDcxYTRkOTEw"
    "NDk4NGMxPiAvViAyID4+CmVuZG9iagp4cmVmCjAgNgowMDAwMDAwMDAwIDY1NTM1IGYgCjAwMDAwMDAwMTUgMDAwMDAgbiAKMDAwMDAwMDA2"
    "NCAwMDAwMCBuIAowMDAwMDAwMTIzIDAwMDAwIG4gCjAwMDAwMDAyMjkgMDAwMDAgbiAKMDAwMDAwMDI5OSAwMDAwMCBuIAp0cmFpbGVyIDw8"
    "IC9Sb290IDEgMCBSIC9TaXplIDYgL0lEIFs8OTczYjcxZGIwYmZkZjA1M2NiODY0YTAzNWRiODRjOWM+PDk3M2I3MWRiMGJmZGYwNTNjYjg2"
    "NGEwMzVkYjg0YzljPl0gL0VuY3J5cHQgNSAwIFIgPj4Kc3RhcnR4cmVmCjUwOQolJUVPRgo="
)
CAMERA = "SecretCamera"
PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 260]%b>>"


def picture(width: int = 640, height: int = 480, words: str = "", colour: str = "beige") -> Image.Image:
    image = Image.new("RGB", (width, height), colour)
    ImageDraw.Draw(image).text((width // 10, height // 10), words, fill="black", font_size=max(10, width // 20))
    return image


def jpeg(words: str = "ID", *, width: int = 640, height: int = 480) -> bytes:
    """As a camera writes it: with its name and where it was."""
    exif = Image.Exif()
    exif[0x010F] = CAMERA
    exif.get_ifd(0x8825)[2] = (37.0, 46.0, 29.0)  # GPSLatitude
    out = io.BytesIO()
    picture(width, height, words).save(out, "JPEG", exif=exif, comment=CAMERA.encode())
    return out.getvalue()


def turned_jpeg() -> bytes:
    """Lies on its side and says so: 40 × 20 pixels that are to be shown as 20 × 40."""
    exif = Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    picture(40, 20).save(out, "JPEG", exif=exif)
    return out.getvalue()


def png(words: str = "Deed") -> bytes:
    out = io.BytesIO()
    picture(words=words).save(out, "PNG")
    return out.getvalue()


def saved_as(form: str) -> bytes:
    out = io.BytesIO()
    picture(60, 40).save(out, form)
    return out.getvalue()


def png_that_says(width: int, height: int) -> bytes:
    """A few bytes that claim to be a picture of any size."""
    head = b"IHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\x00\x00\x00"
    data = b"IDAT" + zlib.compress(b"\x00" * 1000)
    chunks = [head, data, b"IEND"]
    body = b"".join(
        (len(chunk) - 4).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big") for chunk in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


# --- PDF ------------------------------------------------------------------------------------------------------------


def pdf(*, pages: int = 1, catalog: bytes = b"", page: bytes = b"", more: tuple[bytes, ...] = ()) -> bytes:
    """A PDF of empty pages. `catalog` and `page` go into those dictionaries; `more` are objects from `9 0 R` on."""
    kids = b" ".join(b"%d 0 R" % (100 + n) for n in range(pages))
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R%b>>" % catalog,
        2: b"<</Type/Pages/Kids[%b]/Count %d>>" % (kids, pages),
        **{9 + n: body for n, body in enumerate(more)},
        **{100 + n: PAGE % page for n in range(pages)},
    }
    return _written(objects)


def _written(objects: dict[int, bytes]) -> bytes:
    out, places = b"%PDF-1.7\n", {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%d 1\n%010d 00000 n \n" % (number, place) for number, place in places.items())
    start = len(out)
    trailer = b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (max(places) + 1, start)
    return out + b"xref\n0 1\n0000000000 65535 f \n" + table + trailer


def stream(data: bytes, about: bytes = b"") -> bytes:
    return b"<</Length %d%b>>\nstream\n%b\nendstream" % (len(data), about, data)


def pdf_with_a_hidden_script() -> bytes:
    """The script's action lies in a compressed object stream, where no search of the file's bytes finds its name."""
    packed = zlib.compress(b"9 0 <</S/JavaScript/JS(app.alert\\(1\\))>>")
    first = len(b"9 0 ")
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R/OpenAction 9 0 R>>",
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: PAGE % b"",
        4: stream(packed, b"/Type/ObjStm/N 1/First %d/Filter/FlateDecode" % first),
    }
    out, places = b"%PDF-1.7\n", {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(out)
    rows = [(0, 0, 255), *((1, places[n], 0) for n in (1, 2, 3, 4)), (1, start, 0), *[(0, 0, 0)] * 3, (2, 4, 0)]
    table = b"".join(bytes([kind]) + place.to_bytes(4, "big") + bytes([last]) for kind, place, last in rows)
    out += b"5 0 obj\n%b\nendobj\n" % stream(table, b"/Type/XRef/Size 10/W[1 4 1]/Root 1 0 R")
    return out + b"startxref\n%d\n%%%%EOF\n" % start


SCRIPT = b"<</S/JavaScript/JS(app.alert\\(1\\))>>"
ATTACHMENT = b"<</Names[(a.exe)9 0 R]>>"
FILE = (b"<</Type/Filespec/F(a.exe)/EF<</F 10 0 R>>>>", stream(b"MZ", b"/Type/EmbeddedFile"))
LAUNCH = b"/Annots[<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/Launch/F(calc.exe)>>>>]"
SIGN_HERE = b"/AcroForm<</Fields[9 0 R]>>"
FIELD = (b"<</FT/Tx/T(name)/Subtype/Widget/Type/Annot/Rect[0 0 9 9]/P 100 0 R>>",)
ODD_FORM = b"/AcroForm<</Fields[]/XFA 9 0 R>>"

# What is sent, what it is refused as, and words of the sentence that the applicant reads.
LIES: dict[str, tuple[bytes, str, str]] = {
    "nothing at all": (b"", "empty", "is empty"),
    "a web page named .pdf": (b"<!DOCTYPE html><html><script>1</script>", "wrong_type", "a web page"),
    "a web page behind a comment": (b"<!-- %PDF-1.7 --><html></html>", "wrong_type", "a web page"),
    "a drawing": (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', "wrong_type", "SVG"),
    "a program": (b"MZ\x90\x00" + b"\x00" * 200, "wrong_type", "a program"),
    "a shell script": (b"#!/bin/sh\nrm -rf /", "wrong_type", "a program"),
    "a Word file": (b"PK\x03\x04" + b"\x00" * 60, "wrong_type", "Word"),
    "a GIF": (saved_as("GIF"), "wrong_type", "GIF"),
    "a WebP": (saved_as("WEBP"), "wrong_type", "WebP"),
    "a film": (b"\x00\x00\x00\x18ftypmp42" + b"\x00" * 60, "wrong_type", "a film"),
    "words": (b"I have no ID card", "wrong_type", "can not tell"),
    "a PDF behind other bytes": (b"GARBAGE" + pdf(), "wrong_type", "can not tell"),
    "half a photo": (jpeg()[:2000], "damaged", "damaged"),
    "three bytes of a photo": (b"\xff\xd8\xff", "damaged", "damaged"),
    "half a HEIC": (HEIC[:300], "damaged", "damaged"),
    "only the name of a PDF": (b"%PDF-1.7\n", "damaged", "damaged"),
    "a PDF without pages": (pdf(pages=0), "damaged", "damaged"),
    "a picture that would fill the memory": (png_that_says(60_000, 60_000), "too_many_pixels", "60000 × 60000"),
    "a PDF with a password": (LOCKED_PDF, "locked", "locked with a password"),
    "a PDF that runs a script when opened": (pdf(catalog=b"/OpenAction" + SCRIPT), "active", "run programs"),
    "a script under another spelling": (
        pdf(catalog=b"/OpenAction<</S/J#61vaScript/JS(1)>>"),
        "active",
        "run programs",
    ),
    "a script in a compressed part": (pdf_with_a_hidden_script(), "active", "run programs"),
    "a script among the names": (
        pdf(catalog=b"/Names<</JavaScript<</Names[(a)9 0 R]>>>>", more=(SCRIPT,)),
        "active",
        "run programs",
    ),
    "a PDF that starts a program": (pdf(page=LAUNCH), "active", "run programs"),
    "a PDF with a file inside": (
        pdf(catalog=b"/Names<</EmbeddedFiles %b>>" % ATTACHMENT, more=FILE),
        "active",
        "files",
    ),
    "a form to fill in": (pdf(catalog=SIGN_HERE, page=b"/Annots[9 0 R]", more=FIELD), "active", "form"),
    "a form of the odd kind": (pdf(catalog=ODD_FORM, more=(stream(b"<xdp/>"),)), "active", "form"),
    "a whole book": (pdf(pages=41), "too_many_pages", "41 pages"),
}
