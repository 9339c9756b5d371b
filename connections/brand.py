"""A provider's colour on our pages. Pure: one colour in, readable colours for light and dark grounds out (WCAG 2.2).

Colours are texts like #0f5a6e. Whatever comes in, text and ground differ by at least 4.5:1 (success criterion 1.4.3).
"""

from dataclasses import dataclass
from functools import lru_cache

READABLE = 4.5
WHITE, BLACK = "#ffffff", "#000000"
LIGHT_GROUNDS, DARK_GROUNDS = ("#f6f8f8", "#ffffff"), ("#101716", "#18211f")  # servicedrop.css: --paper, --raised
STEPS = 100


@dataclass(frozen=True)
class Tones:
    """`brand` is read on the page's grounds and on `soft`; `ink` is read on `brand`."""

    brand: str
    ink: str
    soft: str


def light_tones(colour: str) -> Tones:
    """For light grounds: the colour itself where it can be read there, else the nearest darker one that can."""
    return _tones(colour, LIGHT_GROUNDS, towards=BLACK)


def dark_tones(colour: str) -> Tones:
    """For dark grounds: the nearest lighter one that can be read there."""
    return _tones(colour, DARK_GROUNDS, towards=WHITE)


def contrast(one: str, other: str) -> float:
    """From 1 (the same) to 21 (black on white)."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Relative luminance of an sRGB colour, 0 to 1."""
    red, green, blue = (_linear(part / 255) for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def mix(one: str, other: str, share: float) -> str:
    """So much of the other colour (0 to 1) in the first."""
    parts = zip(_parts(one), _parts(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in parts)


def ink_on(colour: str) -> str:
    """White or black, whichever is read better; one of the two always reaches 4.5:1."""
    return max(WHITE, BLACK, key=lambda ink: contrast(ink, colour))


@lru_cache(maxsize=1000)  # colours, of which each provider has one: every letter asks
def _tones(colour: str, grounds: tuple[str, ...], *, towards: str) -> Tones:
    for step in range(STEPS + 1):
        brand = mix(colour, towards, step / STEPS)
        soft = mix(brand, grounds[-1], 0.88)
        if all(contrast(brand, ground) >= READABLE for ground in (*grounds, soft)):
            return Tones(brand, ink_on(brand), soft)
    raise AssertionError("black on white and white on black can be read")


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
