"""Compiled passes over the cells of one mixture problem: rates, shares, and their sums per group.

Cells lie column by column, sums by symptom and then block, and sums may be reordered, so that the loops run in vector
registers. A table of pairs of columns holds its lower half: (j, i), i <= j, at j (j + 1) / 2 + i.
"""

import math

import numpy as np

from incidents.stats.attribution.evidence import Floats, Ints
from incidents.stats.compiled import compiled

LARGE = 30.0
TINY = 1e-300
CHUNK = 512  # cells taken together: their rates and shares stay in the fastest cache
# A float's bits: 52 of its mantissa under those of its exponent.
_EXPONENT = np.uint64(52)
_ROOT_HALF = np.uint64(0x3FE6A09E667F3BCD)  # of the square root of one half
_BIAS = np.uint64(1024 << 52)
_WHOLE = np.uint64(0x4330000000000000)  # of 2^52: the low bits of such a float are a whole number
_OFFSET = 2.0**52 + 1024.0
_LOG_2 = math.log(2.0)


@compiled
def logarithms(values: Floats, out: Floats, work: Floats) -> None:
    """Fill `out` with natural logarithms of positive normal numbers, to the last digits; `work` of the same length.

    A value is 2^e f with f between the square roots of one half and two, and log f = 2 artanh((f - 1) / (f + 1)). The
    compiler's own logarithm takes one number at a time. Not to be reordered: the offset of the exponent would swallow
    the digits.
    """
    bits = values.view(np.uint64)
    exponent = out.view(np.uint64)
    fraction = work.view(np.uint64)
    for i in range(len(values)):
        e = (bits[i] - _ROOT_HALF + _BIAS) >> _EXPONENT
        exponent[i] = e | _WHOLE
        fraction[i] = bits[i] + _BIAS - (e << _EXPONENT)
    for i in range(len(values)):
        f = work[i] - 1.0
        s = f / (f + 2.0)
        z = s * s
        r = 1.0 / 15.0 + z * (1.0 / 17.0 + z * (1.0 / 19.0))
        r = 1.0 / 9.0 + z * (1.0 / 11.0 + z * (1.0 / 13.0 + z * r))
        r = 1.0 / 3.0 + z * (1.0 / 5.0 + z * (1.0 / 7.0 + z * r))
        out[i] = (out[i] - _OFFSET) * _LOG_2 + 2.0 * (s + s * z * r)


@compiled(reorder=True)
def heights(
    mass: Floats, n_background: int, split: bool, block_count: Floats, design: Floats, v: Floats, delta: Floats,
    rho: Floats, weight: Floats, expected: Floats,
) -> float:  # fmt: skip
    """Fill each column's weight per symptom and block, and expected complaints; return their log part.

    `mass`, `weight` and `expected` (m, K, D), `design` (p, D), `rho` (1 + K + 1, D).
    """
    m, k, n_blocks = mass.shape
    most = math.exp(LARGE)
    value = 0.0
    height = np.empty(n_blocks)
    scope = np.ones(n_blocks)
    own = np.empty(n_blocks)
    for d in range(n_blocks):
        height[d] = rho[0, d]
    for a in range(len(design)):
        for d in range(n_blocks):
            height[d] += design[a, d] * delta[a]
    for d in range(n_blocks):
        tau = min(max(height[d], -LARGE), LARGE)
        value += block_count[d] * tau
        height[d] = math.exp(tau)
        if split:
            scope[d] = math.exp(rho[1 + k, d])
    for y in range(k):
        for d in range(n_blocks):
            own[d] = math.exp(rho[1 + y, d])
        for j in range(m):
            level = math.exp(v[j, y])
            into, wanted, there = weight[j, y], expected[j, y], mass[j, y]
            if j >= n_background:
                level = min(level, most)
                for d in range(n_blocks):
                    into[d] = level
            elif split and j == 0:
                for d in range(n_blocks):
                    into[d] = min(level * own[d] * scope[d], most)
            else:
                for d in range(n_blocks):
                    into[d] = min(level * own[d], most)
            total = 0.0
            for d in range(n_blocks):
                wanted[d] = height[d] * into[d] * there[d]
                total += wanted[d]
            value -= total
    return value


@compiled(reorder=True)
def evaluate(
    count: Floats, place: Ints, start: Ints, size: Ints, column: Floats, weight: Floats, single: Floats, pair: Floats,
    scratch: Floats,
) -> float:  # fmt: skip
    """Fill the sums over each group of shares and of their products; return the cells' log likelihood.

    `place` (G,) of each group in the sums: symptom * D + block; `weight` and `single` (m, K * D), `pair`
    (m (m + 1) / 2, K * D), where sums without a cell stay as they are; `scratch` (m + 3, at least `CHUNK` and the
    largest group).
    """
    m = column.shape[0]
    n_groups = len(place)
    value = 0.0
    g = 0
    while g < n_groups:
        first, n, stop = start[g], 0, g
        while stop < n_groups and (n == 0 or n + size[stop] <= CHUNK):
            n += size[stop]
            stop += 1
        rate, held, work = scratch[m, :n], scratch[m + 1, :n], scratch[m + 2, :n]
        for h in range(g, stop):
            at = start[h]
            r = rate[at - first : at - first + size[h]]
            x = column[0, at : at + size[h]]
            w = weight[0, place[h]]
            for i in range(len(r)):
                r[i] = TINY + w * x[i]
            for j in range(1, m):
                x = column[j, at : at + size[h]]
                w = weight[j, place[h]]
                for i in range(len(r)):
                    r[i] += w * x[i]
        logarithms(rate, held, work)
        c = count[first : first + n]
        for i in range(n):
            value += c[i] * held[i]
        for i in range(n):
            rate[i] = 1.0 / rate[i]
        for h in range(g, stop):
            at = start[h]
            spot = place[h]
            r, c = rate[at - first : at - first + size[h]], count[at : at + size[h]]
            q = held[: size[h]]
            for j in range(m):
                x = column[j, at : at + size[h]]
                own = scratch[j, : size[h]]
                w = weight[j, spot]
                total = 0.0
                for i in range(len(r)):
                    share = w * x[i] * r[i]
                    own[i] = share
                    q[i] = c[i] * share
                    total += q[i]
                single[j, spot] = total
                row = j * (j + 1) // 2
                other = 0
                while other + 3 <= j:  # four at a time: each load of `q` serves four products
                    a, b = scratch[other, : size[h]], scratch[other + 1, : size[h]]
                    d, e = scratch[other + 2, : size[h]], scratch[other + 3, : size[h]]
                    s, t, u, z = 0.0, 0.0, 0.0, 0.0
                    for i in range(len(r)):
                        s += q[i] * a[i]
                        t += q[i] * b[i]
                        u += q[i] * d[i]
                        z += q[i] * e[i]
                    pair[row + other, spot], pair[row + other + 1, spot] = s, t
                    pair[row + other + 2, spot], pair[row + other + 3, spot] = u, z
                    other += 4
                while other <= j:
                    a = scratch[other, : size[h]]
                    s = 0.0
                    for i in range(len(r)):
                        s += q[i] * a[i]
                    pair[row + other, spot] = s
                    other += 1
        g = stop
    return value
