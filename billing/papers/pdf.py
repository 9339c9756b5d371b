"""A paper as a PDF: real text, fonts embedded, and the same bytes whenever the same paper is printed.

Nothing is fetched from anywhere: the logo, which may lie on another server, is on the page alone.
"""

from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Any

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, WrapMode, XPos, YPos
from fpdf.fonts import FontFace

from billing.papers import typefaces
from billing.papers.qr import as_bars
from billing.papers.sheet import Sheet, Table
from billing.papers.typefaces import printable

MARGIN = 18.0  # mm
BODY, SMALL, LARGE = 10, 8.5, 14  # points
LINE = 5.2  # mm, of body text
QR_SIDE = 30.0  # mm: half a millimetre or more a module, which every phone reads
INK, QUIET, HAIRLINE = (22, 33, 31), (83, 97, 95), (201, 209, 208)
BELOW: dict[str, Any] = {"new_x": XPos.LMARGIN, "new_y": YPos.NEXT}


@lru_cache(maxsize=8)
def as_pdf(sheet: Sheet, *, size: str, issued_at: datetime, genuine_url: str) -> bytes:
    """The paper on `size` (a4 or letter). Drawing takes half a second, and who opens a paper asks for it several times:
    the page, then each of its pictures."""
    pdf = _Press(sheet, size, issued_at)
    pdf.add_page()
    _head(pdf, sheet)
    _facts(pdf, sheet)
    for table in sheet.tables:
        _table(pdf, table)
    _proof(pdf, genuine_url)
    return bytes(pdf.output())


class _Press(FPDF):
    """A document of one sheet: its fonts, its metadata, and what stands at the foot of every page."""

    def __init__(self, sheet: Sheet, size: str, issued_at: datetime) -> None:
        super().__init__(format=size, unit="mm")
        self.sheet = sheet
        self.set_title(sheet.title)
        self.set_author(sheet.issuer)
        self.set_lang("en")
        self.set_creation_date(issued_at)
        self.set_margins(MARGIN, MARGIN)
        self.c_margin = 0  # the text begins where the lines and the QR do
        self.set_auto_page_break(True, MARGIN + 6)
        self._load_fonts()
        self.set_text_shaping(True, features={"liga": False})  # so that a search for "office" finds it
        self.set_draw_color(*HAIRLINE)
        self.write_in()

    def _load_fonts(self) -> None:
        self.add_font("main", "", typefaces.MAIN)
        self.add_font("main", "B", typefaces.MAIN_BOLD)
        more = typefaces.needed_for(printable(" ".join(_texts(self.sheet))))
        for path in more:
            self.add_font(path.stem, "", path)
        if more:
            self.set_fallback_fonts([path.stem for path in more], exact_match=False)

    def write_in(self, points: float = BODY, style: str = "", colour: tuple[int, int, int] = INK) -> None:
        self.set_font("main", style, points)
        self.set_text_color(*colour)

    def line_of(self, text: str, height: float = LINE, **more: Any) -> None:
        """A paragraph over the whole width, or to the right of where the pen is."""
        self.multi_cell(0, height, printable(text), align="L", **{**BELOW, **more})

    def footer(self) -> None:
        self.set_y(-MARGIN)
        self.write_in(SMALL, colour=QUIET)
        self.cell(0, 5, f"{printable(self.sheet.title)}, page {self.page_no()} of {{nb}}", align="C")


def _texts(sheet: Sheet) -> list[str]:
    rows = chain(sheet.facts, *((*table.lines, *table.sums) for table in sheet.tables))
    return [sheet.issuer, *sheet.issuer_lines, sheet.lead, sheet.how, *chain.from_iterable(rows)]


def _head(pdf: _Press, sheet: Sheet) -> None:
    pdf.write_in(LARGE, "B", _rgb(sheet.colour))
    pdf.line_of(sheet.issuer, 7)
    pdf.write_in(SMALL, colour=QUIET)
    for line in sheet.issuer_lines:
        pdf.line_of(line, 4.2)
    pdf.ln(3)
    pdf.line(MARGIN, pdf.y, pdf.w - MARGIN, pdf.y)
    pdf.ln(4)
    pdf.write_in(colour=QUIET)
    pdf.line_of(sheet.title)
    pdf.write_in(LARGE, "B")
    pdf.line_of(sheet.lead, 7.5)
    if sheet.how:
        pdf.ln(1)
        pdf.write_in(style="B")
        pdf.line_of("How to pay")
        pdf.write_in()
        for line in sheet.how.splitlines():
            pdf.line_of(line)
    pdf.ln(4)


def _facts(pdf: _Press, sheet: Sheet) -> None:
    for name, value in sheet.facts:
        if pdf.will_page_break(LINE * 2):
            pdf.add_page()
        pdf.write_in(colour=QUIET)
        pdf.cell(38, LINE, name)
        pdf.write_in()
        pdf.line_of(value)
    pdf.ln(4)


def _table(pdf: _Press, table: Table) -> None:
    if pdf.will_page_break(LINE * 6):
        pdf.add_page()
    pdf.write_in()
    plain, bold = FontFace(color=INK), FontFace(emphasis="BOLD", color=INK)
    large = FontFace(emphasis="BOLD", color=INK, size_pt=BODY + 2)
    with pdf.table(
        col_widths=(7, 3),
        text_align=("LEFT", "RIGHT"),
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        headings_style=FontFace(emphasis="BOLD", color=QUIET),
        line_height=LINE,
        padding=(1.2, 0),
    ) as rows:
        rows.row((table.title, "Amount"))
        for style, pairs in ((plain, table.lines), (bold, table.sums), (large, [table.due] if table.due else [])):
            for name, amount in pairs:
                rows.row((printable(name), printable(amount)), style=style)
    pdf.ln(5)


def _proof(pdf: _Press, address: str) -> None:
    """The QR, and beside it the same in words for whoever can not scan it. They stay on one page."""
    if pdf.will_page_break(QR_SIDE + 4):
        pdf.add_page()
    top, (side, bars) = pdf.y, as_bars(address)
    module = QR_SIDE / side
    pdf.set_fill_color(0)
    for x, y, length in bars:
        pdf.rect(MARGIN + x * module, top + y * module, length * module, module, style="F")
    pdf.set_left_margin(MARGIN + QR_SIDE + 6)
    pdf.set_y(top + 5)
    pdf.write_in(style="B")
    pdf.line_of("Is this paper genuine?")
    pdf.write_in()
    pdf.line_of("Scan the code or open this address: it shows what we issued.")
    pdf.write_in(SMALL)
    pdf.multi_cell(0, LINE, address, align="L", wrapmode=WrapMode.CHAR, link=address, **BELOW)
    pdf.set_left_margin(MARGIN)


def _rgb(colour: str) -> tuple[int, int, int]:
    """`#0f5a6e` as numbers; the ink where a provider has no colour."""
    digits = colour.removeprefix("#")
    return (int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)) if digits else INK
