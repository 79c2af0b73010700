"""The small figure of an evidence card as SVG: what was observed against what was expected, coloured by class."""

import datetime as dt
import math
from collections.abc import Callable, Sequence
from datetime import tzinfo

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from incidents.charts import labels
from incidents.stats.attribution.findings import EvidenceItem

WIDTH, HEIGHT = 320, 96
LEFT, RIGHT, TOP, BOTTOM = 30, 6, 8, 18


def evidence_figure(item: EvidenceItem, *, start: dt.datetime, zone: tzinfo) -> SafeString | None:
    """Draw the figure of a check, if it has one: lines over time, or over the exposed share for dose.

    `start` is the window's start, to which the figure's hours count.
    """
    figure = item.figure
    if figure is None or len(figure.x) < 2:
        return None
    values = [v for _, series in figure.series for v in series if math.isfinite(v)]
    if not values:
        return None
    top = max(*values, 1e-9)
    low, high = min(figure.x), max(figure.x)
    span = (high - low) or 1.0

    def place(x: float, y: float) -> tuple[float, float]:
        across = LEFT + (x - low) / span * (WIDTH - LEFT - RIGHT)
        return round(across, 1), round(HEIGHT - BOTTOM - max(y, 0.0) / top * (HEIGHT - TOP - BOTTOM), 1)

    lines = [
        format_html('<path class="efig__line efig__line--{}" d="{}"/>', number, _path(figure.x, series, place))
        for number, (_, series) in enumerate(figure.series)
    ]
    over_time = item.kind != "dose"
    ends = [_moment(start, x, zone) if over_time else labels.percent(x) for x in (low, high)]
    base = HEIGHT - BOTTOM
    axis = format_html(
        '<path class="efig__axis" d="M{} {}H{}"/><text x="{}" y="{}" text-anchor="end">{}</text>'
        '<text x="{}" y="{}" text-anchor="end">0</text>'
        '<text x="{}" y="{}">{}</text><text x="{}" y="{}" text-anchor="end">{}</text>',
        *(LEFT, base, WIDTH - RIGHT, LEFT - 4, TOP + 4, labels.count(top), LEFT - 4, base),
        *(LEFT, HEIGHT - 4, ends[0], WIDTH - RIGHT, HEIGHT - 4, ends[1]),
    )
    names = [name for name, _ in figure.series]
    spoken = f"{' and '.join(names)}, from {ends[0]} to {ends[1]}; the highest value is {labels.count(top)}."
    key = format_html_join(
        "",
        '<span class="efig__key efig__key--{}">{}</span>',
        ((number, name.capitalize()) for number, name in enumerate(names)),
    )
    return format_html(
        '<span class="efig"><svg viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}">{}{}</svg>'
        '<span class="efig__keys" aria-hidden="true">{}</span></span>',
        *(WIDTH, HEIGHT, WIDTH, HEIGHT, spoken, axis, format_html_join("", "{}", ((line,) for line in lines)), key),
    )


def _moment(start: dt.datetime, hours: float, zone: tzinfo) -> str:
    return labels.day((start + dt.timedelta(hours=hours)).astimezone(zone), with_year=False)


def _path(x: Sequence[float], values: Sequence[float], place: Callable[[float, float], tuple[float, float]]) -> str:
    """Return the line through the known points; a gap stays a gap."""
    parts, pen_down = [], False
    for at, value in zip(x, values, strict=True):
        if not math.isfinite(value):
            pen_down = False
            continue
        across, down = place(at, value)
        parts.append(f"{'L' if pen_down else 'M'}{across} {down}")
        pen_down = True
    return "".join(parts)
