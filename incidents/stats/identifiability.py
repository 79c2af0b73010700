"""Which changes the data could not tell apart, before or after the fact.

Question
    If change j raised complaints, could one mistake it for change k?
Model
    Complaints per cell of time and segment are Poisson with means mu; change j adds the pattern a_j, sized to its
    expected excess. Each time's level varies by itself (variance `dispersion` on the log scale); the level of each
    segment and a common trend are free and projected out in the metric of the information. Of two patterns with
    correlation rho there, the expected log likelihood ratio of "j" against "k" is

        D_jk = z_j^2 (1 - rho_jk^2) / 2,      z_j^2 = |a_j|^2 after projection.

    D < ln 9: even in expectation the odds stay below nine to one, and the two cannot be told apart.
Assumptions
    Small excesses against the background (local asymptotics).
Failure modes
    Delays that differ between the two changes help or harm and are not part of it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
ENOUGH = float(np.log(9.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifiability:
    """`discrimination` (J, J): D of row against column, infinite on the diagonal; `signal` (J,) z of each change."""

    discrimination: Floats
    correlation: Floats
    signal: Floats

    def pairs(self, below: float = ENOUGH) -> list[tuple[int, int]]:
        """Return the pairs that cannot be told apart either way round."""
        n = len(self.signal)
        d = self.discrimination
        return [(j, k) for j in range(n) for k in range(j + 1, n) if min(d[j, k], d[k, j]) < below]


def identifiability(exposure: Floats, expected: Floats, *, excess: Floats, dispersion: float = 0.0) -> Identifiability:
    """Return how well each pair of changes, planned ones too, can be told apart.

    Parameters
    ----------
    exposure : (J, T, S) array
        Exposed share of each change over times and segments, 0 to 1.
    expected : (T, S) array
        Expected complaints without any of them.
    excess : (J,) array
        Complaints that each change would add in all.
    dispersion : float
        Variance of a time's log level beyond Poisson: 0 trusts totals over time, a large one compares segments alone.

    Returns
    -------
    Identifiability

    Examples
    --------
    Two changes at the same time in the same segment, and a third in another one:

    >>> x = np.zeros((3, 20, 2)); x[:2, 10:, 0] = 1; x[2, 10:, 1] = 1
    >>> found = identifiability(x, np.full((20, 2), 25.0), excess=np.array([100.0, 100.0, 100.0]))
    >>> found.pairs()
    [(0, 1)]
    """
    n, n_times, n_segments = exposure.shape
    if expected.shape != (n_times, n_segments) or excess.shape != (n,):
        raise ValueError("expected must be (T, S) and excess (J,) for an exposure of (J, T, S).")
    mean = np.maximum(expected, 1e-9)
    pattern = exposure * mean
    pattern = pattern * (excess / np.maximum(pattern.sum((1, 2)), 1e-12))[:, None, None]
    totals = mean.sum(1)
    shared = dispersion / (1.0 + dispersion * totals)  # (T,)
    over_time = pattern.sum(2)  # (J, T)
    gram = np.einsum("jts,kts->jk", pattern / mean, pattern) - (over_time * shared) @ over_time.T
    trend = np.linspace(-1.0, 1.0, n_times)
    # nuisances: the level of each segment, and a trend of all
    cross = np.column_stack(
        [
            pattern.sum(1) - (over_time * shared) @ mean,
            over_time @ trend - (over_time * shared) @ (totals * trend),
        ]
    )
    own = _nuisance_information(mean, totals, shared, trend)
    gram = gram - cross @ np.linalg.solve(own, cross.T)
    signal = np.sqrt(np.maximum(np.diag(gram), 0.0))
    scale = np.outer(signal, signal)
    seen = signal > 1e-4 * max(float(signal.max(initial=0.0)), 1e-9)
    correlation = np.where(np.outer(seen, seen), gram / np.maximum(scale, 1e-300), 1.0)
    np.fill_diagonal(correlation, 1.0)
    discrimination = 0.5 * signal[:, None] ** 2 * np.maximum(1.0 - correlation**2, 0.0)
    # a negative correlation is no confusion: the other could only explain the opposite
    discrimination = np.where(correlation < 0, 0.5 * signal[:, None] ** 2, discrimination)
    np.fill_diagonal(discrimination, np.inf)
    return Identifiability(discrimination=discrimination, correlation=correlation, signal=signal)


def _nuisance_information(mean: Floats, totals: Floats, shared: Floats, trend: Floats) -> Floats:
    """Return the information on the level of each segment and on the trend of all (S + 1, S + 1)."""
    n_segments = mean.shape[1]
    own = np.zeros((n_segments + 1, n_segments + 1))
    own[:-1, :-1] = np.diag(mean.sum(0)) - (mean * shared[:, None]).T @ mean
    own[-1, :-1] = own[:-1, -1] = trend @ mean - (trend * totals * shared) @ mean
    own[-1, -1] = float(trend**2 @ totals - (shared * (trend * totals) ** 2).sum()) + 1.0
    own += 1e-9 * np.trace(own) * np.eye(len(own))
    return own
