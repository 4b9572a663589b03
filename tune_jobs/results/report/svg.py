"""Drawing: scales with round ticks, and figures as SVG elements, whose texts are escaped by the serialiser.

Styles are classes of the page's style sheet. Marks carry what they stand for (`data-…`) and say it as a tooltip.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, SubElement, tostring

Pixels = tuple[float, float]


@dataclass(frozen=True)
class Scale:
    """From values to pixels: `low` to `start`, `high` to `end`, in equal steps or (`log`) in equal ratios."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """The place of a value."""
        low, high, at = (math.log(v) if self.log else v for v in (self.low, self.high, value))
        return self.start + (self.end - self.start) * (at - low) / (high - low)

    def ticks(self, about: int = 5) -> list[float]:
        """Round values between the ends: multiples of 1, 2 or 5 times a power of ten."""
        return self._log_ticks(about) if self.log else _round_steps(self.low, self.high, about)

    def _log_ticks(self, about: int) -> list[float]:
        """The most of them that are not too many; steps, where the ends are so near that there are not two."""
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        found: list[float] = []
        for digits in ((1,), (1, 2, 5), tuple(range(1, 10))):
            # a literal is the nearest float, a product need not be
            more = [v for decade in decades for d in digits if self.low <= (v := float(f"{d}e{decade}")) <= self.high]
            found = more if len(found) < 2 or len(more) <= about else found
        return found if len(found) >= 2 else _round_steps(self.low, self.high, about)


def spanning(values: Sequence[float], start: float, end: float, *, log: bool = False) -> Scale:
    """A scale on which all of some values lie, a little off its ends."""
    low, high = min(values), max(values)
    if log:
        ratio = max((high / low) ** 0.06, 1.05)
        return Scale(low / ratio, high * ratio, start, end, log=True)
    margin = max((high - low) * 0.06, abs(high) * 0.01, 1e-9)
    return Scale(low - margin, high + margin, start, end)


def _round_steps(low: float, high: float, about: int) -> list[float]:
    raw = (high - low) / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{number * step:.12g}") for number in range(first, last + 1)]


@dataclass
class Figure:
    """A drawing of a width and a height in pixels, with a name for those who do not see it."""

    width: float
    height: float
    name: str
    root: Element = field(init=False)

    def __post_init__(self) -> None:
        box = f"0 0 {self.width:g} {self.height:g}"
        attributes = {"viewBox": box, "width": f"{self.width:g}", "height": f"{self.height:g}", "role": "img"}
        self.root = Element("svg", attributes | {"aria-label": self.name})

    def line(self, start: Pixels, end: Pixels, style: str) -> None:
        """A straight line."""
        (x1, y1), (x2, y2) = start, end
        places = {"x1": _px(x1), "y1": _px(y1), "x2": _px(x2), "y2": _px(y2)}
        SubElement(self.root, "line", places | {"class": style})

    def path(self, points: Sequence[Pixels], style: str, said: str = "", **data: object) -> None:
        """A line through points."""
        text = " ".join(f"{_px(x)},{_px(y)}" for x, y in points)
        self._mark("polyline", {"points": text, "class": style}, said, data)

    def dot(self, at: Pixels, style: str, said: str, radius: float = 4, **data: object) -> None:
        """A mark for one thing."""
        self._mark("circle", {"cx": _px(at[0]), "cy": _px(at[1]), "r": f"{radius:g}", "class": style}, said, data)

    def bar(self, at: Pixels, width: float, height: float, style: str, said: str, **data: object) -> None:
        """A filled rectangle; `at` is its upper left corner."""
        places = {"x": _px(at[0]), "y": _px(at[1]), "width": _px(max(width, 0)), "height": _px(height)}
        self._mark("rect", places | {"class": style}, said, data)

    def text(self, at: Pixels, text: str, style: str = "", anchor: str = "start") -> None:
        """A line of text; `anchor` is start, middle or end."""
        element = SubElement(self.root, "text", {"x": _px(at[0]), "y": _px(at[1]), "text-anchor": anchor})
        if style:
            element.set("class", style)
        element.text = text

    def markup(self) -> str:
        """The figure, to stand in HTML."""
        return tostring(self.root, encoding="unicode")

    def _mark(self, tag: str, attributes: dict[str, str], said: str, data: dict[str, object]) -> None:
        named = {f"data-{name}": str(value) for name, value in data.items()}
        element = SubElement(self.root, tag, attributes | named)
        if said:
            SubElement(element, "title").text = said


def tick_text(value: float) -> str:
    """A tick's label: `0.5`, `1e-4`."""
    if value == 0 or 1e-3 <= abs(value) < 1e6:
        return f"{value:g}"
    digits, _, power = f"{value:e}".partition("e")
    return f"{float(digits):g}e{int(power)}"


def _px(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
