"""Where a new excess's climb to its mode begins: at the top of a quadratic in its rates, all else moved along."""

import math

import numpy as np

from incidents.stats.attribution.elimination import factorise, solve
from incidents.stats.attribution.evidence import Floats
from incidents.stats.compiled import compiled

LARGE = 30.0
TINY = 1e-300
SWEEPS = 20
FARTHEST = 1.5  # of a log level


@compiled(reorder=True)
def seed(
    reduced: Floats, right: Floats, steep: Floats, v: Floats, move: Floats, alpha: Floats, log_mass: float,
    scale: Floats,
) -> None:  # fmt: skip
    """Set the last column's heights near their mode, from a point where it is so faint that it owns nothing.

    The log likelihood is there a quadratic in its rates: `right` holds its slope and the lower half of `reduced` its
    curvature (not the exact one, see `reduce_system`), both in the log of the rates and without the prior of the last
    column; `steep` (K,) is the slope before anything was eliminated. What background and other columns could take from
    it is eliminated. The prior (`alpha`, and `scale` as in `kernel.log_prior`) is added, and the sum climbed rate by
    rate. Fills `move` (q,) with the step that belongs to it, that of the last column in multiples of its present rates.
    """
    m, k = v.shape
    first = (m - 1) * k
    n_rest = len(right) - k
    rest, met, pull = np.empty((n_rest, n_rest)), np.empty((k, n_rest)), np.empty(n_rest)
    for a in range(n_rest):
        at = a if a < first else a + k
        pull[a] = right[at]
        for b in range(a + 1):
            rest[a, b] = reduced[at, b if b < first else b + k]
        for y in range(k):
            met[y, a] = reduced[first + y, at] if at < first else reduced[at, first + y]
    factor = np.zeros((n_rest, n_rest))
    known = math.isfinite(factorise(rest, 1e-4, factor))
    free = solve(factor, pull) if known else np.zeros(n_rest)
    slope, bend, taken = np.empty(k), np.empty((k, k)), np.zeros((k, n_rest))
    faint = np.exp(v[m - 1])
    for y in range(k):
        slope[y] = right[first + y] / faint[y]
        if known:
            taken[y] = solve(factor, met[y])
        for a in range(n_rest):
            slope[y] -= met[y, a] * free[a] / faint[y]
        for z in range(y + 1):
            held = reduced[first + y, first + z] - (max(-steep[y], 0.0) if z == y else 0.0)
            for a in range(n_rest):
                held -= met[y, a] * taken[z, a]
            bend[y, z] = held / (faint[y] * faint[z])
            bend[z, y] = bend[y, z]
    total, strength = math.exp(scale[3] - log_mass), alpha.sum()
    rate = np.full(k, total / k)
    for _ in range(SWEEPS):
        for y in range(k):
            size = rate.sum()
            b = slope[y] - (strength + (math.log(size) + log_mass - scale[3]) / scale[4] ** 2) / size
            for z in range(k):
                if z != y:
                    b -= bend[y, z] * rate[z]
            a = max(bend[y, y], TINY)
            root = math.sqrt(b * b + 4.0 * a * alpha[y])
            own = 0.5 * (b + root) / a if b > 0.0 else 2.0 * alpha[y] / (root - b)
            rate[y] = min(max(own, 0.1 * rate[y]), 10.0 * rate[y])
    for y in range(k):
        v[m - 1, y] = min(max(math.log(max(rate[y], TINY)), -LARGE), LARGE)
        move[first + y] = rate[y] / faint[y]
    for a in range(n_rest):
        step = free[a]
        for y in range(k):
            step -= taken[y, a] * rate[y] / faint[y]
        move[a if a < first else a + k] = min(max(step, -FARTHEST), FARTHEST)
