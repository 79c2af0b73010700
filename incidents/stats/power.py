"""Power of evaluations and of complaint counts: what a comparison of a given size could have shown.

"No regression" from an evaluation says nothing about drops below its minimum detectable effect.
"""

from collections.abc import Callable
from math import sqrt
from statistics import NormalDist

LEVEL = 0.05
POWER = 0.80


def _quantiles(level: float, power: float) -> tuple[float, float]:
    if not 0 < level < 1 or not 0 < power < 1:
        raise ValueError(f"level={level} and power={power} must lie between 0 and 1.")
    quantile = NormalDist().inv_cdf
    return quantile(1 - level / 2), quantile(power)


def tasks_needed(*, baseline: float, drop: float, level: float = LEVEL, power: float = POWER) -> float:
    """Return how many tasks each arm needs to show a drop of a pass rate, tasks not paired.

    Parameters
    ----------
    baseline : float
        Pass rate before, 0 to 1.
    drop : float
        Drop to be shown, in the same unit (0.03: three points of a hundred), below `baseline`.
    level, power : float
        Two-sided error of the first kind, and the wanted chance of showing the drop.

    Returns
    -------
    float
        Tasks per arm, not rounded.

    Notes
    -----
    Two proportions with the pooled variance under the null hypothesis: J. L. Fleiss, B. Levin, M. C. Paik, *Statistical
    Methods for Rates and Proportions*, 3rd ed., section 4.2, without continuity correction.

    Examples
    --------
    >>> round(tasks_needed(baseline=0.70, drop=0.03))
    3762
    """
    if not 0 < baseline <= 1 or not 0 < drop < baseline:
        raise ValueError(f"drop={drop} must lie between 0 and baseline={baseline}, which must lie between 0 and 1.")
    z_level, z_power = _quantiles(level, power)
    after = baseline - drop
    mean = (baseline + after) / 2
    spread = z_level * sqrt(2 * mean * (1 - mean)) + z_power * sqrt(baseline * (1 - baseline) + after * (1 - after))
    return (spread / drop) ** 2


def paired_tasks_needed(*, discordant: float, drop: float, level: float = LEVEL, power: float = POWER) -> float:
    """Return how many tasks show a drop when the same tasks are run before and after.

    Parameters
    ----------
    discordant : float
        Share of tasks whose outcome differs between the two runs, 0 to 1, at least `drop`.
    drop : float
        Drop of the pass rate to be shown, 0 to 1.
    level, power : float
        As in `tasks_needed`.

    Returns
    -------
    float
        Tasks, not rounded.

    Notes
    -----
    McNemar's test: R. J. Connor, "Sample size for testing differences in proportions for the paired-sample design",
    Biometrics 43 (1987), 207-211.

    Examples
    --------
    >>> round(paired_tasks_needed(discordant=0.10, drop=0.03))
    870
    """
    if not 0 < drop <= discordant <= 1:
        raise ValueError(f"drop={drop} must lie between 0 and discordant={discordant}, which must not exceed 1.")
    z_level, z_power = _quantiles(level, power)
    return ((z_level * sqrt(discordant) + z_power * sqrt(discordant - drop**2)) / drop) ** 2


def detectable_drop(
    *,
    n: float,
    baseline: float | None = None,
    discordant: float | None = None,
    level: float = LEVEL,
    power: float = POWER,
) -> float | None:
    """Return the smallest drop of a pass rate that `n` tasks could have shown: the minimum detectable effect.

    Parameters
    ----------
    n : float
        Tasks per arm, or tasks in all where they are paired.
    baseline : float, optional
        Pass rate before, 0 to 1: for tasks that are not paired.
    discordant : float, optional
        Share of tasks that differ, for paired tasks; it decides where it is given.
    level, power : float
        As in `tasks_needed`.

    Returns
    -------
    float or None
        The drop, 0 to 1; None where even the largest possible drop would not have been shown, or too little is known.

    Examples
    --------
    >>> round(100 * detectable_drop(n=300, baseline=0.70), 1)
    10.9
    """
    if n <= 0:
        return None
    if discordant is not None:
        most = discordant

        def needed(drop: float) -> float:
            return paired_tasks_needed(discordant=discordant, drop=drop, level=level, power=power)
    elif baseline is not None:
        most = baseline

        def needed(drop: float) -> float:
            return tasks_needed(baseline=baseline, drop=drop, level=level, power=power)
    else:
        return None
    highest = most * (1 - 1e-9)
    lowest = most * 1e-6
    if not 0 < most <= 1 or needed(highest) > n:
        return None
    if needed(lowest) < n:
        return lowest
    return _smallest(lambda drop: needed(drop) <= n, lowest, highest)


def _smallest(enough: Callable[[float], bool], low: float, high: float) -> float:
    """Return where `enough` turns true between `low`, where it is not, and `high`, where it is: to the last digits."""
    while high - low > 1e-15 + 4e-16 * high:
        middle = 0.5 * (low + high)
        if enough(middle):
            high = middle
        else:
            low = middle
    return high


def sessions_needed(*, rate: float, ratio: float, level: float = LEVEL, power: float = POWER) -> float:
    """Return how many sessions each arm needs to show that complaints per session rose by a factor.

    Parameters
    ----------
    rate : float
        Complaints per session before, above 0.
    ratio : float
        Rate after over rate before, not 1.
    level, power : float
        As in `tasks_needed`.

    Returns
    -------
    float
        Sessions per arm, not rounded.

    Notes
    -----
    Two Poisson counts compared on the square-root scale, on which their variance is 1/4 whatever the rate: M. S.
    Bartlett, "The square root transformation in analysis of variance", JRSS Supplement 3 (1936), 68-78.

    Examples
    --------
    >>> round(sessions_needed(rate=0.005, ratio=2.0))
    4575
    """
    if rate <= 0 or ratio <= 0 or ratio == 1:
        raise ValueError(f"rate={rate} and ratio={ratio} must be above 0, and the ratio not 1.")
    z_level, z_power = _quantiles(level, power)
    return (z_level + z_power) ** 2 / (2 * (sqrt(rate * ratio) - sqrt(rate)) ** 2)
