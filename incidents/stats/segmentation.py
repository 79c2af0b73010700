"""Exact best segmentations of a series under several costs: dynamic programming, compiled.

Each cost is the negative log likelihood (or a distance) of one segment; a penalty per change point keeps their number
honest. The search is exact and takes time of the order of the square of the length (optimal partitioning, Jackson and
others 2005, doi:10.1109/LSP.2001.838216).
"""

import math

import numpy as np
from numpy.typing import NDArray

from incidents.stats.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEVEL, LEVEL_AND_SPREAD, AUTOREGRESSIVE, TREND, MARGINAL = range(5)
SMALL = 1e-8


@compiled
def _cost(kind: int, a: int, b: int, s: Floats, floor: float) -> float:
    """Cost of the segment [a, b) from cumulative sums `s` (6, n + 1): y, y^2, t, t^2, t y, lag products."""
    n = b - a
    y, yy = s[0, b] - s[0, a], s[1, b] - s[1, a]
    square = max(yy - y * y / n, 0.0)
    if kind == 0:
        return float(square)
    if kind == 1:
        return n * math.log(max(square / n, floor))
    if kind == 2:
        # least squares of y_t on 1 and y_(t-1) within the segment
        m = n - 1
        if m < 3:
            return n * math.log(max(square / n, floor))
        x, xx = s[0, b - 1] - s[0, a], s[1, b - 1] - s[1, a]
        z, zz = s[0, b] - s[0, a + 1], s[1, b] - s[1, a + 1]
        xz = s[5, b] - s[5, a + 1]
        sxx, szz, sxz = xx - x * x / m, zz - z * z / m, xz - x * z / m
        left = szz - sxz * sxz / sxx if sxx > floor else szz
        return n * math.log(max(left / m, floor))
    if kind == 3:
        t, tt, ty = s[2, b] - s[2, a], s[3, b] - s[3, a], s[4, b] - s[4, a]
        stt, sty = tt - t * t / n, ty - t * y / n
        left = square - sty * sty / stt if stt > SMALL else square
        return n * math.log(max(left / n, floor))
    # marginal likelihood under a normal-inverse-gamma prior (mean 0, precision 1, shape 1, scale 1)
    kappa, alpha = 1.0 + n, 1.0 + 0.5 * n
    beta = 1.0 + 0.5 * square + 0.5 * (n / kappa) * (y / n) ** 2
    evidence = math.lgamma(alpha) - alpha * math.log(beta) - 0.5 * math.log(kappa) - 0.5 * n * math.log(2.0 * math.pi)
    return -2.0 * evidence


@compiled
def _partition(kind: int, s: Floats, n: int, penalty: float, least: int, floor: float) -> Ints:
    best = np.full(n + 1, np.inf)
    best[0] = -penalty
    before = np.zeros(n + 1, np.int64)
    for b in range(least, n + 1):
        for a in range(b - least + 1):
            if best[a] == np.inf:
                continue
            value = best[a] + _cost(kind, a, b, s, floor) + penalty
            if value < best[b]:
                best[b] = value
                before[b] = a
    count = 0
    at = n
    while at > 0:
        at = before[at]
        if at > 0:
            count += 1
    out = np.empty(count, np.int64)
    at = n
    while at > 0:
        at = before[at]
        if at > 0:
            count -= 1
            out[count] = at
    return out


def segment(series: Floats, kind: int, penalty: float, *, least: int = 2) -> Ints:
    """Return the first indices of all segments but the first.

    Parameters
    ----------
    series : (n,) array
        Without gaps; scale it before (`MARGINAL` and `LEVEL` expect unit variance).
    kind : int
        `LEVEL`, `LEVEL_AND_SPREAD`, `AUTOREGRESSIVE`, `TREND` or `MARGINAL`.
    penalty : float
        Cost of one change point.
    least : int
        Fewest points of a segment.

    Examples
    --------
    >>> segment(np.r_[np.zeros(20), np.full(20, 5.0)], LEVEL, 3.0).tolist()
    [20]
    """
    n = len(series)
    if n < 2 * least:
        return np.zeros(0, np.int64)
    t = np.arange(n, dtype=np.float64)
    lagged = np.append(0.0, series[1:] * series[:-1])
    rows = np.array([series, series**2, t, t**2, t * series, lagged])
    sums = np.concatenate([np.zeros((6, 1)), np.cumsum(rows, axis=1)], axis=1)
    floor = max(1e-4 * float(np.var(series)), SMALL)
    return np.asarray(_partition(kind, sums, n, penalty, least, floor))
