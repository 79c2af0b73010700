"""Where a metric changed its behaviour: a vote of cheap detectors with fixed settings.

Question
    At which points did a series change level, spread, trend or rhythm?
Model
    A steady season is taken out. Then five exact segmentations (two autoregressive, one of trends, one of level and
    spread, one Bayesian of the level) of the standardised series; a point stands where at least three of them mark it
    within five steps of each other. No single method wins on all kinds of series, and a vote of untuned ones beats each
    of them, as Mozilla found too (arXiv 2606.18377).
Assumptions
    Even spacing; gaps are filled in straight lines. Segments have six points or more.
Failure modes
    A season that changes its shape or grows with the level is left in part, and the vote mutes it, no more. Single
    outliers are not change points.
Measured
    benchmarks/change_points.py, on the Turing change point series: see docs/statistics/change-points.md.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from incidents.stats.season import season_length, without_season
from incidents.stats.segmentation import AUTOREGRESSIVE, LEVEL_AND_SPREAD, MARGINAL, TREND, segment

Floats = NDArray[np.float64]
VOTES = 3
NEAR = 5  # steps within which marks mean the same point
LEAST = 6  # points of a segment
LONGEST = 1500  # longer series are averaged to so many points
# Cost and its weight: penalty in units of log n, for the Bayesian detector the prior mean length of a segment.
DETECTORS = ((AUTOREGRESSIVE, 6.0), (AUTOREGRESSIVE, 10.0), (TREND, 12.0), (MARGINAL, 200.0), (LEVEL_AND_SPREAD, 8.0))
DROP_90 = 1.353  # half of the 90 % point of chi-square with one degree of freedom


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePoint:
    """`index` is the first point of the new regime; it lies in [low, high] with 90 % confidence; `votes` of five.

    `before` and `after` are the means of the regimes on both sides.
    """

    index: int
    low: int
    high: int
    votes: int
    before: float
    after: float


def change_points(series: Floats) -> tuple[ChangePoint, ...]:
    """Return the change points of a series in order.

    Parameters
    ----------
    series : (n,) array
        Evenly spaced values; NaN where there is none.

    Returns
    -------
    tuple of ChangePoint

    Examples
    --------
    >>> noise = np.sin(np.arange(60) * 2.3)
    >>> [p.index for p in change_points(np.r_[np.zeros(30), np.full(30, 4.0)] + noise)]
    [30]
    """
    values = np.asarray(series, dtype=np.float64)
    known = np.flatnonzero(np.isfinite(values))
    if len(known) < 2 * LEAST:
        return ()
    filled = np.interp(np.arange(len(values)), known, values[known])
    width = -(-len(filled) // LONGEST)
    coarse = _averaged(filled, width)
    scaled = prepared(coarse)
    if scaled is None:
        return ()
    places = vote([marks(scaled, kind, weight) for kind, weight in DETECTORS])
    bounds = [0, *[index for index, _ in places], len(coarse)]
    out = []
    for number, (index, votes) in enumerate(places, 1):
        low, high = _interval(scaled, bounds[number - 1], index, bounds[number + 1])
        out.append(
            ChangePoint(
                index=index * width,
                low=low * width,
                high=high * width,
                votes=votes,
                before=float(coarse[bounds[number - 1] : index].mean()),
                after=float(coarse[index : bounds[number + 1]].mean()),
            )
        )
    return tuple(out)


def prepared(series: Floats) -> Floats | None:
    """Return the series (n,) without its season, mean 0 and variance 1; None where it does not vary."""
    period = season_length(series)
    level = series if period is None else without_season(series, period)
    spread = float(level.std())
    if spread <= 1e-12 * max(abs(float(level.mean())), 1.0):
        return None
    return np.asarray((level - level.mean()) / spread, dtype=np.float64)


def marks(scaled: Floats, kind: int, weight: float) -> list[int]:
    """Return where one detector (see `DETECTORS`) begins a new segment of a prepared series."""
    penalty = 2 * float(np.log(weight)) if kind == MARGINAL else weight * float(np.log(len(scaled)))
    return [int(at) for at in segment(scaled, kind, penalty, least=LEAST)]


def vote(marked: list[list[int]]) -> list[tuple[int, int]]:
    """Return (index, votes) where enough detectors agree, the most agreed first taken, then in order."""
    points = sorted((at, detector) for detector, own in enumerate(marked) for at in own)
    out = []
    while points:
        best: list[tuple[int, int]] = []
        most = 0
        for at, _ in points:
            near = [p for p in points if 0 <= p[0] - at <= NEAR]
            votes = len({detector for _, detector in near})
            if votes > most:
                best, most = near, votes
        if most < VOTES:
            break
        out.append((int(np.median([at for at, _ in best])), most))
        first, last = best[0][0], best[-1][0]
        points = [p for p in points if p[0] < first - NEAR or p[0] > last + NEAR]
    return sorted(out)


def _interval(scaled: Floats, start: int, index: int, stop: int) -> tuple[int, int]:
    """Positions whose split of [start, stop) is nearly as likely as the best, contiguous around `index`."""
    part = scaled[start:stop]
    n = len(part)
    least = min(3, n // 2)
    if least < 1 or n < 2 * least:
        return index, index
    total = np.concatenate([[0.0], np.cumsum(part)])
    square = np.concatenate([[0.0], np.cumsum(part**2)])
    at = np.arange(least, n - least + 1)
    left = square[at] - total[at] ** 2 / at
    right = (square[-1] - square[at]) - (total[-1] - total[at]) ** 2 / (n - at)
    fit = -0.5 * n * np.log(np.maximum((left + right) / n, 1e-12))
    here = int(np.clip(index - start - least, 0, len(at) - 1))
    likely = fit >= fit[max(0, here - NEAR) : here + NEAR + 1].max() - DROP_90
    low = high = here
    while low > 0 and likely[low - 1]:
        low -= 1
    while high < len(at) - 1 and likely[high + 1]:
        high += 1
    return min(start + int(at[low]), index), max(start + int(at[high]), index)


def _averaged(series: Floats, width: int) -> Floats:
    if width <= 1:
        return series
    starts = np.arange(0, len(series), width)
    return np.asarray(np.add.reduceat(series, starts) / np.diff(np.append(starts, len(series))), dtype=np.float64)
