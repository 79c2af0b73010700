"""Which changes moved a metric: one posterior over all of them, against noise that may drift.

Question
    How much likelier is this metric's course if change j moved it than if it did not, when other changes may have?
Model
    y_tg = level_g + common_t + sum over changes of beta_j x_jtg + noise_tg. What all groups share, and what sets each
    apart, are two independent series of noise: autoregressive, plus a random walk and a straight trend whose variances
    are estimated. A counter that grows therefore proves nothing, a step in a quiet series does. Effects are a sum of
    single effects (Wang and others 2020, doi:10.1111/rssb.12388): each belongs to one change or to none, so that
    changes with the same exposure share it.
Assumptions
    Gaussian noise, equal in all groups; effects in proportion to the exposed share; a move of about
    `TYPICAL` standard deviations of a group's noise at full exposure.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.special import log_ndtr

Floats = NDArray[np.float64]
CORRELATIONS = (0.0, 0.4, 0.8)
WALKS = (0.0, 0.003, 0.03, 0.3)  # variance of a random walk's step, in variances of the noise
TRENDS = (0.01, 1.0, 100.0)  # variance of the trend's rise over the window, in variances of the noise
TYPICAL = 1.5
MOST_EFFECTS = 4
ROUNDS = 12
FEWEST = 8  # times
LARGEST = 1e6


@dataclass(frozen=True, slots=True)
class _Noise:
    correlation: float = 0.4
    walk: float = 0.003
    trend: float = 1.0


def moved_factors(
    values: Floats, exposures: Floats, *, adverse: int = 0, scale: float = 1.0, moves: float = 0.08
) -> Floats:
    """Return the Bayes factor of each change for having moved the metric.

    Parameters
    ----------
    values : (T, G) array
        The metric at regular times in groups; NaN where there is no point.
    exposures : (J, T, G) array
        Exposed share of each change, 0 to 1.
    adverse : int
        -1 where only a fall counts, 1 where only a rise does, 0 for both.
    scale : float
        Standard deviation of a group's noise, in the metric's unit.
    moves : float
        Prior probability that a change moves this metric.

    Returns
    -------
    (J,) array
        1 where the metric cannot tell.

    Examples
    --------
    >>> y = np.random.default_rng(1).normal(size=(40, 3)); x = np.zeros((2, 40, 3))
    >>> x[0, 20:] = 1; x[1, 8:] = 1; y -= 1.5 * x[0]
    >>> factors = moved_factors(y, x, adverse=-1)
    >>> bool(factors[0] > 50 and factors[1] < 2)
    True
    """
    n_changes, n_times, n_groups = exposures.shape
    if n_changes == 0 or n_times < FEWEST or scale <= 0:
        return np.ones(n_changes)
    common, apart = _split(np.concatenate([values[None] / scale, exposures]), ~np.isnan(values))
    parts = [common] + ([apart] if n_groups > 1 else [])
    noises = [_Noise()] * len(parts)
    effect = np.zeros(n_changes)
    owners = np.zeros((0, n_changes))
    for _ in range(2):
        noises = [_fit_noise(part, effect, noise) for part, noise in zip(parts, noises, strict=True)]
        statistics = [_statistics(part, effect, noise) for part, noise in zip(parts, noises, strict=True)]
        bend = np.asarray(sum(one[0] for one in statistics))
        pull = np.asarray(sum(one[1] for one in statistics))
        owners, effect = _single_effects(bend, pull, adverse, moves)
    return _factors(owners, n_changes, moves)


def _split(stack: Floats, found: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return what groups share (C, T, 1) and what sets them apart (C, T, G), group means taken out."""
    out = np.where(found, stack, 0.0)
    by_group = np.maximum(found.sum(0), 1)
    by_time = np.maximum(found.sum(1), 1)[:, None]
    out = np.where(found, out - (out.sum(1) / by_group)[:, None, :], 0.0)
    common = out.sum(2)[:, :, None] / by_time
    # the common series weighs as much as all the groups it averages
    return common * np.sqrt(by_time.mean()), np.where(found, out - common, 0.0)


def _covariance(n: int, noise: _Noise) -> Floats:
    t = np.arange(n)
    out = noise.correlation ** np.abs(t[:, None] - t)
    out = out + noise.walk * (np.minimum(t[:, None], t) + 1.0)
    line = np.linspace(-0.5, 0.5, n)
    return np.asarray(out + noise.trend * np.outer(line, line), dtype=np.float64)


