"""Publicity that nobody logged: a sudden rise of all complaints at once that dies away within days.

Left unmodelled it would pass for day-to-day variation, and with days that noisy no change of the whole product
could ever be seen. Onset and decay are searched on the blocks' totals, the day-to-day variance profiled out.
"""

from dataclasses import dataclass

import numpy as np

from incidents.stats.attribution.evidence import Floats

DECAYS = (30.0, 75.0)  # hours
VARIANCES = (5e-4, 2e-3, 8e-3, 3e-2, 0.12, 0.4)
PRECISION = 1.0  # of a surge's log height
MOST = 3
FEWEST = 7  # blocks
LOG_PRIOR = float(np.log(0.4))
STIFF = 5.0  # coefficients with a wider prior than this use up a degree of freedom
LEAST, LARGEST = 3e-4, 0.5
TYPICAL, TYPICAL_SPREAD = 0.012, 1.0  # prior median of the day-to-day variance, and the spread of its logarithm
EVIDENT = 4.0  # log likelihood, above the number tried, from which a surge is set aside


def surge_column(hours: Floats, width: float, onset: float, decay: float) -> Floats:
    """Return the shape of a surge on the log scale, 1 at its height (D,)."""
    since = hours - onset
    into = np.clip(since / width + 0.5, 0.0, 1.0)
    return np.asarray(np.log1p(np.exp(-np.maximum(since, 0.0) / decay)) / np.log(2.0) * into, dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The blocks' totals against their expectation under a regression whose coefficients now stand at `offset`."""

    hours: Floats  # (D,)
    count: Floats  # (D,)
    expected: Floats  # (D,)
    design: Floats  # (D, p)
    precision: Floats  # (p,)
    offset: Floats  # (p,)


def candidates(hours: Floats) -> Floats:
    """Return the columns that are tried (D, C)."""
    width = float(np.median(np.diff(hours)))
    return np.array(
        [surge_column(hours, width, float(onset), decay) for onset in hours[1:] - 0.25 * width for decay in DECAYS]
    ).T


def best_surge(totals: Totals, variance: float) -> tuple[float, Floats] | None:
    """Return the log odds and the column of the likeliest surge, given the day-to-day variance."""
    if len(totals.hours) < FEWEST:
        return None
    table = candidates(totals.hours)
    residual = np.log((totals.count + 0.5) / (totals.expected + 0.5))
    noise = 1.0 / (totals.expected + 0.5) + variance
    _, gains, _ = _gains((totals.design, totals.precision, totals.offset), table, residual, noise)
    top = int(np.argmax(gains))
    return float(gains[top]) + LOG_PRIOR - float(np.log(table.shape[1])), table[:, top]


def calm_variance(totals: Totals) -> float:
    """Return the variance of days beyond Poisson once surges are set aside."""
    x, prior, centre = totals.design, totals.precision, totals.offset
    residual = np.log((totals.count + 0.5) / (totals.expected + 0.5))
    n = len(residual)
    table = candidates(totals.hours) if n >= FEWEST else np.zeros((n, 0))
    fitted = np.zeros(n)
    for found in range(MOST + 1):
        best_null, best, chosen = -np.inf, -np.inf, -1
        for phi in VARIANCES:
            null, gains, fit = _gains((x, prior, centre), table, residual, 1.0 / (totals.expected + 0.5) + phi)
            if null > best_null:
                best_null, fitted = null, x @ fit
            if len(gains) and null + gains.max() > best:
                best, chosen = null + float(gains.max()), int(np.argmax(gains))
        if found == MOST or chosen < 0 or best - best_null < EVIDENT + np.log(table.shape[1]):
            break
        x = np.hstack([x, table[:, chosen : chosen + 1]])
        prior = np.append(prior, PRECISION)
        centre = np.append(centre, 0.0)
    freedom = max(n - int((prior < STIFF).sum()) - (x.shape[1] - totals.design.shape[1]), 4)
    return level_variance(totals.count, totals.expected * np.exp(fitted), freedom)


def level_variance(observed: Floats, expected: Floats, freedom: int) -> float:
    """Return the likeliest variance of the blocks' log level beyond Poisson, under a log-normal prior."""
    expected = expected + 1e-9
    square = (observed - expected) ** 2 / expected
    grid = np.geomspace(LEAST, LARGEST, 41)
    spread = 1.0 + grid[:, None] * expected
    share = min(freedom / max(len(observed), 1), 1.0)
    fit = -0.5 * share * np.log(spread).sum(1) - 0.5 * (square / spread).sum(1)
    fit -= 0.5 * (np.log(grid / TYPICAL) / TYPICAL_SPREAD) ** 2
    return float(grid[int(np.argmax(fit))])


def _gains(
    regression: tuple[Floats, Floats, Floats], table: Floats, residual: Floats, variance: Floats
) -> tuple[float, Floats, Floats]:
    """Log likelihood of the regression, what each further column with a positive coefficient adds, coefficients."""
    x, prior, centre = regression
    weight = 1.0 / variance
    bend = (x.T * weight) @ x + np.diag(prior + 1e-9)
    slope = x.T @ (weight * residual) - prior * centre
    fit = np.linalg.solve(bend, slope)
    left = residual - x @ fit
    value = -0.5 * float((np.log(variance) + left**2 * weight).sum()) - 0.5 * float((prior * (centre + fit) ** 2).sum())
    cleaned = table - x @ np.linalg.solve(bend, (x.T * weight) @ table)
    score = (table * weight[:, None]).T @ left
    square = (table * cleaned * weight[:, None]).sum(0) + PRECISION
    gains = np.where(score > 0, 0.5 * score**2 / square - 0.5 * np.log(square / PRECISION), 0.0)
    return value, np.asarray(gains, dtype=np.float64), np.asarray(fit, dtype=np.float64)
