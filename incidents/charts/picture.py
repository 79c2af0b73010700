"""A frozen picture of a window of the overlay, as SVG with its data as a table: for documents, without any script.

Fills are given as attributes, for readers without our style sheet, and as classes that follow the page's theme.
"""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from incidents.charts.palette import LIGHT, colour_index

WIDTH = 720
_LEFT, _RIGHT, _TOP = 44, 12, 8
_LANE, _PLOT, _AXIS = 26, 170, 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A change in force over [start, end); `end` None is still in force. `position` gives its colour."""

    label: str
    start: dt.datetime
    end: dt.datetime | None
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What is drawn: lanes over bars. `edges` are the n + 1 limits of the n `counts` (complaints, may be fractions)."""

    title: str
    zone: ZoneInfo
    edges: Sequence[dt.datetime]
    counts: Sequence[float]
    lanes: Sequence[Lane]
    unit: str = "complaints a day"


def _day(at: dt.datetime, zone: ZoneInfo, *, year: bool = False) -> str:
    local = at.astimezone(zone)
    return f"{local.day} {local:%b %Y}" if year else f"{local.day} {local:%b}"


def nice_top(highest: float) -> float:
    """Return a round number at or above the highest value: 1, 2 or 5 times a power of ten.

    >>> nice_top(37), nice_top(0), nice_top(210)
    (50.0, 1.0, 500.0)
    """
    if highest <= 1:
        return 1.0
    power = 10.0 ** math.floor(math.log10(highest))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= highest)


def alt_text(picture: Picture) -> str:
    """Return the picture in a sentence or two, for those who do not see it."""
    zone, total = picture.zone, sum(picture.counts)
    start, end = picture.edges[0], picture.edges[-1] - dt.timedelta(microseconds=1)
    span = f"{_day(start, zone, year=True)} to {_day(end, zone, year=True)}"
    text = f"{picture.unit.capitalize()}, {span}, {total:,.0f} in all."
    if total:
        peak = max(range(len(picture.counts)), key=lambda place: picture.counts[place])
        text += f" The highest bar is {picture.counts[peak]:,.0f}, on {_day(picture.edges[peak], zone, year=True)}."
    told = [
        f"{lane.label} ({_day(lane.start, zone)} to {_day(lane.end, zone) if lane.end else 'today'})"
        for lane in picture.lanes
    ]
    return f"{text} In force above it: {'; '.join(told)}." if told else text


class _Scale:
    """Turns times into places from left to right; what lies outside the window is put on its edge."""

    def __init__(self, first: dt.datetime, last: dt.datetime) -> None:
        self.first = first.timestamp()
        self.span = last.timestamp() - self.first

    def __call__(self, at: dt.datetime | None) -> float:
        share = 1.0 if at is None else min(max((at.timestamp() - self.first) / self.span, 0.0), 1.0)
        return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT), 2)


def _element(tag: str, text: str = "", **attributes: object) -> str:
    """Return one element; every value and text is escaped, `fill_opacity` is written `fill-opacity`."""
    named = {name.rstrip("_").replace("_", "-"): escape(str(value)) for name, value in attributes.items()}
    told = "".join(f' {name}="{value}"' for name, value in named.items())
    return f"<{tag}{told}>{escape(text)}</{tag}>" if text else f"<{tag}{told}/>"


def svg(picture: Picture, *, label: str = "") -> str:
    """Return the picture as one SVG element; every text in it is escaped."""
    base = _TOP + len(picture.lanes) * _LANE + _PLOT
    x = _Scale(picture.edges[0], picture.edges[-1])
    parts = _grid(picture, base)
    parts += [_shade(lane, x, base) for lane in picture.lanes]
    parts += _bars(picture, x, base)
    for number, lane in enumerate(picture.lanes):
        parts += _lane(lane, number, x)
    look: dict[str, Any] = {"class_": "chart__axis", "fill": LIGHT.ink_3, "text_anchor": "middle"}
    parts += [_element("text", _day(at, picture.zone), x=x(at), y=base + 16, **look) for at in _ticks(picture)]
    head = (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {base + _AXIS}" role="img" '
        f'aria-label="{escape(label or alt_text(picture))}" xmlns="http://www.w3.org/2000/svg" '
        'font-family="sans-serif" font-size="11">'
    )
    return head + "".join(parts) + "</svg>"