@lru_cache(maxsize=40)
def _factor(n: int, noise: _Noise) -> Floats:
    """Return the Cholesky factor of a covariance: every metric of as many times tries the same ones."""
    return np.asarray(np.linalg.cholesky(_covariance(n, noise)), dtype=np.float64)


def _whitened(part: Floats, noise: _Noise) -> tuple[Floats, float]:
    """Return the columns in units of independent noise, levels taken out (C, T, G), and the log determinant."""
    n_columns, n, groups = part.shape
    factor = _factor(n, noise)
    flat = part.transpose(1, 0, 2).reshape(n, -1)
    table = solve_triangular(factor, np.column_stack([np.ones(n), flat]), lower=True, check_finite=False)
    one, table = table[:, :1], table[:, 1:]
    square = float((one * one).sum())
    table = table - one * ((one * table).sum(0) / square)
    log_determinant = 2.0 * float(np.log(np.diag(factor)).sum()) + float(np.log(square))
    return table.reshape(n, n_columns, groups).transpose(1, 0, 2), log_determinant


def _squares(left: Floats) -> tuple[float, int]:
    """Sum of squares that effects leave (T, G), and its degrees of freedom."""
    n, groups = left.shape
    return float((left * left).sum()) + 1e-9, (n - 1) * max(groups - 1, 1)


def _fit_noise(part: Floats, effect: Floats, start: _Noise) -> _Noise:
    """Choose correlation, walk and trend by restricted likelihood, one after another."""

    left = (part[0] - np.tensordot(effect, part[1:], axes=1))[None]

    def value(noise: _Noise) -> float:
        table, log_determinant = _whitened(left, noise)
        square, freedom = _squares(table[0])
        return -0.5 * freedom * math.log(square) - 0.5 * log_determinant * max(int(part.shape[2]) - 1, 1)

    best = start
    for field, grid in (("correlation", CORRELATIONS), ("walk", WALKS), ("trend", TRENDS)):
        tried = [
            _Noise(**({"correlation": best.correlation, "walk": best.walk, "trend": best.trend} | {field: x}))
            for x in grid
        ]
        best = max(tried, key=value)
    return best


def _statistics(part: Floats, effect: Floats, noise: _Noise) -> tuple[Floats, Floats]:
    """Return X'X (J, J) and X'y (J,) in units of the noise's variance."""
    table, _ = _whitened(part, noise)
    square, freedom = _squares(table[0] - np.tensordot(effect, table[1:], axes=1))
    flat = table.reshape(len(table), -1)
    product = flat[1:] @ flat.T * (freedom / square)
    return product[:, 1:], product[:, 0]


def _single_effects(bend: Floats, pull: Floats, adverse: int, moves: float) -> tuple[Floats, Floats]:
    """Return each single effect's owners (L, J), and the mean effect of each change (J,)."""
    n = len(pull)
    n_effects = min(n, MOST_EFFECTS)
    any_owner = min(n * moves / n_effects, 0.9)
    square = np.maximum(np.diag(bend), 1e-9)
    slab = TYPICAL**2
    room = slab * square
    owners = np.zeros((n_effects, n))
    means = np.zeros((n_effects, n))
    for _ in range(ROUNDS):
        before = owners.copy()
        for one in range(n_effects):
            others = (owners * means).sum(0) - owners[one] * means[one]
            left = pull - bend @ others
            z = left / np.sqrt(square)
            log_factor = 0.5 * z * z * room / (1.0 + room) - 0.5 * np.log1p(room)
            if adverse:
                log_factor += np.log(2.0) + log_ndtr(adverse * z * np.sqrt(room / (1.0 + room)))
            odds = np.log(any_owner / n) + log_factor
            top = max(float(odds.max()), 0.0)
            weight = np.exp(odds - top)
            owners[one] = weight / (weight.sum() + (1.0 - any_owner) * np.exp(-top))
            means[one] = left / (square + 1.0 / slab)
        if np.abs(owners - before).max() < 1e-3:
            break
    return owners, np.asarray((owners * means).sum(0), dtype=np.float64)


def _factors(owners: Floats, n: int, moves: float) -> Floats:
    """Posterior odds of moving over prior odds."""
    n_effects = len(owners)
    prior = 1.0 - (1.0 - min(n * moves / n_effects, 0.9) / n) ** n_effects
    posterior = np.clip(1.0 - np.prod(1.0 - owners, axis=0), 1e-9, 1.0 - 1e-9)
    odds = posterior / (1.0 - posterior) * (1.0 - prior) / prior
    return np.asarray(np.minimum(odds, LARGEST), dtype=np.float64)
