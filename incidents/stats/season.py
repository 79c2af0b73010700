"""A steady season of a series: found in its steps, taken out around its trend.

Question
    Does the series repeat itself, as days of a week or months of a year do, and what is left without that?
Model
    Steps from point to point are correlated with the steps one period before. Where that correlation is a peak above
    one half, the season is the median per phase of what is left of the series around a moving mean of one period.
Assumptions
    Four periods at least; the same season throughout.
Failure modes
    A season that grows with the level is taken out only in the mean.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
REPEATS = 4  # periods that must be seen
SHORTEST = 4  # steps; shorter ups and downs are noise, not a season
STRONG = 0.5  # correlation of steps one period apart: the season makes up most of them


def season_length(series: Floats) -> int | None:
    """Return the period of a strong season in steps, None where there is none.

    Parameters
    ----------
    series : (n,) array
        Evenly spaced, without gaps.

    Examples
    --------
    >>> weeks = np.tile([5.0, 5.0, 5.0, 5.0, 5.0, 1.0, 0.0], 8)
    >>> season_length(weeks)
    7
    >>> season_length(np.random.default_rng(0).normal(0, 1, 60)) is None
    True
    """
    steps = np.diff(series)
    steps = steps - steps.mean() if len(steps) else steps
    longest = len(series) // REPEATS
    spread = float(steps @ steps)
    if longest < SHORTEST or spread <= 0.0:
        return None
    likeness = np.array([float(steps[lag:] @ steps[:-lag]) for lag in range(SHORTEST - 1, longest + 2)]) / spread
    peak = int(likeness[1:-1].argmax()) + 1
    if likeness[peak] < STRONG or likeness[peak] <= max(likeness[peak - 1], likeness[peak + 1]):
        return None
    return peak + SHORTEST - 1


def without_season(series: Floats, period: int) -> Floats:
    """Return the series less its season; the mean stays.

    Parameters
    ----------
    series : (n,) array
        At least two periods.
    period : int
        Steps after which the season repeats.

    Examples
    --------
    >>> weeks = np.tile([5.0, 5.0, 5.0, 5.0, 5.0, 1.0, 0.0], 8)
    >>> bool(np.ptp(without_season(weeks, 7)) < 1e-9)
    True
    """
    half = period // 2
    window = np.full(period, 1.0 / period)
    if period % 2 == 0:
        window = np.concatenate([[0.5 / period], window[1:], [0.5 / period]])
    trend = np.convolve(series, window, "valid")
    around = series[half : half + len(trend)] - trend
    phase = (np.arange(len(around)) + half) % period
    season = np.array([np.median(around[phase == p]) for p in range(period)])
    season -= season.mean()
    return np.asarray(series - season[np.arange(len(series)) % period], dtype=np.float64)
