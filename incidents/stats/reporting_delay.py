"""How long people take to report: the distribution of the delay from onset to report.

Question
    Given tickets that state when the trouble began, after how many hours do people report it?
Model
    None for the shape. The delays seen so far are right-truncated: a trouble that began a day ago can only have been
    reported within a day. The maximum likelihood estimate for such data goes through the hazard in reverse time
    (Lagakos, Barraj and De Gruttola 1988, Biometrika 75:515; Kalbfleisch and Lawless 1989, JASA 84:360). Intervals by
    resampling tickets.
Assumptions
    The delay does not depend on when the trouble began. Beyond the longest time that any ticket could have taken
    nothing is known: the distribution is that of delays up to `horizon`.
Failure modes
    People who state an onset may be slower or faster than those who do not. An onset known by its day is uncertain by
    half a day, and so is its delay. With few tickets from long ago the tail is unsure, which the intervals show.
Measured
    tests/stats/test_reporting_delay.py: unbiased on simulated truncated delays where the plain median is a third low.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FEWEST = 10
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayQuantile:
    """The delay in hours within which a share of reports arrives, with a 90 % interval."""

    share: float
    hours: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportingDelay:
    """`hours` (m,) increasing and `share` (m,): the share of reports within so many hours, of those within `horizon`.

    `mean` in hours, with its 90 % interval; `n` tickets; `naive_median` leaves the truncation out of account.
    """

    n: int
    horizon: float
    hours: Floats
    share: Floats
    mean: float
    mean_low: float
    mean_high: float
    quantiles: tuple[DelayQuantile, ...]
    naive_median: float


def reporting_delay(
    delay_hours: Floats, window_hours: Floats, *, draws: int = 200, seed: int = 20260423
) -> ReportingDelay | None:
    """Estimate the distribution of the delay; None for fewer than ten tickets.

    Parameters
    ----------
    delay_hours : (n,) array
        Hours from onset to report, 0 or more.
    window_hours : (n,) array
        Hours from each onset to the end of observation: the longest delay that could have been seen; at least the
        delay.
    draws : int
        Resamples for the intervals.

    Returns
    -------
    ReportingDelay or None

    Raises
    ------
    ValueError
        Where the arrays differ in length or a delay is negative or longer than its window.

    Examples
    --------
    >>> delays = np.array([1.0, 2.0, 2.0, 3.0, 5.0, 8.0, 1.0, 2.0, 4.0, 30.0])
    >>> found = reporting_delay(delays, np.full(10, 1000.0), draws=20)
    >>> [one.hours for one in found.quantiles if one.share == 0.5], round(found.mean, 1)
    ([2.0], 5.8)
    """
    delay, window = _checked(delay_hours, window_hours)
    if len(delay) < FEWEST:
        return None
    hours, share = _distribution(delay, window)
    rng = np.random.default_rng(seed)
    means, quantiles = [], []
    for _ in range(draws):
        drawn = rng.integers(0, len(delay), len(delay))
        some_hours, some_share = _distribution(delay[drawn], window[drawn])
        means.append(_mean(some_hours, some_share))
        quantiles.append([_quantile(some_hours, some_share, share_) for share_ in QUANTILES])
    low, high = np.quantile(np.array(quantiles), [0.05, 0.95], axis=0)
    mean_low, mean_high = np.quantile(np.array(means), [0.05, 0.95])
    return ReportingDelay(
        n=len(delay),
        horizon=float(window.max()),
        hours=hours,
        share=share,
        mean=_mean(hours, share),
        mean_low=float(mean_low),
        mean_high=float(mean_high),
        quantiles=tuple(
            DelayQuantile(share=q, hours=_quantile(hours, share, q), low=float(low[i]), high=float(high[i]))
            for i, q in enumerate(QUANTILES)
        ),
        naive_median=float(np.median(delay)),
    )


def delay_distribution(delay_hours: Floats, window_hours: Floats) -> tuple[Floats, Floats] | None:
    """Return the distinct delays and the share of reports within each; None for fewer than ten tickets.

    The same estimate as `reporting_delay`, without intervals.
    """
    delay, window = _checked(delay_hours, window_hours)
    return None if len(delay) < FEWEST else _distribution(delay, window)


def mixed_delay(parts: Sequence[tuple[Floats, Floats, float]]) -> tuple[Floats, Floats] | None:
    """Return the distribution of the delay over channels, each with its number of tickets whose delay nobody stated.

    Parameters
    ----------
    parts
        Per channel delays and windows in hours (see `reporting_delay`), and the channel's weight. A channel with fewer
        than ten tickets takes the distribution of all.

    Returns
    -------
    Distinct delays and the share of reports within each, or None where all channels together have too few.
    """
    everything = delay_distribution(np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts]))
    total = sum(weight for _, _, weight in parts)
    if everything is None or total <= 0:
        return everything
    hours = everything[0]
    share = np.zeros(len(hours))
    for delay, window, weight in parts:
        own_hours, own_share = delay_distribution(delay, window) or everything
        within = np.searchsorted(own_hours, hours, side="right")
        share += weight / total * np.concatenate([[0.0], own_share])[within]
    return hours, share


def _checked(delay_hours: Floats, window_hours: Floats) -> tuple[Floats, Floats]:
    delay = np.asarray(delay_hours, dtype=np.float64)
    window = np.asarray(window_hours, dtype=np.float64)
    if delay.shape != window.shape:
        raise ValueError(f"{len(delay)} delays for {len(window)} windows: give one window a delay.")
    if (delay < 0).any() or (window < delay).any():
        raise ValueError("A delay is negative or longer than its window: leave such tickets out.")
    return delay, window


def _distribution(delay: Floats, window: Floats) -> tuple[Floats, Floats]:
    """Return the distinct delays and the estimated share of reports within each."""
    hours, n_at = np.unique(delay, return_counts=True)
    # At risk in reverse time: delays up to this one that could have been as long.
    up_to = np.searchsorted(np.sort(delay), hours, side="right")
    too_short = np.searchsorted(np.sort(window), hours, side="left")
    at_risk = up_to - too_short
    keep = 1.0 - n_at / np.maximum(at_risk, n_at)
    # The share within a delay is the product over all longer delays of not having been exactly those.
    later = np.concatenate([np.cumprod(keep[::-1])[::-1][1:], [1.0]])
    return hours, np.asarray(later, dtype=np.float64)


def _mean(hours: Floats, share: Floats) -> float:
    return float((hours * np.diff(share, prepend=0.0)).sum())


def _quantile(hours: Floats, share: Floats, wanted: float) -> float:
    return float(hours[min(int(np.searchsorted(share, wanted - 1e-12)), len(hours) - 1)])
