"""Compiled linear algebra of one Newton step: a block's random effects are eliminated, the rest is solved."""

import math

import numpy as np

from incidents.stats.attribution.evidence import Floats, Ints
from incidents.stats.compiled import compiled


@compiled(reorder=True)
def factorise(matrix: Floats, damping: float, factor: Floats) -> float:
    """Fill the lower Cholesky factor, the diagonal raised by a share of itself; return its log determinant, or NaN."""
    log_det = 0.0
    for a in range(len(matrix)):
        own = factor[a]
        for b in range(a):
            row = factor[b]
            held = matrix[a, b]
            for c in range(b):
                held -= own[c] * row[c]
            own[b] = held / row[b]
        held = matrix[a, a]
        held += damping * max(held, 1e-3)
        for c in range(a):
            held -= own[c] * own[c]
        if not held > 1e-12:
            return math.nan
        own[a] = math.sqrt(held)
        log_det += 2.0 * math.log(own[a])
    return log_det


@compiled(reorder=True)
def solve(factor: Floats, right: Floats) -> Floats:
    """Solve with a lower Cholesky factor."""
    out = right.copy()
    n = len(right)
    for a in range(n):
        row = factor[a]
        held = out[a]
        for b in range(a):
            held -= row[b] * out[b]
        out[a] = held / row[a]
    for a in range(n - 1, -1, -1):
        row = factor[a]
        out[a] /= row[a]
        for b in range(a):
            out[b] -= row[b] * out[a]
    return out


@compiled(reorder=True)
def reduce_system(
    group: Ints, n_background: int, split: bool, block_count: Floats, design: Floats, v: Floats, delta: Floats,
    rho: Floats, group_sum: Floats, group_pair: Floats, expected: Floats, scale: Floats, alpha: Floats,
    log_mass: Floats, design_precision: Floats, design_offset: Floats, known: Floats, known_pull: Floats,
    mixed: Floats, shared: Floats, reduced: Floats, right: Floats, exact: bool,
) -> float:  # fmt: skip
    """Assemble gradient and Hessian (lower half) and eliminate the blocks' random effects.

    The `exact` Hessian leads to the mode in few steps, but far from it need not be definite. The other one takes what
    each column owns for what is expected of it, as is nearly so at the mode, and is always definite.

    A block's mixes of symptoms go first: they meet only their own symptom, the block's level and scope. Fills `mixed`
    (D, K, m + 4) with a mix's couplings to the columns, level and scope, its gradient and its pivot; `shared` (D, 2,
    q + 2) with level and scope, solved: couplings to the rest, gradient, and pivot (of the level also its coupling to
    the scope in front of the pivot: q + 3 entries); returns the log determinant of the blocks.
    """
    n_blocks, k, m = expected.shape
    p = design.shape[1]
    mk = m * k
    q = mk + p
    reduced[:] = 0.0
    right[:] = 0.0
    shared[:] = 0.0
    log_det = 0.0
    present = np.full(n_blocks * k, -1)
    for g in range(len(group)):
        present[group[g]] = g
    pair = np.zeros((m, m))
    single = np.zeros(m)
    steep = np.zeros((m, k))  # slope of the likelihood, before random effects and priors
    met = np.zeros(m)
    for d in range(n_blocks):
        total = 0.0
        level, scope = shared[d, 0], shared[d, 1]
        shift = 0.0  # what the mixes take from the level's curvature
        level_right, both, scope_square, scope_right = 0.0, 0.0, 1.0 / scale[2], 0.0
        for y in range(k):
            g = present[d * k + y]
            owned, wanted = 0.0, 0.0
            for j in range(m):
                single[j] = group_sum[g, j] if g >= 0 else 0.0
                for other in range(j + 1):
                    pair[j, other] = pair[other, j] = group_pair[g, j, other] if g >= 0 else 0.0
                total += expected[d, y, j]
                steep[j, y] += single[j] - expected[d, y, j]
                if j < n_background:
                    owned += single[j]
                    wanted += expected[d, y, j]
            slope = owned - wanted - rho[d, 1 + y] / scale[1]
            if split:
                scope_right += single[0] - expected[d, y, 0]
            pivot = 1.0 / scale[1]
            if exact:
                owned = wanted
                for j in range(m):
                    pair[j, j] += expected[d, y, j] - single[j]
                    single[j] = expected[d, y, j]
            else:
                pivot += max(wanted - owned, 0.0)
            for j in range(m):
                met[j] = 0.0
                for other in range(n_background):
                    met[j] += pair[other, j]
                if j < n_background:
                    pivot += met[j]
            pivot = max(pivot, 0.1 / scale[1])
            crossing = met[0] if split else 0.0
            mixed[d, y, :m] = met
            mixed[d, y, m], mixed[d, y, m + 1] = owned, crossing
            mixed[d, y, m + 2], mixed[d, y, m + 3] = slope, pivot
            log_det += math.log(pivot)
            inverse = 1.0 / pivot
            shift += owned * owned * inverse
            level_right -= owned * slope * inverse
            for j in range(m):
                taken = met[j] * inverse
                for other in range(j + 1):
                    reduced[j * k + y, other * k + y] += pair[j, other] - taken * met[other]
                right[j * k + y] -= taken * slope
                level[j * k + y] = single[j] - taken * owned
                if split:
                    scope[j * k + y] = pair[0, j] - taken * crossing
            if split:
                both += single[0] - crossing * owned * inverse
                scope_square += pair[0, 0] - crossing * crossing * inverse
                scope_right -= crossing * slope * inverse
        bend = total if exact else max(total, block_count[d])
        met_level = total if exact else block_count[d]
        for a in range(p):
            x = design[d, a]
            row = reduced[mk + a]
            for j in range(mk):
                row[j] += x * level[j]
            for b in range(a + 1):
                row[mk + b] += x * design[d, b] * (bend - shift)
            right[mk + a] += x * (block_count[d] - total + level_right)
            level[mk + a] = x * (met_level - shift)
            scope[mk + a] = x * both
        level[q] = level_right + block_count[d] - total - rho[d, 0] / scale[0]
        bend += 1.0 / scale[0]
        pivot = math.sqrt(max(bend - shift, 1e-3 * bend))
        log_det += 2.0 * math.log(pivot)
        for a in range(q + 1):
            level[a] /= pivot
        level[q + 1] = pivot
        if split:
            scope[q] = scope_right - rho[d, 1 + k] / scale[2]
            both /= pivot
            level[q + 2] = both
            pivot = math.sqrt(max(scope_square - both * both, 1e-3 / scale[2]))
            log_det += 2.0 * math.log(pivot)
            for a in range(q + 1):
                scope[a] = (scope[a] - both * level[a]) / pivot
            scope[q + 1] = pivot
        for s in range(2 if split else 1):
            row = shared[d, s]
            for a in range(q):
                into = reduced[a]
                for b in range(a + 1):
                    into[b] -= row[a] * row[b]
                right[a] -= row[a] * row[q]
    for a in range(p):
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
    for e in range(m - n_background):
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
    return log_det


