"""The typefaces of the PDF: which of them a text needs, and what is printed for a sign that none of them has.

fonts/ holds Noto Sans (Latin with Vietnamese, Greek, Cyrillic; regular and bold), Noto Sans for Arabic, Armenian,
Bengali, Devanagari, Georgian, Gujarati, Gurmukhi, Hebrew, Kannada, Malayalam, Odia, Sinhala, Tamil, Telugu and Thai,
and Droid Sans Fallback for Chinese, Japanese and Korean; their licences stand beside them.
"""

import unicodedata
from functools import cache, lru_cache
from pathlib import Path

from fontTools.ttLib import TTFont

FOLDER = Path(__file__).with_name("fonts")
MAIN, MAIN_BOLD = FOLDER / "NotoSans-Regular.ttf", FOLDER / "NotoSans-Bold.ttf"
LAST = FOLDER / "DroidSansFallback.ttf"  # large: opened only where a text needs it
MISSING = "\N{REPLACEMENT CHARACTER}"
JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"  # the only controls that change how a name is written


@cache
def others() -> tuple[Path, ...]:
    """The typefaces that are asked when the main one lacks a sign, in their order."""
    return (*sorted(path for path in FOLDER.glob("*.ttf") if path not in {MAIN, MAIN_BOLD, LAST}), LAST)


@cache
def signs_of(typeface: Path) -> frozenset[int]:
    """The code points that a typeface can print."""
    with TTFont(typeface, lazy=True) as font:
        return frozenset(font.getBestCmap())


def needed_for(text: str) -> list[Path]:
    """The typefaces beside the main one that a text needs."""
    found = {path for sign in set(text) if (path := _typeface_for(sign)) not in {None, MAIN}}
    return [path for path in others() if path in found]


def printable(text: str) -> str:
    """The text with what can be printed of it: controls left out, a sign that no typeface has as U+FFFD."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(_printed(sign) for sign in composed)


def _printed(sign: str) -> str:
    if sign.isspace():
        return sign if _typeface_for(sign) else " "
    if unicodedata.category(sign) in {"Cc", "Cf"} and sign not in JOINERS:
        return ""
    return sign if _typeface_for(sign) else MISSING


@lru_cache(4096)
def _typeface_for(sign: str) -> Path | None:
    return next((path for path in (MAIN, *others()) if ord(sign) in signs_of(path)), None)
