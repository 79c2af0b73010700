"""Is today's count above what the past weeks lead one to expect?

Question
    A count per day: is the newest day (or few days) higher than its own history explains?
Model
    Counts are negative binomial around a log-linear mean: level, weekday and, where it is plain, a trend. Fitted by
    quasi-Poisson regression; days that stood out before are weighted down, so that an earlier outbreak does not raise
    the bar. The threshold is the upper quantile of the negative binomial whose variance is the fitted dispersion times
    the mean plus the variance of the fitted mean. After Farrington and others 1996 (JRSS A 159:547) with the weights
    and the quantile of Noufaily and others 2013 (Statistics in Medicine 32:1206).
Assumptions
    Days are independent given level, weekday and trend. The last `guard` days before the tested one are left out of
    the history, since a slow rise would otherwise hide itself.
Failure modes
    With under four weeks of history weekdays are not told apart, with under two nothing is said. Days off that fall
    on no weekday in particular look like lows, never like spikes.
Measured
    tests/stats/test_expected_rate.py: false alarms at 1 % on simulated overdispersed weeks; the regression agrees with
    statsmodels.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FEWEST_DAYS, FEWEST_FOR_WEEKDAYS = 14, 28
LONGEST = 182  # days of history: older ones say little about today
GUARD = 7
OUTLIER = 2.58  # standardised residual from which a past day is weighted down
WEEKDAY_PRECISION = 2.0  # ridge on weekday effects: log effects of about 0.7 are plausible
TREND_T = 1.96
_STEPS, _CLOSE, _TINY, _ROUNDS = 50, 1e-9, 1e-9, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedRate:
    """What was expected of the tested day and what was seen; `upper` is the count from which it is an alarm.

    `p` is the probability of a count this high or higher; `dispersion` the variance over the mean (1: Poisson).
    """

    observed: float
    expected: float
    upper: float
    p: float
    dispersion: float
    has_trend: bool
    n_history: int

    @property
    def is_high(self) -> bool:
        """Tell whether the count lies above the threshold."""
        return self.observed > self.upper


def expected_rate(
    counts: Floats, *, first_weekday: int = 0, alpha: float = 0.01, guard: int = GUARD, least: float = 3.0
) -> ExpectedRate | None:
    """Compare the last day of a series with its history; None where there is too little of it.

    Parameters
    ----------
    counts : (n,) array
        Counts per day in order, the tested day last.
    first_weekday : int
        Weekday of the first count, 0 for Monday.
    alpha : float
        Probability of an alarm where nothing happened.
    guard : int
        Days before the tested one that are left out of the history.
    least : float
        No count up to this is an alarm, however rare.

    Examples
    --------
    >>> quiet = np.array([2, 3, 1, 2, 2, 3, 2] * 6, dtype=float)
    >>> found = expected_rate(np.append(quiet, 12.0))
    >>> found.is_high, found.p < 0.001, expected_rate(quiet).is_high
    (True, True, False)
    """
    counts = np.asarray(counts, dtype=np.float64)
    left_out = max(0, len(counts) - (LONGEST + guard + 1))
    counts, first_weekday = counts[left_out:], (first_weekday + left_out) % 7
    n = len(counts) - 1 - guard
    if n < FEWEST_DAYS:
        return None
    day = np.arange(len(counts))
    past = counts[:n]
    columns, penalty = _design(day, n, first_weekday, trend=True)
    fit = _fit(columns[:n], past, penalty)
    has_trend = abs(fit.coefficient[1]) > TREND_T * np.sqrt(fit.covariance[1, 1] * fit.dispersion)
    # A trend that carries the expectation beyond all that was ever seen is not believed.
    if has_trend and float(np.exp(columns[-1] @ fit.coefficient)) > max(past.max(), 1.0):
        has_trend = False
    if not has_trend:
        columns, penalty = _design(day, n, first_weekday, trend=False)
        fit = _fit(columns[:n], past, penalty)
    row = columns[-1]
    mean = float(np.exp(min(row @ fit.coefficient, 50.0)))
    spread = fit.dispersion * mean + fit.dispersion * mean**2 * float(row @ fit.covariance @ row)
    tail = _tail(mean, spread)
    return ExpectedRate(
        observed=float(counts[-1]),
        expected=mean,
        upper=max(float(tail.isf(alpha)), least),
        p=float(tail.sf(counts[-1] - 1.0)),
        dispersion=fit.dispersion,
        has_trend=bool(has_trend),
        n_history=n,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class QuasiPoisson:
    """A fitted regression: coefficients (p,), their covariance at dispersion 1 (p, p), the dispersion."""

    coefficient: Floats
    covariance: Floats
    dispersion: float


def _design(day: NDArray[np.int64], n: int, first_weekday: int, *, trend: bool) -> tuple[Floats, Floats]:
    """Return the columns (days, p) and the ridge on each coefficient."""
    columns = [np.ones(len(day))]
    penalty = [0.0]
    if trend:
        columns.append((day - n / 2.0) / n)
        penalty.append(0.0)
    if n >= FEWEST_FOR_WEEKDAYS:
        weekday = (day + first_weekday) % 7
        columns += [(weekday == one).astype(np.float64) for one in range(7)]
        penalty += [WEEKDAY_PRECISION] * 7
    return np.column_stack(columns), np.array(penalty)


def _fit(columns: Floats, counts: Floats, penalty: Floats) -> QuasiPoisson:
    """Fit, weight days that stood out down, and fit again until that settles."""
    fit = _irls(columns, counts, penalty, np.ones(len(counts)))
    for _ in range(_ROUNDS):
        mean = np.exp(np.clip(columns @ fit.coefficient, -50.0, 50.0))
        # Anscombe's residual of a Poisson count, which is nearly normal. Its spread is taken from the middle days,
        # since an outbreak would hide in a dispersion that it made itself.
        residual = 1.5 * (counts ** (2 / 3) - mean ** (2 / 3)) / np.maximum(mean, 0.05) ** (1 / 6)
        residual = residual / max(1.0, 1.4826 * float(np.median(np.abs(residual - np.median(residual)))))
        weight = np.where(residual > OUTLIER, (OUTLIER / np.maximum(residual, OUTLIER)) ** 2, 1.0)
        if (weight == 1.0).all():
            break
        fit = _irls(columns, counts, penalty, weight)
    return fit


def _irls(columns: Floats, counts: Floats, penalty: Floats, weight: Floats) -> QuasiPoisson:
    """Fit a weighted Poisson regression with a log link by iteratively reweighted least squares."""
    beta = np.zeros(columns.shape[1])
    beta[0] = np.log(max(float(np.average(counts, weights=weight)), 0.05))
    ridge = np.diag(penalty + _TINY)
    bend = ridge
    for _ in range(_STEPS):
        mean = np.exp(np.clip(columns @ beta, -50.0, 50.0))
        bend = (columns.T * (weight * mean)) @ columns + ridge
        step = np.linalg.solve(bend, columns.T @ (weight * (counts - mean)) - (penalty + _TINY) * beta)
        beta = beta + np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < _CLOSE:
            break
    mean = np.exp(np.clip(columns @ beta, -50.0, 50.0))
    freedom = max(len(counts) - np.trace(np.linalg.solve(bend, bend - ridge)), 1.0)
    dispersion = max(1.0, float((weight * (counts - mean) ** 2 / np.maximum(mean, 0.05)).sum() / freedom))
    return QuasiPoisson(
        coefficient=beta, covariance=np.asarray(np.linalg.inv(bend), dtype=np.float64), dispersion=dispersion
    )


def _tail(mean: float, variance: float) -> Any:
    """Return the distribution of the tested count: negative binomial, or Poisson where its variance says so."""
    from scipy import stats  # heavy: a page that asks for no such test does not pay for it

    if variance <= mean * (1.0 + 1e-6):
        return stats.poisson(mean)
    size = mean**2 / (variance - mean)
    return stats.nbinom(size, size / (size + mean))
