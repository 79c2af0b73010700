"""How surely the last column's complaints are known, given all complaints.

What an excess owns is the sum over cells of count times share. The counts are seen; only the shares are unknown, and
those do not move with a block's level, which lifts background and excess alike. So neither the chance in the total nor
the ups and downs of days enter its error a second time: only how well excess and background are told apart does.
"""

import numpy as np

from incidents.stats.attribution.evidence import Floats
from incidents.stats.compiled import compiled


@compiled(reorder=True)
def slope_of_owned(
    n_background: int, split: bool, design: Floats, single: Floats, pair: Floats, mixed: Floats, shared: Floats,
    slope: Floats,
) -> float:  # fmt: skip
    """Fill the slope (q,) of what the last column owns, the blocks' random effects eliminated; return their variance.

    Arrays as `reduce_system` has them at the mode. With the reduced Hessian R, the variance of what the column owns is
    the returned number plus slope' R^-1 slope.
    """
    m, k, n_blocks = single.shape
    p = len(design)
    q = m * k + p
    last = m - 1
    first = last * m // 2  # row of the last column's pairs
    slope[:] = 0.0
    variance = 0.0
    level, scope, own, taken = np.zeros(n_blocks), np.zeros(n_blocks), np.empty(n_blocks), np.empty(n_blocks)
    for y in range(k):
        row = mixed[y]
        own[:] = 0.0  # slope in the mixes of the blocks: they lift the background only
        for j in range(m):
            met = pair[first + j, y]
            held = 0.0
            for d in range(n_blocks):
                held += met[d]
            slope[j * k + y] -= held
            if j < n_background:
                for d in range(n_blocks):
                    own[d] -= met[d]
        held = 0.0
        for d in range(n_blocks):
            held += single[last, y, d]
            taken[d] = own[d] * row[m + 3, d]
            variance += own[d] * taken[d]
            level[d] -= row[m, d] * taken[d]
        slope[last * k + y] += held
        for j in range(m):
            held = 0.0
            for d in range(n_blocks):
                held += row[j, d] * taken[d]
            slope[j * k + y] -= held
        if split:
            for d in range(n_blocks):
                scope[d] -= pair[first, y, d] + row[m + 1, d] * taken[d]
    for a in range(p):
        held = 0.0
        for d in range(n_blocks):
            held += design[a, d] * level[d]
        slope[m * k + a] += held
    for d in range(n_blocks):
        own[d] = level[d] / shared[q + 1, d]
        variance += own[d] * own[d]
        if split:
            taken[d] = (scope[d] - shared[q + 2, d] * own[d]) / shared[q + 1, n_blocks + d]
            variance += taken[d] * taken[d]
    for a in range(q):
        row = shared[a]
        held = 0.0
        for d in range(n_blocks):
            held += row[d] * own[d]
            if split:
                held += row[n_blocks + d] * taken[d]
        slope[a] -= held
    return variance
