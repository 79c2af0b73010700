"""Two segments' complaints against each other: both rates on one scale and, below, how far they part.

Where use is counted a rate is complaints per 1,000 uses. Elsewhere each side is divided by its own mean, before the
change where there is one: then 1 is "as usual for this side". The intervals are those of Poisson counts; half a
complaint is added to each count's variance, so that an empty bin is not taken for a sure zero.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from incidents.charts.axis import Bins
from incidents.charts.complaints import ceiling_of, layout_of, step, y_axis
from incidents.charts.typed import Numbers, Plain, float32

PER = 1000.0  # uses
Z95 = 1.959964
# The scale of the difference holds this share of all intervals; a bin of three complaints must not flatten the rest.
HELD = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side: its name, its complaints per bin, and its use per bin where that is counted."""

    name: str
    counts: Numbers
    use: Numbers | None
    colour: str  # a token
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A rate per bin with its variance; NaN where there is nothing to divide by."""

    value: Numbers
    variance: Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """How far two rates part over a stretch, with its 95 % interval."""

    value: float
    low: float
    high: float


def rates_of(first: Side, second: Side, bins: Bins, before: NDArray[np.bool_] | None) -> tuple[Rate, Rate]:
    """Return both sides' rates; `before` marks the bins before the change, None where there is no change."""
    return _rate(first, second, bins, before), _rate(second, first, bins, before)


def is_per_use(first: Side, second: Side) -> bool:
    """Tell whether both sides' use is counted."""
    return first.use is not None and second.use is not None


def _rate(side: Side, other: Side, bins: Bins, before: NDArray[np.bool_] | None) -> Rate:
    variance = side.counts + 0.5
    if side.use is not None and other.use is not None:
        scale = np.where(side.use > 0, PER / np.maximum(side.use, 1e-12), np.nan)
        return Rate(value=side.counts * scale, variance=variance * scale**2)
    widths = np.diff(bins.hours)
    chosen = np.ones(bins.n, dtype=bool) if before is None or side.counts[before].sum() <= 0 else before
    n = side.counts[chosen].sum()
    if n <= 0:
        return Rate(value=np.full(bins.n, np.nan), variance=np.full(bins.n, np.nan))
    scale = widths[chosen].sum() / (n * widths)
    value = side.counts * scale
    # The mean that a side is divided by is itself uncertain.
    return Rate(value=value, variance=variance * scale**2 + value**2 / n)


def gap_over(rates: tuple[Rate, Rate], bins: Bins, chosen: NDArray[np.bool_]) -> Gap | None:
    """Return the mean difference (first less second) over some bins, weighted by their length; None without any."""
    weight = np.diff(bins.hours) * (chosen & np.isfinite(rates[0].value) & np.isfinite(rates[1].value))
    if weight.sum() <= 0:
        return None
    weight = weight / weight.sum()
    value = float(np.nansum(weight * (rates[0].value - rates[1].value)))
    reach = Z95 * float(np.sqrt(np.nansum(weight**2 * (rates[0].variance + rates[1].variance))))
    return Gap(value=value, low=value - reach, high=value + reach)


def contrast(first: Side, second: Side, rates: tuple[Rate, Rate], bins: Bins) -> Plain:
    """Draw two sides and their difference with its interval."""
    x = float32(bins.hours)
    data = [_line(side, rate, x) for side, rate in zip((first, second), rates, strict=True)]
    difference = rates[0].value - rates[1].value
    reach = Z95 * np.sqrt(rates[0].variance + rates[1].variance)
    band: Plain = {"type": "scatter", "mode": "lines", "name": "Its 95 % interval", "x": x, "yaxis": "y2"}
    edge = {"shape": "hv", "width": 0, "color": first.colour}
    data += [
        {**band, "y": float32(step(difference - reach)), "line": edge, "meta": {"role": "interval-low"}},
        {
            **band,
            "y": float32(step(difference + reach)),
            "line": edge,
            "fill": "tonexty",
            "fillcolor": f"{first.colour}/0.2",
            "meta": {"role": "interval-high"},
        },
        {
            **band,
            "name": "Difference",
            "y": float32(step(difference)),
            "line": {"shape": "hv", "width": 1.4, "color": first.colour},
            "meta": {"role": "difference"},
        },
    ]
    known = np.isfinite(difference)
    reaches = np.abs(difference[known]) + reach[known]
    limit = float(np.quantile(reaches, HELD)) if len(reaches) else 1.0
    limit = max(limit, float(np.abs(difference[known]).max(initial=0.0))) * 1.05 or 1.0
    top = np.fmax(rates[0].value, rates[1].value)
    axes = [y_axis(0.44, 1.0, ceiling_of(top)), y_axis(0.0, 0.36, 1.0, few=True)]
    axes[1] |= {"range": [-limit, limit], "zeroline": True, "zerolinecolor": "--ink-3", "zerolinewidth": 1}
    return {"data": data, "layout": layout_of(axes)}


def _line(side: Side, rate: Rate, x: Plain) -> Plain:
    line: Plain = {"shape": "hv", "color": side.colour, "width": 1.8}
    if side.role == "unexposed":
        line |= {"width": 1.4, "dash": "dot"}
    return {
        "type": "scatter",
        "mode": "lines",
        "name": side.name,
        "x": x,
        "y": float32(step(rate.value)),
        "yaxis": "y",
        "line": line,
        "meta": {"role": side.role},
    }
