"""Compiled inner loops of `laplace`: value, derivatives and damped Newton steps of one mixture problem.

Plain loops over arrays, compiled by Numba and cached on disk. What they compute is told in `laplace`; the same
mathematics in vectorised NumPy stands in tests/stats/attribution/reference_laplace.py, against which it is tested.
"""

import math

import numpy as np
from numba import njit

from incidents.stats.attribution.evidence import Floats, Ints

LARGE = 30.0
TINY = 1e-300


@njit(cache=True, fastmath={"contract", "arcp", "nsz"}, error_model="numpy")
def evaluate(
    count: Floats,
    group: Ints,
    start: Ints,
    size: Ints,
    column: Floats,
    mass: Floats,
    n_background: int,
    split: bool,
    block_count: Floats,
    design: Floats,
    v: Floats,
    delta: Floats,
    rho: Floats,
    share: Floats,
    group_sum: Floats,
    group_pair: Floats,
    expected: Floats,
) -> float:
    """Fill shares, their sums and products per group, and expected complaints; return the log likelihood."""
    n_blocks, m, k = mass.shape
    height = np.empty(n_blocks)
    value = 0.0
    for d in range(n_blocks):
        tau = rho[d, 0]
        for q in range(design.shape[1]):
            tau += design[d, q] * delta[q]
        tau = min(max(tau, -LARGE), LARGE)
        height[d] = math.exp(tau)
        value += block_count[d] * tau
        for j in range(m):
            for y in range(k):
                eta = v[j, y]
                if j < n_background:
                    eta += rho[d, 1 + y]
                if split and j == 0:
                    eta += rho[d, 1 + k]
                expected[d, j, y] = height[d] * math.exp(min(eta, LARGE)) * mass[d, j, y]
                value -= expected[d, j, y]
    weight = np.empty(m)
    group_sum[:] = 0.0
    group_pair[:] = 0.0
    for g in range(len(group)):
        d, y = group[g] // k, group[g] % k
        for j in range(m):
            eta = v[j, y]
            if j < n_background:
                eta += rho[d, 1 + y]
            if split and j == 0:
                eta += rho[d, 1 + k]
            weight[j] = math.exp(min(eta, LARGE))
        for i in range(start[g], start[g] + size[g]):
            rate = TINY
            for j in range(m):
                part = weight[j] * column[i, j]
                share[i, j] = part
                rate += part
            c = count[i]
            value += c * math.log(rate)
            scale = 1.0 / rate
            for j in range(m):
                share[i, j] *= scale
                own = c * share[i, j]
                group_sum[g, j] += own
                for other in range(j + 1):
                    group_pair[g, j, other] += own * share[i, other]
    return value


@njit(cache=True)
def log_prior(
    v: Floats,
    delta: Floats,
    rho: Floats,
    n_background: int,
    split: bool,
    scale: Floats,
    alpha: Floats,
    log_mass: Floats,
    design_precision: Floats,
    design_offset: Floats,
) -> float:
    """Log density of the priors; `scale` holds (level, mix, scope variance, background precision, log mean, spread)."""
    m, k = v.shape
    value = 0.0
    for q in range(len(delta)):
        value -= 0.5 * design_precision[q] * (design_offset[q] + delta[q]) ** 2
    for d in range(rho.shape[0]):
        value -= 0.5 * rho[d, 0] ** 2 / scale[0]
        for y in range(k):
            value -= 0.5 * rho[d, 1 + y] ** 2 / scale[1]
        if split:
            value -= 0.5 * rho[d, 1 + k] ** 2 / scale[2]
    for j in range(n_background):
        for y in range(k):
            value -= 0.5 * scale[3] * v[j, y] ** 2
    for e in range(m - n_background):
        row = v[n_background + e]
        top = row.max()
        log_sum = top + math.log(np.exp(row - top).sum())
        z = (log_sum + log_mass[e] - scale[4]) / scale[5]
        total = 0.0
        for y in range(k):
            total += alpha[e, y]
            value += alpha[e, y] * (row[y] - log_sum) - math.lgamma(alpha[e, y])
        value += math.lgamma(total) - 0.5 * z * z - math.log(scale[5]) - 0.5 * math.log(2 * math.pi)
    return value


@njit(cache=True)
def solve_damped(
    reduced: Floats,
    right: Floats,
    damping: float,
) -> Floats:
    """Solve with the diagonal raised by a share of itself; an empty array where even that is not definite."""
    q = len(right)
    factor = np.zeros((q, q))
    for a in range(q):
        for b in range(a + 1):
            held = reduced[a, b]
            if a == b:
                held += damping * max(reduced[a, a], 1e-3)
            for c in range(b):
                held -= factor[a, c] * factor[b, c]
            if a == b:
                if held <= 1e-12:
                    return np.empty(0)
                factor[a, a] = math.sqrt(held)
            else:
                factor[a, b] = held / factor[b, b]
    out = right.copy()
    for a in range(q):
        for b in range(a):
            out[a] -= factor[a, b] * out[b]
        out[a] /= factor[a, a]
    for a in range(q - 1, -1, -1):
        for b in range(a + 1, q):
            out[a] -= factor[b, a] * out[b]
        out[a] /= factor[a, a]
    return out