def _grid(picture: Picture, base: int) -> list[str]:
    top = nice_top(max(picture.counts, default=0.0))
    parts = []
    for share in (0.0, 0.5, 1.0):
        y = round(base - share * (_PLOT - 12), 1)
        line: dict[str, Any] = {"x1": _LEFT, "x2": WIDTH - _RIGHT, "y1": y, "y2": y}
        parts.append(_element("line", class_="chart__grid", stroke=LIGHT.line, **line))
        look: dict[str, Any] = {"class_": "chart__axis", "fill": LIGHT.ink_3, "text_anchor": "end"}
        parts.append(_element("text", f"{top * share:,g}", x=_LEFT - 6, y=y + 4, **look))
    return parts


def _bars(picture: Picture, x: _Scale, base: int) -> list[str]:
    top = nice_top(max(picture.counts, default=0.0))
    parts = []
    for start, end, count in zip(picture.edges, picture.edges[1:], picture.counts, strict=False):
        if count > 0:
            tall = round(count / top * (_PLOT - 12), 2)
            place: dict[str, Any] = {"x": x(start), "y": round(base - tall, 2), "height": tall}
            width = round(max(0.5, x(end) - x(start) - 0.8), 2)
            parts.append(_element("rect", class_="chart__bar", fill=LIGHT.background_layer, width=width, **place))
    return parts


def _shade(lane: Lane, x: _Scale, base: int) -> str:
    number = colour_index(lane.position)
    look: dict[str, Any] = {"class_": f"chart__c{number}", "fill": LIGHT.changes[number - 1], "fill_opacity": 0.1}
    width = round(max(1.0, x(lane.end) - x(lane.start)), 2)
    return _element("rect", x=x(lane.start), y=_TOP, width=width, height=base - _TOP, **look)


def _lane(lane: Lane, number: int, x: _Scale) -> list[str]:
    colour = colour_index(lane.position)
    y = _TOP + number * _LANE
    words = lane.label if len(lane.label) <= 70 else lane.label[:69] + "…"
    # Right of the middle the words end with the bar: there is more room to its left.
    at_end = x(lane.start) > WIDTH * 0.55
    look: dict[str, Any] = {"class_": "chart__label", "fill": LIGHT.ink, "text_anchor": "end" if at_end else "start"}
    bar: dict[str, Any] = {"class_": f"chart__c{colour}", "fill": LIGHT.changes[colour - 1], "height": 6, "rx": 2}
    width = round(max(2.0, x(lane.end) - x(lane.start)), 2)
    return [
        _element("rect", x=x(lane.start), y=y + 15, width=width, **bar),
        _element("text", words, x=x(lane.end) if at_end else x(lane.start), y=y + 11, **look),
    ]


def _ticks(picture: Picture) -> list[dt.datetime]:
    """Return about six local midnights, evenly spaced."""
    first, last = picture.edges[0], picture.edges[-1]
    days = max(1, round((last - first) / dt.timedelta(days=1)))
    step = max(1, math.ceil(days / 7))
    local = first.astimezone(picture.zone).replace(tzinfo=None)
    found = [(local + dt.timedelta(days=number)).replace(tzinfo=picture.zone) for number in range(0, days, step)]
    return [at.astimezone(dt.UTC) for at in found if at <= last]


def rows(picture: Picture) -> list[tuple[str, str]]:
    """Return the data: (day, complaints), one row a bar."""
    return [
        (_day(start, picture.zone, year=True), f"{count:,.0f}")
        for start, count in zip(picture.edges, picture.counts, strict=False)
    ]


def figure_html(picture: Picture, caption: str) -> str:
    """Return the figure: the picture, its caption, and its data as a table that can be opened."""
    cells = "".join(f"<tr><td>{day}</td><td>{count}</td></tr>" for day, count in rows(picture))
    head = f'<tr><th scope="col">From</th><th scope="col">{escape(picture.unit.capitalize())}</th></tr>'
    lanes = "".join(
        f"<li>{escape(lane.label)}: {_day(lane.start, picture.zone, year=True)} to "
        f"{_day(lane.end, picture.zone, year=True) if lane.end else 'still in force'}</li>"
        for lane in picture.lanes
    )
    return (
        f'<figure class="figure">{svg(picture)}<figcaption>{escape(caption or picture.title)}</figcaption>'
        f"<details><summary>The data of this figure</summary>{f'<ul>{lanes}</ul>' if lanes else ''}"
        '<div class="figure__data" tabindex="0" role="region" aria-label="Data of the figure"><table>'
        f"<thead>{head}</thead><tbody>{cells}</tbody></table></div></details></figure>"
    )


def figure_markdown(picture: Picture, caption: str) -> str:
    """Return the figure as text and a table, for what cannot hold a picture."""
    lines = [
        f"*{caption or picture.title}.* {alt_text(picture)}",
        "",
        f"| From | {picture.unit.capitalize()} |",
        "|---|--:|",
    ]
    return "\n".join([*lines, *(f"| {day} | {count} |" for day, count in rows(picture))])
