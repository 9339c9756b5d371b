"""A line plot as SVG, drawn by hand: legible on light and dark pages, in colour and without. Pure."""

from collections.abc import Iterator, Sequence
from math import ceil, floor, log10
from xml.sax.saxutils import escape

from tests.bench.section import Plot, Point

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 72, 150, 44, 56
STYLES = (("#2a7de1", ""), ("#e07b00", "7 4"), ("#1f9d55", "2 3"), ("#b84592", "9 3 2 3"))
SHEET = """
 text { font: 13px system-ui, sans-serif; fill: #24292f } .title { font-size: 15px; font-weight: 600 }
 .grid { stroke: #d0d7de; stroke-width: 1 } .axis { stroke: #57606a; stroke-width: 1.2 }
 @media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .grid { stroke: #30363d } .axis { stroke: #8b949e }
 }
"""


def draw(plot: Plot) -> str:
    """The whole file. Across from 0; up by powers of ten, for a latency spans several of them."""
    points = [point for line in plot.lines.values() for point in line]
    if not points:
        raise ValueError(f"the plot {plot.name} has no points")
    right = max(x for x, _ in points) or 1
    heights = [max(y, 0.1) for _, y in points]
    low = floor(log10(min(heights)))
    high = max(ceil(log10(max(heights))), low + 1)
    scale = Scale(right, low, high)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' aria-label="{escape(plot.title, {chr(34): "&quot;"})}">',
        f"<style>{SHEET}</style>",
        f'<text class="title" x="{LEFT}" y="24">{escape(plot.title)}</text>',
        *_grid(scale),
        *_labels(plot),
        *(part for number, (name, line) in enumerate(plot.lines.items()) for part in _line(number, name, line, scale)),
        "</svg>\n",
    ]
    return "\n".join(parts)


class Scale:
    """From figures to places on the sheet."""

    def __init__(self, right: float, low: int, high: int) -> None:
        self.right, self.low, self.high = right, low, high

    def x(self, value: float) -> float:
        return round(LEFT + value / self.right * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        share = (log10(max(value, 10**self.low)) - self.low) / (self.high - self.low)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)


def _grid(scale: Scale) -> Iterator[str]:
    edge, floor_ = WIDTH - RIGHT, HEIGHT - BOTTOM
    for power in range(scale.low, scale.high + 1):
        y = scale.y(10**power)
        yield f'<line class="grid" x1="{LEFT}" y1="{y}" x2="{edge}" y2="{y}"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{10**power:g}</text>'
    step = nice_step(scale.right)
    for count in range(int(scale.right / step) + 1):
        x = scale.x(count * step)
        yield f'<line class="grid" x1="{x}" y1="{TOP}" x2="{x}" y2="{floor_}"/>'
        yield f'<text x="{x}" y="{floor_ + 18}" text-anchor="middle">{count * step:g}</text>'
    yield f'<line class="axis" x1="{LEFT}" y1="{floor_}" x2="{edge}" y2="{floor_}"/>'
    yield f'<line class="axis" x1="{LEFT}" y1="{TOP}" x2="{LEFT}" y2="{floor_}"/>'


def nice_step(right: float) -> float:
    """1, 2 or 5 times a power of ten, so that four to ten steps reach the end."""
    power = 10 ** floor(log10(right))
    return float(next(power * part for part in (0.1, 0.2, 0.5, 1) if right / (power * part) <= 10))


def _labels(plot: Plot) -> Iterator[str]:
    middle = (LEFT + WIDTH - RIGHT) / 2
    yield f'<text x="{middle}" y="{HEIGHT - 12}" text-anchor="middle">{escape(plot.across)}</text>'
    y = (TOP + HEIGHT - BOTTOM) / 2
    yield f'<text x="18" y="{y}" text-anchor="middle" transform="rotate(-90 18 {y})">{escape(plot.up)}</text>'


def _line(number: int, name: str, line: Sequence[Point], scale: Scale) -> Iterator[str]:
    colour, dashes = STYLES[number % len(STYLES)]
    places = [(scale.x(x), scale.y(y)) for x, y in sorted(line)]
    path = " ".join(f"{x},{y}" for x, y in places)
    yield f'<polyline fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}" points="{path}"/>'
    for x, y in places:
        yield f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>'
    key, edge = TOP + 10 + 22 * number, WIDTH - RIGHT + 14
    yield (
        f'<line x1="{edge}" y1="{key}" x2="{edge + 26}" y2="{key}" stroke="{colour}" stroke-width="2"'
        f' stroke-dasharray="{dashes}"/>'
    )
    yield f'<text x="{edge + 32}" y="{key + 4}">{escape(name)}</text>'
