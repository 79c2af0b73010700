"""What a change did to a metric: exposed groups against unexposed ones at the same time (difference in differences).

Question
    Did metric m move in the change's scope, with its ramp, beyond what moved everywhere?
Model
    y_tg = time_t + group_g + sum over changes of beta_j x_jtg + noise, x = exposed share of group g at time t. Where a
    change reaches all groups alike there is nothing to compare with in time t; then a straight trend takes the place of
    the time effects, and its standard error says how much weaker that is.
Assumptions
    Groups would have moved in parallel; the noise is correlated within a group over days (Newey and West 1987,
    doi:10.2307/1913610) and, without a comparison, across groups.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
NORMAL_90 = 1.6448536269514722
LAGS = 5  # times over which noise may be correlated
CLEAR = 3.5  # standard errors from which a change's effect is taken out before others are judged
SAME = 0.9  # correlation of exposures from which two changes are never adjusted for each other
FEWEST = 8  # points
LEAST_POWER = 0.05  # sum of squares of the exposure that is left after fixed effects
MOST_ADJUSTED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricEffect:
    """Effect of full exposure on one metric, in its unit, with its 90 % interval; `z` in standard errors.

    `comparison` is False where every group was exposed alike and only the trend in time speaks.
    """

    estimate: float
    low: float
    high: float
    z: float
    standard_error: float
    comparison: bool
    n: int


def metric_effect(values: Floats, exposure: Floats, others: Floats | None = None) -> MetricEffect | None:
    """Return the effect of one change on one metric.

    Parameters
    ----------
    values : (T, G) array
        The metric over time in groups; NaN where there is no point.
    exposure : (T, G) array
        Exposed share, 0 to 1.
    others : (K, T, G) array, optional
        Exposures of other changes to adjust for.

    Returns
    -------
    MetricEffect or None
        None where the exposure does not vary enough to say anything.

    Examples
    --------
    >>> y = np.zeros((20, 2)); x = np.zeros((20, 2)); x[10:, 0] = 1; y[10:, 0] = 2.0
    >>> y += np.sin(np.arange(40)).reshape(20, 2) * 0.1
    >>> round(metric_effect(y, x).estimate, 1)
    2.0
    """
    if values.shape != exposure.shape:
        raise ValueError(f"exposure has shape {exposure.shape}, values {values.shape}; give one share per value.")
    all_others = np.zeros((0, *values.shape)) if others is None else np.asarray(others)
    panel = _Panel(values, np.concatenate([exposure[None], all_others]))
    return panel.effect(0, list(range(1, len(all_others) + 1)))


class _Panel:
    """One metric with all exposures, fixed effects swept out."""

    def __init__(self, values: Floats, exposures: Floats) -> None:
        self.found = ~np.isnan(values)
        self.n = int(self.found.sum())
        self.shape = values.shape
        varied = np.zeros(len(exposures), bool)
        if values.shape[1] > 1 and self.n:
            filled = np.where(self.found, exposures, 0.0)
            count = np.maximum(self.found.sum(1), 1)
            mean = filled.sum(2) / count
            apart = np.where(self.found, np.abs(exposures - mean[:, :, None]), 0.0)
            varied = apart.max(axis=(1, 2), initial=0.0) > 1e-6
        self.comparison = varied
        stack = np.concatenate([np.nan_to_num(values)[None], exposures])
        self.two_way = _sweep(stack, self.found, times=True)
        self.one_way = self.two_way if varied.all() else _sweep(stack, self.found, times=False)

    def effect(self, j: int, others: list[int]) -> MetricEffect | None:
        """Return the effect of exposure j, adjusted for others."""
        if self.n < FEWEST:
            return None
        comparison = bool(self.comparison[j])
        table = self.two_way if comparison else self.one_way
        y, x = table[0], table[1 + j]
        for other in others:
            z = table[1 + other]
            power = float((z * z).sum())
            if power > 1e-9:
                x = x - z * (float((z * x).sum()) / power)
                y = y - z * (float((z * y).sum()) / power)
        power = float((x * x).sum())
        if power < LEAST_POWER:
            return None
        slope = float((x * y).sum()) / power
        error = self._error(x * (y - slope * x), power, comparison)
        return MetricEffect(
            estimate=slope,
            low=slope - NORMAL_90 * error,
            high=slope + NORMAL_90 * error,
            z=slope / error if error > 0 else 0.0,
            standard_error=error,
            comparison=comparison,
            n=self.n,
        )

    def _error(self, score: Floats, power: float, comparison: bool) -> float:
        """Newey and West's standard error, scores summed within groups; over all groups where nothing is compared."""
        table = score if comparison else score.sum(1, keepdims=True)
        variance = float((table**2).sum())
        for lag in range(1, min(LAGS, len(table))):
            variance += 2.0 * (1.0 - lag / LAGS) * max(float((table[lag:] * table[:-lag]).sum()), 0.0)
        used = self.shape[1] + (self.shape[0] if comparison else 1)
        return float(np.sqrt(variance * max(self.n / max(self.n - used, 1), 1.0)) / power)


def _sweep(stack: Floats, found: NDArray[np.bool_], *, times: bool) -> Floats:
    """Take group effects, and time effects or one trend, out of arrays (C, T, G); exact in one turn without gaps."""
    out = np.where(found, stack, 0.0)
    by_group = np.maximum(found.sum(0), 1)
    by_time = np.maximum(found.sum(1), 1)[:, None]
    hours = np.where(found, np.linspace(-0.5, 0.5, len(found))[:, None], 0.0)
    trend = np.where(found, hours - hours.sum(0) / by_group, 0.0)
    steep = max(float((trend**2).sum()), 1e-12)
    for _ in range(1 if found.all() else 25):
        out = np.where(found, out - (out.sum(1) / by_group)[:, None, :], 0.0)
        if times:
            out = np.where(found, out - out.sum(2)[:, :, None] / by_time, 0.0)
        else:
            out = out - trend * ((out * trend).sum((1, 2)) / steep)[:, None, None]
    return np.asarray(out, dtype=np.float64)


def joint_effects(values: Floats, exposures: Floats) -> list[MetricEffect | None]:
    """Return the effect of each change (J, T, G) on one metric, clear effects of other changes taken out first."""
    n = len(exposures)
    panel = _Panel(values, exposures)
    adjusted: list[int] = []
    effects = [panel.effect(j, []) for j in range(n)]
    while len(adjusted) < MOST_ADJUSTED:
        left = [(abs(e.z), j) for j, e in enumerate(effects) if e is not None and j not in adjusted]
        if not left or max(left)[0] < CLEAR:
            break
        adjusted.append(max(left)[1])
        effects = [
            panel.effect(
                j, [i for i in adjusted if i != j and _correlation(panel.two_way[1 + i], panel.two_way[1 + j]) < SAME]
            )
            for j in range(n)
        ]
    return effects


def _correlation(first: Floats, second: Floats) -> float:
    scale = float(np.sqrt((first * first).sum() * (second * second).sum()))
    return float((first * second).sum()) / scale if scale > 1e-12 else 0.0
