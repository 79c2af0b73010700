"""What runs of an evaluation say of a change: how far the pass rate fell, and what the run could have seen at all.

Question
    Did a suite's pass rate fall with the change, and had it been able to see such a fall?
Model
    The difference d of the pass rates is normal around the true drop, with standard error s: from the share of tasks
    that differ where tasks are paired (McNemar), else from both proportions; and with the noise between runs of one
    suite (`BETWEEN_RUNS`). A harmless change drops nothing. A suite sees the harm of a harmful change with probability
    q; the drop is then half normal with scale `drop`. Runs of one suite share whether it sees; suites are independent.
Weak runs
    A run whose minimum detectable effect (5 %, power 80 %) exceeds `drop`, and that shows no clear fall, has a Bayes
    factor of exactly 1: "no regression" from it counts for nothing.
Failure modes
    A suite that never meets the change's scope (no pauses, one surface) passes for one that might have seen it: q
    stands for that. Runs that were made because complaints had come are no blind test.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from incidents.stats.power import detectable_drop

BETWEEN_RUNS = 0.005  # standard deviation of a suite's pass rate between runs of the same thing
CLEAR = 1.6448536269514722  # standard errors from which a fall is clear
NORMAL_90 = 1.6448536269514722
TWO_SIDED = 1.959963984540054
MOST = 12.0  # log Bayes factor beyond which a single run says nothing new


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteRun:
    """One run: pass rates 0..1 with the change (`score`) and without it (`baseline`) on `n` tasks each.

    `discordant` is the share of tasks with different outcomes, where the tasks were paired and somebody counted.
    """

    suite: str
    n: float
    score: float
    baseline: float
    discordant: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReading:
    """What one run says: the drop with its 90 % interval, and what it could have seen.

    `detectable` None: not even the largest drop. `power` is the chance that it would have shown a drop of the size
    that matters. `weak`: no clear fall, and too small to have seen one.
    """

    drop: float
    low: float
    high: float
    standard_error: float
    detectable: float | None
    power: float
    weak: bool
    log_bayes_factor: float


def read_run(run: SuiteRun, *, drop: float) -> RunReading | None:
    """Return what a run says; None where its numbers are no pass rates.

    Parameters
    ----------
    run : SuiteRun
    drop : float
        The drop of a pass rate that matters, 0 to 1: scale of the drops that harmful changes cause.

    Examples
    --------
    A small run that saw nothing says nothing, a large one speaks for the change:

    >>> round(read_run(SuiteRun(suite="s", n=300, score=0.72, baseline=0.73), drop=0.03).log_bayes_factor, 2)
    0.0
    >>> read_run(SuiteRun(suite="s", n=20000, score=0.73, baseline=0.73), drop=0.03).log_bayes_factor < -1
    True
    """
    rates = (run.score, run.baseline)
    if run.n <= 0 or not all(np.isfinite(rates)) or min(rates) < 0 or max(rates) > 1:
        return None
    difference = run.baseline - run.score
    variance = sum(p * (1 - p) for p in rates)
    if run.discordant is not None:
        # at least the net difference must differ
        variance = max(run.discordant, abs(difference)) - difference**2
    variance = max(variance / run.n, 0.25 / run.n**2)
    error = float(np.sqrt(variance))
    detectable = detectable_drop(n=run.n, baseline=run.baseline, discordant=run.discordant or None)
    weak = difference < CLEAR * error and (detectable is None or detectable > drop)
    return RunReading(
        drop=difference,
        low=difference - NORMAL_90 * error,
        high=difference + NORMAL_90 * error,
        standard_error=error,
        detectable=detectable,
        power=NormalDist().cdf(drop / error - TWO_SIDED) + NormalDist().cdf(-drop / error - TWO_SIDED),
        weak=weak,
        log_bayes_factor=0.0 if weak else _log_factor(difference, variance + BETWEEN_RUNS**2, drop),
    )


def _log_factor(difference: float, variance: float, scale: float) -> float:
    """Log Bayes factor of a half normal drop against none."""
    wide = variance + scale**2
    log = 0.5 * np.log(variance / wide) + 0.5 * difference**2 * (1.0 / variance - 1.0 / wide)
    log += np.log(2.0) + _log_normal_cdf(difference * scale / math.sqrt(variance * wide))
    return float(np.clip(log, -MOST, MOST))


def _log_normal_cdf(x: float) -> float:
    """Logarithm of the standard normal distribution function, far into its lower tail."""
    if x > -20.0:
        return math.log(0.5 * math.erfc(-x / math.sqrt(2.0)))
    tail = math.log1p(-1.0 / x**2 + 3.0 / x**4 - 15.0 / x**6)
    return -0.5 * x * x - math.log(-x) - 0.5 * math.log(2.0 * math.pi) + tail


def suite_log_odds(readings: Sequence[tuple[str, RunReading]], *, sees: float) -> float:
    """Return the log Bayes factor that all runs, by suite, give a change for having done harm.

    Parameters
    ----------
    readings : sequence of (suite, reading)
    sees : float
        Probability that a suite would see the harm of a harmful change, 0 to 1.

    Examples
    --------
    >>> suite_log_odds([], sees=0.5)
    0.0
    """
    if not 0.0 < sees < 1.0:
        raise ValueError(f"sees={sees} must lie between 0 and 1.")
    total = 0.0
    for suite in dict.fromkeys(suite for suite, _ in readings):
        together = sum(reading.log_bayes_factor for name, reading in readings if name == suite)
        total += float(np.logaddexp(np.log(sees) + together, np.log1p(-sees))) if together else 0.0
    return total
