"""Compiled passes over the cells of one mixture problem: rates, shares, and their sums per group.

Cells lie column by column and sums may be reordered, so that the loops over a group's cells run in vector registers.
"""

import math

import numpy as np

from incidents.stats.attribution.evidence import Floats, Ints
from incidents.stats.compiled import compiled

LARGE = 30.0
TINY = 1e-300


@compiled(reorder=True)
def heights(
    mass: Floats, n_background: int, split: bool, block_count: Floats, design: Floats, v: Floats, delta: Floats,
    rho: Floats, weight: Floats, expected: Floats,
) -> float:  # fmt: skip
    """Fill each column's weight per block and symptom, and expected complaints (D, K, m); return their log part."""
    n_blocks, m, k = mass.shape
    value = 0.0
    for d in range(n_blocks):
        tau = rho[d, 0]
        for q in range(design.shape[1]):
            tau += design[d, q] * delta[q]
        tau = min(max(tau, -LARGE), LARGE)
        height = math.exp(tau)
        value += block_count[d] * tau
        for y in range(k):
            for j in range(m):
                eta = v[j, y]
                if j < n_background:
                    eta += rho[d, 1 + y]
                if split and j == 0:
                    eta += rho[d, 1 + k]
                weight[d, y, j] = math.exp(min(eta, LARGE))
                expected[d, y, j] = height * weight[d, y, j] * mass[d, j, y]
                value -= expected[d, y, j]
    return value


@compiled(reorder=True)
def evaluate(
    count: Floats, group: Ints, start: Ints, size: Ints, column: Floats, weight: Floats, group_sum: Floats,
    group_pair: Floats, scratch: Floats,
) -> float:  # fmt: skip
    """Fill the sums over each group of shares and of their products (lower half); return the cells' log likelihood.

    `scratch` (m + 2, largest group).
    """
    m = column.shape[0]
    k = weight.shape[1]
    value = 0.0
    for g in range(len(group)):
        w = weight[group[g] // k, group[g] % k]
        first, n = start[g], size[g]
        c = count[first : first + n]
        rate = scratch[m, :n]
        held = scratch[m + 1, :n]
        x = column[0, first : first + n]
        for i in range(n):
            rate[i] = TINY + w[0] * x[i]
        for j in range(1, m):
            x = column[j, first : first + n]
            for i in range(n):
                rate[i] += w[j] * x[i]
        for i in range(n):
            value += c[i] * math.log(rate[i])
        for i in range(n):
            rate[i] = 1.0 / rate[i]
        for j in range(m):
            x = column[j, first : first + n]
            own = scratch[j, :n]
            total = 0.0
            for i in range(n):
                share = w[j] * x[i] * rate[i]
                own[i] = share
                held[i] = c[i] * share
                total += held[i]
            group_sum[g, j] = total
            other = 0
            while other + 3 <= j:  # four at a time: each load of `held` serves four products
                a, b, d, e = scratch[other, :n], scratch[other + 1, :n], scratch[other + 2, :n], scratch[other + 3, :n]
                s, t, u, z = 0.0, 0.0, 0.0, 0.0
                for i in range(n):
                    s += held[i] * a[i]
                    t += held[i] * b[i]
                    u += held[i] * d[i]
                    z += held[i] * e[i]
                pair = group_pair[g, j]
                pair[other], pair[other + 1], pair[other + 2], pair[other + 3] = s, t, u, z
                other += 4
            while other <= j:
                a = scratch[other, :n]
                s = 0.0
                for i in range(n):
                    s += held[i] * a[i]
                group_pair[g, j, other] = s
                other += 1
    return value


@compiled(reorder=True)
def shares(group: Ints, start: Ints, size: Ints, column: Floats, weight: Floats) -> Floats:
    """Return the share of each column in each cell (m, N)."""
    m = column.shape[0]
    k = weight.shape[1]
    out = np.empty(column.shape)
    for g in range(len(group)):
        w = weight[group[g] // k, group[g] % k]
        for i in range(start[g], start[g] + size[g]):
            rate = TINY
            for j in range(m):
                out[j, i] = w[j] * column[j, i]
                rate += out[j, i]
            for j in range(m):
                out[j, i] /= rate
    return out
