"""Compiled linear algebra of one Newton step: a block's random effects are eliminated, the rest is solved.

All that belongs to blocks lies with the block last, so that each loop over blocks runs in vector registers.
"""

import math

import numpy as np

from incidents.stats.attribution.cells import logarithms
from incidents.stats.attribution.evidence import Floats
from incidents.stats.compiled import compiled


@compiled(reorder=True)
def factorise(matrix: Floats, damping: float, factor: Floats) -> float:
    """Fill the upper Cholesky factor of a matrix given by its lower half; return its log determinant, or NaN.

    The diagonal is raised by a share of itself.
    """
    n = len(matrix)
    log_det = 0.0
    for a in range(n):
        for b in range(a, n):
            factor[a, b] = matrix[b, a]
        factor[a, a] += damping * max(matrix[a, a], 1e-3)
    for a in range(n):
        row = factor[a]
        held = row[a]
        if not held > 1e-12:
            return math.nan
        root = math.sqrt(held)
        log_det += math.log(held)
        inverse = 1.0 / root
        row[a] = root
        for b in range(a + 1, n):
            row[b] *= inverse
        for b in range(a + 1, n):
            into, from_ = factor[b, b:], row[b:]
            times = row[b]
            for c in range(len(into)):
                into[c] -= times * from_[c]
    return log_det


@compiled(reorder=True)
def forward(factor: Floats, right: Floats) -> None:
    """Solve with the transpose of an upper Cholesky factor, in place."""
    n = len(right)
    for a in range(n):
        row = factor[a]
        right[a] /= row[a]
        for b in range(a + 1, n):
            right[b] -= row[b] * right[a]


@compiled(reorder=True)
def solve(factor: Floats, right: Floats) -> Floats:
    """Solve with an upper Cholesky factor."""
    out = right.copy()
    forward(factor, out)
    n = len(right)
    for a in range(n - 1, -1, -1):
        row = factor[a]
        held = out[a]
        for b in range(a + 1, n):
            held -= row[b] * out[b]
        out[a] = held / row[a]
    return out


@compiled(reorder=True)
def products(rows: Floats, n: int, out: Floats, right: Floats) -> None:
    """Take the products of the first `n` rows with each other from `out` (lower half), and those with row n from
    `right`."""
    width = rows.shape[1]
    for a in range(n + 1):
        x = rows[a]
        into = right if a == n else out[a]
        last = n if a == n else a + 1
        b = 0
        while b + 4 <= last:  # four at a time: each load of `x` serves four products
            s, t, u, z = 0.0, 0.0, 0.0, 0.0
            p, q, r, w = rows[b], rows[b + 1], rows[b + 2], rows[b + 3]
            for i in range(width):
                s += x[i] * p[i]
                t += x[i] * q[i]
                u += x[i] * r[i]
                z += x[i] * w[i]
            into[b] -= s
            into[b + 1] -= t
            into[b + 2] -= u
            into[b + 3] -= z
            b += 4
        while b < last:
            p = rows[b]
            s = 0.0
            for i in range(width):
                s += x[i] * p[i]
            into[b] -= s
            b += 1


