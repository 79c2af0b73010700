"""Metric timelines as Plotly figures: a line a series with its interval, the range inside a bin, gaps left open.

A point of a shown series is a bin of the axis: mean, least and greatest value, and the standard error of the mean, so
that a spike of one hour survives in a picture of three months.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from incidents.charts.typed import TIME_LEVELS, Numbers, Plain, float32

Z95 = 1.959964
DASHES = ("solid", "dash", "dot", "dashdot")
# A stretch without points this many times the usual spacing is silence, not a straight line.
SILENCE = 3.0
FEW_POINTS = 90  # below it each point is marked as well


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One series over time: hours on the axis, mean per bin, its extremes, and its standard error (NaN: not known)."""

    name: str
    at: Numbers
    mean: Numbers
    least: Numbers
    greatest: Numbers
    stderr: Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A span (hours) in which a source said nothing though it usually speaks."""

    start: float
    end: float


def gaps(at: Numbers, window: tuple[float, float]) -> list[Gap]:
    """Return where a series is silent inside the window: more than three times its median spacing, at either end too.

    A series of fewer than four points has no cadence that it could miss.
    """
    if len(at) < 4:
        return []
    usual = float(np.median(np.diff(at)))
    edges = np.concatenate([[window[0]], at[(at >= window[0]) & (at <= window[1])], [window[1]]])
    found = []
    for i in np.flatnonzero(np.diff(edges) > SILENCE * usual):
        start = edges[i] if i == 0 else edges[i] + usual / 2
        end = edges[i + 1] if i == len(edges) - 2 else edges[i + 1] - usual / 2
        found.append(Gap(start=float(start), end=float(end)))
    return found


def broken(line: Line, silent: Sequence[Gap]) -> tuple[Numbers, ...]:
    """Return (at, mean, least, greatest, stderr) with a NaN inside each gap, so that no line runs across it."""
    if not len(line.at) or not silent:
        return line.at, line.mean, line.least, line.greatest, line.stderr
    middles = np.array([(gap.start + gap.end) / 2 for gap in silent])
    middles = middles[(middles > line.at[0]) & (middles < line.at[-1])]
    where = np.searchsorted(line.at, middles)
    columns = (line.mean, line.least, line.greatest, line.stderr)
    return np.insert(line.at, where, middles), *(np.insert(column, where, np.nan) for column in columns)


def metric_figure(lines: Sequence[Line], silent: Sequence[Sequence[Gap]]) -> Plain:
    """Draw the lines of one metric; `silent` holds each line's gaps. The first line is drawn darkest."""
    data: list[Plain] = []
    for i, line in enumerate(lines):
        at, mean, least, greatest, stderr = broken(line, silent[i])
        x = float32(at, levels=TIME_LEVELS)
        if np.any(greatest - least > 0):
            data += _band(line.name, x, least, greatest, alpha=0.08, role="range")
        if np.any(np.isfinite(stderr)):
            reach = np.where(np.isfinite(stderr), stderr * Z95, 0.0)
            data += _band(line.name, x, mean - reach, mean + reach, alpha=0.2, role="interval")
        trace: Plain = {
            "type": "scatter",
            "mode": "lines+markers" if len(line.at) <= FEW_POINTS else "lines",
            "name": line.name,
            "x": x,
            "y": float32(mean),
            "connectgaps": False,
            "line": {"width": 1.6, "color": f"--ink/{_tone(i)}", "dash": DASHES[i % len(DASHES)]},
            "meta": {"role": "line"},
        }
        if trace["mode"] == "lines+markers":
            trace["marker"] = {"size": 4, "color": f"--ink/{_tone(i)}"}
        data.append(trace)
    return {"data": data, "layout": _layout(_range(lines))}


def _tone(i: int) -> float:
    return round(max(1.0 - 0.18 * i, 0.4), 2)


def _band(name: str, x: Plain, low: Numbers, high: Numbers, *, alpha: float, role: str) -> list[Plain]:
    """Return two unseen lines with the space between them filled; a band is broken where its line is."""
    common: Plain = {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": x,
        "line": {"width": 0, "color": "--ink-3"},
        "connectgaps": False,
    }
    return [
        {**common, "y": float32(low), "meta": {"role": f"{role}-low"}},
        {
            **common,
            "y": float32(high),
            "fill": "tonexty",
            "fillcolor": f"--ink-3/{alpha}",
            "meta": {"role": f"{role}-high"},
        },
    ]


def _range(lines: Sequence[Line]) -> tuple[float, float]:
    """Return a scale that holds every value with some air; it starts at 0 where the values come near it."""
    if not any(len(line.at) for line in lines):
        return 0.0, 1.0
    low = min(float(np.nanmin(line.least)) for line in lines if len(line.at))
    high = max(float(np.nanmax(line.greatest)) for line in lines if len(line.at))
    for line in lines:
        known = np.isfinite(line.stderr)
        if known.any():
            low = min(low, float(np.min(line.mean[known] - Z95 * line.stderr[known])))
            high = max(high, float(np.max(line.mean[known] + Z95 * line.stderr[known])))
    air = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    floor = 0.0 if 0 <= low < 0.35 * high else low - air
    return floor, high + air


def _layout(scale: tuple[float, float]) -> Plain:
    return {
        "showlegend": False,
        "margin": {"l": 44, "r": 0, "t": 4, "b": 4, "pad": 0},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hovermode": False,
        "dragmode": False,
        "xaxis": {"visible": False, "fixedrange": True},
        "yaxis": {
            "range": [scale[0], scale[1]],
            "fixedrange": True,
            "nticks": 3,
            "showgrid": True,
            "gridcolor": "--line",
            "zeroline": False,
            "tickfont": {"color": "--ink-3", "size": 11},
            "ticks": "",
            "exponentformat": "SI",
        },
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalPoint:
    """One evaluation run: the drop it measured and the least it could have seen (shares of tasks; NaN: unknown)."""

    at: float
    name: str
    difference: float
    detectable: float


def eval_figure(points: Sequence[EvalPoint]) -> Plain:
    """Draw evaluation runs as points with a bar as long as the smallest effect that their size could show, in points.

    A point whose bar reaches past its effect says "no difference seen", which is not "no difference".
    """
    at = np.array([point.at for point in points])
    difference = np.array([point.difference for point in points]) * 100
    detectable = np.array([point.detectable for point in points]) * 100
    reach = np.nanmax(np.abs(np.concatenate([difference, detectable, [5.0]]))) * 1.15
    data: list[Plain] = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": "Detectable effect",
            "x": float32(np.repeat(at, 3)),
            "y": float32(np.ravel(np.column_stack([-detectable, detectable, np.full(len(at), np.nan)]))),
            "line": {"width": 5, "color": "--ink-3/0.3"},
            "meta": {"role": "detectable"},
        },
        {
            "type": "scatter",
            "mode": "markers",
            "name": "Difference to the baseline",
            "x": float32(at),
            "y": float32(difference),
            "marker": {"size": 8, "symbol": "diamond", "color": "--ink"},
            "meta": {"role": "difference"},
        },
    ]
    layout = _layout((-float(reach), float(reach)))
    layout["yaxis"] |= {"zeroline": True, "zerolinecolor": "--ink-3", "zerolinewidth": 1}
    return {"data": data, "layout": layout}
