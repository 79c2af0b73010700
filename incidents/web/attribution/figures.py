"""The small figure of an evidence card as SVG: what was observed against what was expected, coloured by class."""

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from incidents.charts import labels
from incidents.stats.attribution.findings import EvidenceItem

WIDTH, HEIGHT = 320, 96
LEFT, RIGHT, TOP, BOTTOM = 34, 6, 8, 18
# This series is a share of 0 to 1 on a scale of its own: it is drawn as a backdrop.
EXPOSED = "exposed"
PERCENT = frozenset({"relative excess"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scales:
    """Where a value of a figure stands in the picture."""

    x: tuple[float, float]
    y: tuple[float, float]

    def across(self, x: float) -> float:
        """Return the place from the left."""
        return round(LEFT + (x - self.x[0]) / ((self.x[1] - self.x[0]) or 1.0) * (WIDTH - LEFT - RIGHT), 1)

    def down(self, y: float) -> float:
        """Return the place from the top."""
        return round(HEIGHT - BOTTOM - (y - self.y[0]) / (self.y[1] - self.y[0]) * (HEIGHT - TOP - BOTTOM), 1)


def evidence_figure(item: EvidenceItem, *, start: dt.datetime, zone: tzinfo) -> SafeString | None:
    """Draw the figure of a check, if it has one: lines over time, or over the exposed share for dose.

    `start` is the window's start, to which the figure's hours count.
    """
    if item.figure is None or len(item.figure.x) < 2:
        return None
    x = item.figure.x
    lines = [(name, values) for name, values in item.figure.series if name != EXPOSED]
    known = [v for _, values in lines for v in values if math.isfinite(v)]
    if not known:
        return None
    is_level = item.kind == "metric"  # a level has no natural zero
    y = (min(known), max(known)) if is_level else (min(0.0, *known), max(0.0, *known) or 1.0)
    scales = _Scales(x=(min(x), max(x)), y=y if y[1] > y[0] else (y[0], y[0] + 1.0))
    write = labels.percent if any(name in PERCENT for name, _ in lines) else _level if is_level else labels.count
    ends = [_moment(start, at, zone) if item.kind != "dose" else labels.percent(at) for at in scales.x]
    parts = [_backdrop(x, values, scales) for name, values in item.figure.series if name == EXPOSED]
    parts += [_axis(scales, ends, write)]
    draw = _dots if item.kind == "dose" else _line
    parts += [draw(number, x, values, scales) for number, (_, values) in enumerate(lines)]
    spoken = f"{', '.join(name for name, _ in lines)}, {ends[0]} to {ends[1]}; at most {write(scales.y[1])}."
    keys = [(str(number), name.capitalize()) for number, (name, _) in enumerate(lines)]
    keys += [("exposed", "Exposed share") for name, _ in item.figure.series if name == EXPOSED]
    return format_html(
        '<span class="efig"><svg viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}">{}</svg>'
        '<span class="efig__keys" aria-hidden="true">{}</span></span>',
        *(WIDTH, HEIGHT, WIDTH, HEIGHT, spoken, format_html_join("", "{}", ((part,) for part in parts))),
        format_html_join("", '<span class="efig__key efig__key--{}">{}</span>', keys),
    )


def _level(value: float) -> str:
    """Return a metric's value with three digits at most after the point."""
    return labels.decimal(value, 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 3)


def _axis(scales: _Scales, ends: Sequence[str], write: Callable[[float], str]) -> SafeString:
    zero = scales.down(min(max(0.0, scales.y[0]), scales.y[1]))
    marks = [(scales.y[1], scales.down(scales.y[1]) + 4)] + (
        [(max(0.0, scales.y[0]), zero + 3)] if zero > TOP + 14 else []
    )
    if scales.y[0] < 0 and HEIGHT - BOTTOM - zero > 9:
        marks.append((scales.y[0], HEIGHT - BOTTOM + 3))
    return format_html(
        '<path class="efig__axis" d="M{} {}H{}"/>{}<text x="{}" y="{}">{}</text>'
        '<text x="{}" y="{}" text-anchor="end">{}</text>',
        *(LEFT, zero, WIDTH - RIGHT),
        format_html_join(
            "",
            '<text x="{}" y="{}" text-anchor="end">{}</text>',
            ((LEFT - 4, round(y, 1), write(value)) for value, y in marks),
        ),
        *(LEFT, HEIGHT - 3, ends[0], WIDTH - RIGHT, HEIGHT - 3, ends[1]),
    )


def _backdrop(x: Sequence[float], values: Sequence[float], scales: _Scales) -> SafeString:
    """Return the exposed share as an area behind the lines: full height is everybody in scope."""
    height = HEIGHT - TOP - BOTTOM
    points = [
        f"{scales.across(at)} {round(HEIGHT - BOTTOM - min(max(share, 0.0), 1.0) * height, 1)}"
        for at, share in zip(x, values, strict=True)
        if math.isfinite(share)
    ]
    base = HEIGHT - BOTTOM
    path = f"M{scales.across(x[0])} {base}L{'L'.join(points)}L{scales.across(x[-1])} {base}Z"
    return format_html('<path class="efig__exposed" d="{}"/>', path)


def _moment(start: dt.datetime, hours: float, zone: tzinfo) -> str:
    return labels.day((start + dt.timedelta(hours=hours)).astimezone(zone), with_year=False)


def _dots(number: int, x: Sequence[float], values: Sequence[float], scales: _Scales) -> SafeString:
    """Return the known points of a comparison that has no order in time."""
    known = ((scales.across(a), scales.down(v)) for a, v in zip(x, values, strict=True) if math.isfinite(v))
    dots = format_html_join("", '<circle cx="{}" cy="{}" r="2"/>', known)
    return format_html('<g class="efig__dots efig__dots--{}">{}</g>', number, dots)


def _line(number: int, x: Sequence[float], values: Sequence[float], scales: _Scales) -> SafeString:
    """Return the line through the known points; a gap stays a gap."""
    parts, pen_down = [], False
    for at, value in zip(x, values, strict=True):
        if not math.isfinite(value):
            pen_down = False
            continue
        parts.append(f"{'L' if pen_down else 'M'}{scales.across(at)} {scales.down(value)}")
        pen_down = True
    return format_html('<path class="efig__line efig__line--{}" d="{}"/>', number, "".join(parts))