@compiled(reorder=True)
def eliminate_mixes(
    n_background: int, split: bool, rho: Floats, single: Floats, pair: Floats, expected: Floats, scale: Floats,
    mixed: Floats, shared: Floats, block: Floats, steep: Floats, reduced: Floats, right: Floats, exact: bool,
) -> float:  # fmt: skip
    """Eliminate each block's mix of symptoms, which meets only its own symptom, the block's level and scope.

    Fills `mixed` (K, m + 4, D) with a mix's couplings to the columns, level and scope, its slope, and one over its
    pivot; the first m * K rows of `shared` (q + 3, 2 D) with the couplings of level and scope; `block` (7, D) with
    sums for a block's level and scope; `steep` (m, K) with the slopes of the likelihood. Returns the log
    determinant.
    """
    m, k, n_blocks = expected.shape
    total, shift, level_right, both, scope_square, scope_right, work = block
    block[:] = 0.0
    scope_square[:] = 1.0 / scale[2]
    least = 1.0 / scale[1]
    log_det = 0.0
    owned, pivot = np.empty(n_blocks), np.empty(n_blocks)
    for y in range(k):
        row = mixed[y]
        wanted, crossing, slope, inverse = row[m], row[m + 1], row[m + 2], row[m + 3]
        owned[:] = 0.0
        wanted[:] = 0.0
        for j in range(m):
            had, want = single[j, y], expected[j, y]
            climb = 0.0
            for d in range(n_blocks):
                total[d] += want[d]
                climb += had[d] - want[d]
            steep[j, y] = climb
            if j < n_background:
                for d in range(n_blocks):
                    owned[d] += had[d]
                    wanted[d] += want[d]
        pull = rho[1 + y]
        for d in range(n_blocks):
            slope[d] = owned[d] - wanted[d] - pull[d] * least
            pivot[d] = least
        if not exact:
            for d in range(n_blocks):
                pivot[d] += max(wanted[d] - owned[d], 0.0)
                wanted[d] = owned[d]
        for j in range(m):
            met = row[j]
            met[:] = 0.0
            for other in range(n_background):
                at = j * (j + 1) // 2 + other if other <= j else other * (other + 1) // 2 + j
                seen = pair[at, y]
                for d in range(n_blocks):
                    met[d] += seen[d]
            if j < n_background:
                if exact:
                    for d in range(n_blocks):
                        met[d] += expected[j, y, d] - single[j, y, d]
                for d in range(n_blocks):
                    pivot[d] += met[d]
        for d in range(n_blocks):
            pivot[d] = max(pivot[d], 0.1 * least)
            inverse[d] = 1.0 / pivot[d]
        logarithms(pivot, owned, work)
        for d in range(n_blocks):
            log_det += owned[d]
            crossing[d] = row[0, d] if split else 0.0
            taken = wanted[d] * inverse[d]
            shift[d] += wanted[d] * taken
            level_right[d] -= slope[d] * taken
        for j in range(m):
            met, into, own = row[j], shared[j * k + y], expected[j, y] if exact else single[j, y]
            for d in range(n_blocks):
                pivot[d] = met[d] * inverse[d]
            taken = 0.0
            for d in range(n_blocks):
                taken += pivot[d] * slope[d]
                into[d] = own[d] - pivot[d] * wanted[d]
            right[j * k + y] -= taken
            for other in range(j + 1):
                seen, also = pair[j * (j + 1) // 2 + other, y], row[other]
                held = 0.0
                for d in range(n_blocks):
                    held += seen[d] - pivot[d] * also[d]
                reduced[j * k + y, other * k + y] += held - (steep[j, y] if exact and other == j else 0.0)
            if split:
                seen = pair[j * (j + 1) // 2, y]
                for d in range(n_blocks):
                    into[n_blocks + d] = seen[d] - pivot[d] * crossing[d]
        if split:
            if exact:
                for d in range(n_blocks):
                    shared[y, n_blocks + d] += expected[0, y, d] - single[0, y, d]
            own = expected[0, y] if exact else single[0, y]
            for d in range(n_blocks):
                taken = crossing[d] * inverse[d]
                both[d] += own[d] - taken * wanted[d]
                square = pair[0, y, d] - taken * crossing[d]
                if exact:
                    square += expected[0, y, d] - single[0, y, d]
                scope_square[d] += square
                scope_right[d] += single[0, y, d] - expected[0, y, d] - taken * slope[d]
    return log_det


@compiled(reorder=True)
def reduce_system(
    n_background: int, split: bool, block_count: Floats, design: Floats, v: Floats, delta: Floats, rho: Floats,
    single: Floats, pair: Floats, expected: Floats, scale: Floats, alpha: Floats, log_mass: Floats,
    design_precision: Floats, design_offset: Floats, known: Floats, known_pull: Floats, mixed: Floats, shared: Floats,
    reduced: Floats, right: Floats, exact: bool,
) -> tuple[float, float]:  # fmt: skip
    """Assemble gradient and Hessian (lower half) and eliminate the blocks' random effects.

    The `exact` Hessian leads to the mode in few steps, but far from it need not be definite. The other one takes what
    each column owns for what is expected of it, as is nearly so at the mode, and is always definite.

    A block's mixes of symptoms go first, then its level and scope: `shared` (q + 3, 2 D) holds, for levels in the first
    half of each row and for scopes in the second, their couplings to the rest, all over the root of the pivot, in row q
    their gradient, in row q + 1 that root, in row q + 2 (level) its coupling to the scope. Returns the log determinant
    of the blocks and what the step of the random effects alone would gain.
    """
    m, k, n_blocks = expected.shape
    p = len(design)
    mk = m * k
    q = mk + p
    reduced[:] = 0.0
    right[:] = 0.0
    block = np.empty((7, n_blocks))
    steep = np.empty((m, k))
    log_det = eliminate_mixes(
        n_background, split, rho, single, pair, expected, scale, mixed, shared, block, steep, reduced, right, exact
    )
    total, shift, level_right, both, scope_square, scope_right, work = block
    bend, met = np.empty(n_blocks), np.empty(n_blocks)
    for d in range(n_blocks):
        bend[d] = total[d] if exact else max(total[d], block_count[d])
        met[d] = (total[d] if exact else block_count[d]) - shift[d]
        level_right[d] += block_count[d] - total[d]
    for a in range(p):
        x = design[a]
        row = reduced[mk + a]
        for j in range(mk):
            level = shared[j]
            held = 0.0
            for d in range(n_blocks):
                held += x[d] * level[d]
            row[j] += held
        for d in range(n_blocks):
            work[d] = x[d] * (bend[d] - shift[d])
        for b in range(a + 1):
            other = design[b]
            held = 0.0
            for d in range(n_blocks):
                held += work[d] * other[d]
            row[mk + b] += held
        into = shared[mk + a]
        held = 0.0
        for d in range(n_blocks):
            held += x[d] * level_right[d]
            into[d] = x[d] * met[d]
        right[mk + a] += held
        if split:
            for d in range(n_blocks):
                into[n_blocks + d] = x[d] * both[d]
    pivot, slope = shared[q + 1], shared[q]
    inverse = np.empty(n_blocks)
    for d in range(n_blocks):
        slope[d] = level_right[d] - rho[0, d] / scale[0]
        whole = bend[d] + 1.0 / scale[0]
        bend[d] = max(whole - shift[d], 1e-3 * whole)
        pivot[d] = math.sqrt(bend[d])
        inverse[d] = 1.0 / pivot[d]
    logarithms(bend, met, work)
    for d in range(n_blocks):
        log_det += met[d]
    for a in range(q + 1):
        row = shared[a]
        for d in range(n_blocks):
            row[d] *= inverse[d]
    if split:
        for d in range(n_blocks):
            slope[n_blocks + d] = scope_right[d] - rho[1 + k, d] / scale[2]
            both[d] *= inverse[d]
            shared[q + 2, d] = both[d]
            bend[d] = max(scope_square[d] - both[d] * both[d], 1e-3 / scale[2])
            pivot[n_blocks + d] = math.sqrt(bend[d])
            inverse[d] = 1.0 / pivot[n_blocks + d]
        logarithms(bend, met, work)
        for d in range(n_blocks):
            log_det += met[d]
        for a in range(q + 1):
            row = shared[a]
            for d in range(n_blocks):
                row[n_blocks + d] = (row[n_blocks + d] - both[d] * row[d]) * inverse[d]
    gain = 0.0
    for i in range(shared.shape[1]):
        gain += slope[i] * slope[i]
    for y in range(k):
        row = mixed[y]
        for d in range(n_blocks):
            gain += row[m + 2, d] * row[m + 2, d] * row[m + 3, d]
    products(shared, q, reduced, right)
    add_priors(
        n_background, v, delta, scale, alpha, log_mass, design_precision, design_offset, known, known_pull, steep,
        reduced, right, exact,
    )  # fmt: skip
    return log_det, 0.5 * gain


@compiled(reorder=True)
def add_priors(
    n_background: int, v: Floats, delta: Floats, scale: Floats, alpha: Floats, log_mass: Floats,
    design_precision: Floats, design_offset: Floats, known: Floats, known_pull: Floats, steep: Floats, reduced: Floats,
    right: Floats, exact: bool,
) -> None:  # fmt: skip
    """Add slopes of the likelihood (m, K), and slopes and curvature of the priors, to the reduced system.

    `alpha` may leave the last excesses out: they go without a prior.
    """
    m, k = v.shape
    mk = m * k
    for a in range(len(delta)):
        reduced[mk + a, mk + a] += design_precision[a] + 1e-9
        right[mk + a] -= design_precision[a] * (design_offset[a] + delta[a])
    for j in range(m):
        for y in range(k):
            at = j * k + y
            right[at] += steep[j, y]
            if not exact:
                reduced[at, at] += max(-steep[j, y], 0.0)
    for a in range(n_background * k):
        right[a] += known_pull[a]
        for b in range(n_background * k):
            right[a] -= known[a, b] * v[b // k, b % k]
            reduced[a, b] += known[a, b]
    for e in range(len(alpha)):
        row = v[n_background + e]
        top = row.max()
        weight = np.exp(row - top)
        log_sum = top + math.log(weight.sum())
        weight /= weight.sum()
        total = alpha[e].sum()
        variance = scale[4] ** 2
        z = (log_sum + log_mass[e] - scale[3]) / variance
        bend = total + max(z, -0.8 * total)
        first = (n_background + e) * k
        for y in range(k):
            right[first + y] += alpha[e, y] - total * weight[y] - z * weight[y]
            reduced[first + y, first + y] += bend * weight[y]
            for other in range(y + 1):
                reduced[first + y, first + other] += (1.0 / variance - bend) * weight[y] * weight[other]


@compiled(reorder=True)
def move_blocks(
    rho: Floats, split: bool, design: Floats, mixed: Floats, shared: Floats, move: Floats, out: Floats
) -> None:
    """Fill the random effects that follow from a step of the rest, each kept within bounds."""
    k, width, n_blocks = mixed.shape
    m = width - 4
    q = len(move)
    step = shared[q].copy()
    for a in range(q):
        row, by = shared[a], move[a]
        for i in range(len(step)):
            step[i] -= row[i] * by
    level, scope = step[:n_blocks], np.zeros(n_blocks)
    pivot, both = shared[q + 1], shared[q + 2]
    if split:
        for d in range(n_blocks):
            scope[d] = step[n_blocks + d] / pivot[n_blocks + d]
            level[d] -= both[d] * scope[d]
            out[1 + k, d] = bounded(rho[1 + k, d], scope[d])
    for d in range(n_blocks):
        level[d] /= pivot[d]
        out[0, d] = bounded(rho[0, d], level[d])
    for a in range(len(design)):
        x, by = design[a], move[m * k + a]
        for d in range(n_blocks):
            level[d] += x[d] * by
    held = np.empty(n_blocks)
    for y in range(k):
        row = mixed[y]
        for d in range(n_blocks):
            held[d] = row[m + 2, d] - row[m, d] * level[d] - row[m + 1, d] * scope[d]
        for j in range(m):
            met, by = row[j], move[j * k + y]
            for d in range(n_blocks):
                held[d] -= met[d] * by
        for d in range(n_blocks):
            out[1 + y, d] = bounded(rho[1 + y, d], held[d] * row[m + 3, d])


@compiled(reorder=True)
def bounded(value: float, step: float) -> float:
    """Return the value after a step of at most 1.5, itself at most 8."""
    return min(max(value + min(max(step, -1.5), 1.5), -8.0), 8.0)
