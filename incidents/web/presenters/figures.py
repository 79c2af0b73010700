"""Small figures inside a line of text or a table cell, as SVG: an estimate with its interval, a sparkline.

They carry no inline style: colour comes from the class, size from attributes. Each has a text for screen readers.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

BAR_WIDTH, BAR_HEIGHT = 160, 16
PAD = 4.0


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight scale from `[low, high]` to pixels `[PAD, width - PAD]`; values outside are held at the edge."""

    low: float
    high: float
    width: float

    def __call__(self, value: float) -> float:
        span = self.high - self.low
        part = (value - self.low) / span if span > 0 else 0.5
        return round(PAD + min(1.0, max(0.0, part)) * (self.width - 2 * PAD), 2)


def interval_bar(
    *,
    estimate: float,
    low: float,
    high: float,
    scale: tuple[float, float],
    label: str,
    reference: float | None = None,
    css_class: str = "",
    width: int = BAR_WIDTH,
) -> SafeString:
    """Return a dot with its interval on a common scale; what lies beyond is an arrow, no false place."""
    if not all(math.isfinite(v) for v in (estimate, low, high, *scale)):
        return format_html('<span class="muted">{}</span>', "no interval")
    x = Scale(*scale, width)
    mid = BAR_HEIGHT / 2
    parts = [format_html('<line class="ibar__axis" x1="{}" x2="{}" y1="{}" y2="{}"/>', PAD, width - PAD, mid, mid)]
    if reference is not None and scale[0] <= reference <= scale[1]:
        at = x(reference)
        parts.append(
            format_html('<line class="ibar__reference" x1="{}" x2="{}" y1="1" y2="{}"/>', at, at, BAR_HEIGHT - 1)
        )
    parts.append(format_html('<line class="ibar__range" x1="{}" x2="{}" y1="{}" y2="{}"/>', x(low), x(high), mid, mid))
    for value, is_beyond, tip in ((low, low < scale[0], -3), (high, high > scale[1], 3)):
        at = x(value)
        path = f"M{at - tip} {mid - 3.5}L{at + tip / 3} {mid}L{at - tip} {mid + 3.5}" if is_beyond else f"M{at} 4V12"
        parts.append(format_html('<path class="ibar__end" d="{}"/>', path))
    if scale[0] <= estimate <= scale[1]:
        parts.append(format_html('<circle class="ibar__dot" cx="{}" cy="{}" r="3.5"/>', x(estimate), mid))
    return _svg(f"ibar {css_class}".strip(), width, BAR_HEIGHT, label, parts)


def sparkline(
    values: Sequence[float | None], *, label: str, css_class: str = "", width: int = 96, height: int = 20
) -> SafeString:
    """Return a line of evenly spaced values from 0 (or the lowest, if below); gaps stay gaps, the last is dotted."""
    known = [v for v in values if v is not None and math.isfinite(v)]
    if not known:
        return format_html('<span class="muted">{}</span>', "no values")
    top, bottom = max(known), min(0.0, *known)
    span = (top - bottom) or 1.0
    step = (width - 6) / max(1, len(values) - 1)
    path, last, pen_down = [], (0.0, 0.0), False
    for i, value in enumerate(values):
        if value is None or not math.isfinite(value):
            pen_down = False
            continue
        last = (round(3 + i * step, 1), round(height - 3 - (value - bottom) / span * (height - 6), 1))
        path.append(f"{'L' if pen_down else 'M'}{last[0]} {last[1]}")
        pen_down = True
    parts = [
        format_html('<path class="spark__line" d="{}"/>', "".join(path)),
        format_html('<circle class="spark__last" cx="{}" cy="{}" r="2"/>', *last),
    ]
    return _svg(f"spark {css_class}".strip(), width, height, label, parts)


def bar(fraction: float, *, label: str, css_class: str = "", width: int = 96) -> SafeString:
    """Return a filled bar for a part of a whole, 0 to 1; for the eye, beside the number, never instead of it."""
    part = min(1.0, max(0.0, fraction)) if math.isfinite(fraction) else 0.0
    parts = [
        format_html('<rect class="bar__track" x="0" y="4" width="{}" height="8" rx="2"/>', width),
        format_html('<rect class="bar__fill" x="0" y="4" width="{}" height="8" rx="2"/>', round(part * width, 1)),
    ]
    return _svg(f"bar {css_class}".strip(), width, 16, label, parts)


def _svg(css_class: str, width: int, height: int, label: str, parts: list[SafeString]) -> SafeString:
    return format_html(
        '<svg class="{}" width="{}" height="{}" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>',
        css_class,
        width,
        height,
        width,
        height,
        label,
        format_html_join("", "{}", ((p,) for p in parts)),
    )