@compiled(reorder=True)
def move_blocks(
    rho: Floats, split: bool, design: Floats, mixed: Floats, shared: Floats, move: Floats, out: Floats
) -> None:
    """Fill the random effects that follow from a step of the rest, each kept within bounds."""
    n_blocks, k, width = mixed.shape
    m = width - 4
    q = len(move)
    for d in range(n_blocks):
        level, scope = shared[d, 0], shared[d, 1]
        steps = np.zeros(2)
        if split:
            held = scope[q]
            for a in range(q):
                held -= scope[a] * move[a]
            steps[1] = held / scope[q + 1]
        held = level[q] - level[q + 2] * steps[1]
        for a in range(q):
            held -= level[a] * move[a]
        steps[0] = held / level[q + 1]
        whole = steps[0]
        for a in range(design.shape[1]):
            whole += design[d, a] * move[m * k + a]
        for y in range(k):
            row = mixed[d, y]
            held = row[m + 2] - row[m] * whole - row[m + 1] * steps[1]
            for j in range(m):
                held -= row[j] * move[j * k + y]
            out[d, 1 + y] = bounded(rho[d, 1 + y], held / row[m + 3])
        out[d, 0] = bounded(rho[d, 0], steps[0])
        if split:
            out[d, 1 + k] = bounded(rho[d, 1 + k], steps[1])


@compiled(reorder=True)
def bounded(value: float, step: float) -> float:
    """Return the value after a step of at most 1.5, itself at most 8."""
    return min(max(value + min(max(step, -1.5), 1.5), -8.0), 8.0)
