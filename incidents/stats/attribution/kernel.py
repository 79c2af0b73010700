"""Compiled inner loops of `laplace`: value, derivatives and damped Newton steps of one mixture problem.

Plain loops over arrays, compiled by Numba and cached on disk. What they compute is told in `laplace`; the same
mathematics in vectorised NumPy stands in tests/stats/attribution/reference_laplace.py, against which it is tested.
Cells lie column by column and sums may be reordered, so that the loops over a group's cells run in vector registers.
The functions share one file because the cache of a compiled function only notices changes of its own file.
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


@compiled(reorder=True)
def log_prior(
    v: Floats, delta: Floats, rho: Floats, n_background: int, split: bool, scale: Floats, alpha: Floats,
    log_mass: Floats, design_precision: Floats, design_offset: Floats,
) -> float:  # fmt: skip
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
    log_mass: Floats, design_precision: Floats, design_offset: Floats, mixed: Floats, shared: Floats,
    reduced: Floats, right: Floats,
) -> float:  # fmt: skip
    """Assemble gradient and Hessian (lower half) and eliminate the blocks' random effects.

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
            pivot = max(wanted - owned, 0.0) + 1.0 / scale[1]
            for j in range(m):
                met[j] = 0.0
                for other in range(n_background):
                    met[j] += pair[other, j]
                if j < n_background:
                    pivot += met[j]
            slope = owned - wanted - rho[d, 1 + y] / scale[1]
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
                scope_right += single[0] - expected[d, y, 0] - crossing * slope * inverse
        lack = max(total - block_count[d], 0.0)
        for a in range(p):
            x = design[d, a]
            row = reduced[mk + a]
            for j in range(mk):
                row[j] += x * level[j]
            for b in range(a + 1):
                row[mk + b] += x * design[d, b] * (block_count[d] + lack - shift)
            right[mk + a] += x * (block_count[d] - total + level_right)
            level[mk + a] = x * (block_count[d] - shift)
            scope[mk + a] = x * both
        level[q] = level_right + block_count[d] - total - rho[d, 0] / scale[0]
        pivot = math.sqrt(max(block_count[d] + lack + 1.0 / scale[0] - shift, 1e-12))
        log_det += 2.0 * math.log(pivot)
        for a in range(q + 1):
            level[a] /= pivot
        level[q + 1] = pivot
        if split:
            scope[q] = scope_right - rho[d, 1 + k] / scale[2]
            both /= pivot
            level[q + 2] = both
            pivot = math.sqrt(max(scope_square - both * both, 1e-12))
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
            reduced[at, at] += max(-steep[j, y], 0.0)
            if j < n_background:
                right[at] -= scale[3] * v[j, y]
                reduced[at, at] += scale[3]
    for e in range(m - n_background):
        row = v[n_background + e]
        top = row.max()
        weight = np.exp(row - top)
        log_sum = top + math.log(weight.sum())
        weight /= weight.sum()
        total = alpha[e].sum()
        variance = scale[5] ** 2
        z = (log_sum + log_mass[e] - scale[4]) / variance
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


@compiled(reorder=True)
def climb(
    count: Floats, group: Ints, start: Ints, size: Ints, column: Floats, mass: Floats, n_background: int,
    split: bool, block_count: Floats, design: Floats, design_precision: Floats, design_offset: Floats,
    scale: Floats, alpha: Floats, v: Floats, delta: Floats, rho: Floats, iterations: int, tolerance: float,
) -> tuple[Floats, Floats, Floats, Floats, Floats, float, float, float, int]:  # fmt: skip
    """Newton's way to the mode; returns (v, delta, rho, share, reduced Hessian, joint, likelihood, log det, steps).

    The log determinant is NaN where the Hessian at the mode is not definite; that of the blocks stands then alone.
    """
    n_blocks, m, k = mass.shape
    p = design.shape[1]
    q = m * k + p
    n_groups = len(group)
    log_mass = np.empty(m - n_background)
    for e in range(m - n_background):
        log_mass[e] = math.log(max(mass[:, n_background + e, 0].sum(), TINY))
    group_sum, sum_new = np.empty((n_groups, m)), np.empty((n_groups, m))
    group_pair, pair_new = np.empty((n_groups, m, m)), np.empty((n_groups, m, m))
    weight, expected = np.empty((n_blocks, k, m)), np.empty((n_blocks, k, m))
    weight_new, expected_new = np.empty((n_blocks, k, m)), np.empty((n_blocks, k, m))
    scratch = np.empty((m + 2, size.max() if n_groups else 0))
    mixed = np.empty((n_blocks, k, m + 4))
    shared = np.empty((n_blocks, 2, q + 3))
    reduced, factor, right = np.empty((q, q)), np.zeros((q, q)), np.empty(q)
    rho_new = np.empty(rho.shape)
    likelihood = heights(mass, n_background, split, block_count, design, v, delta, rho, weight, expected)
    likelihood += evaluate(count, group, start, size, column, weight, group_sum, group_pair, scratch)
    joint = likelihood + log_prior(
        v, delta, rho, n_background, split, scale, alpha, log_mass, design_precision, design_offset,
    )  # fmt: skip
    damping = 1e-4
    used = 0
    log_det = 0.0
    settled = False
    while True:
        log_det = reduce_system(
            group, n_background, split, block_count, design, v, delta, rho, group_sum, group_pair, expected, scale,
            alpha, log_mass, design_precision, design_offset, mixed, shared, reduced, right,
        )  # fmt: skip
        if settled or used >= iterations:
            break
        used += 1
        moved = False
        gain = 0.0
        largest = 0.0
        for _ in range(6):
            if not math.isfinite(factorise(reduced, damping, factor)):
                damping = max(damping * 10, 1e-2)
                continue
            move = solve(factor, right)
            move_blocks(rho, split, design, mixed, shared, move, rho_new)
            largest = 0.0
            for a in range(q):
                move[a] = min(max(move[a], -1.5), 1.5)
                largest = max(largest, abs(move[a]))
            v_new = np.empty((m, k))
            for j in range(m):
                for y in range(k):
                    v_new[j, y] = min(max(v[j, y] + move[j * k + y], -LARGE), LARGE)
            delta_new = delta + move[m * k :]
            likelihood_new = heights(
                mass, n_background, split, block_count, design, v_new, delta_new, rho_new, weight_new, expected_new,
            )  # fmt: skip
            likelihood_new += evaluate(
                count, group, start, size, column, weight_new, sum_new, pair_new, scratch
            )
            joint_new = likelihood_new + log_prior(
                v_new, delta_new, rho_new, n_background, split, scale, alpha, log_mass, design_precision,
                design_offset,
            )  # fmt: skip
            if joint_new > joint - 1e-6:
                moved = True
                damping = max(damping / 10, 1e-6)
                gain = joint_new - joint
                v, delta = v_new, delta_new
                rho, rho_new = rho_new, rho.copy()
                likelihood, joint = likelihood_new, joint_new
                weight, weight_new = weight_new, weight
                group_sum, sum_new = sum_new, group_sum
                group_pair, pair_new = pair_new, group_pair
                expected, expected_new = expected_new, expected
                break
            damping = max(damping * 10, 1e-2)
        if not moved:
            break
        settled = gain < tolerance and largest < 0.5
    for a in range(q):
        for b in range(a):
            reduced[b, a] = reduced[a, b]
    share = shares(group, start, size, column, weight)
    return v, delta, rho, share, reduced, joint, likelihood, log_det, used
