"""Compiled inner loops of `laplace`: value, derivatives and damped Newton steps of one mixture problem.

Plain loops over arrays, compiled by Numba and cached on disk. What they compute is told in `laplace`; the same
mathematics in vectorised NumPy stands in tests/stats/attribution/reference_laplace.py, against which it is tested.
They share one file because the cache of a compiled function only notices changes of its own file.
"""

import math

import numpy as np

from incidents.stats.attribution.evidence import Floats, Ints
from incidents.stats.compiled import compiled

LARGE = 30.0
TINY = 1e-300


@compiled
def evaluate(
    count: Floats, group: Ints, start: Ints, size: Ints, column: Floats, mass: Floats, n_background: int,
    split: bool, block_count: Floats, design: Floats, v: Floats, delta: Floats, rho: Floats, share: Floats,
    group_sum: Floats, group_pair: Floats, expected: Floats,
) -> float:  # fmt: skip
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


@compiled
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


@compiled
def solve_damped(reduced: Floats, right: Floats, damping: float) -> Floats:
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


@compiled
def reduce_system(
    group: Ints, mass: Floats, n_background: int, split: bool, block_count: Floats, design: Floats, v: Floats,
    delta: Floats, rho: Floats, group_sum: Floats, group_pair: Floats, expected: Floats, scale: Floats,
    alpha: Floats, log_mass: Floats, design_precision: Floats, design_offset: Floats, factors: Floats,
    solved: Floats, reduced: Floats, right: Floats,
) -> float:  # fmt: skip
    """Assemble gradient and Hessian, eliminate the blocks' random effects.

    Fills `factors` (D, r, r) Cholesky factors, `solved` (D, r, q + 1) the factors' solutions of cross terms and
    gradient, `reduced` (q, q) and `right` (q,); returns the log determinant of the blocks.
    """
    n_blocks, m, k = mass.shape
    p = design.shape[1]
    r = rho.shape[1]
    mk = m * k
    q = mk + p
    reduced[:] = 0.0
    right[:] = 0.0
    single = np.zeros((n_blocks, m, k))
    log_det = 0.0
    present = np.full(n_blocks * k, -1)
    for g in range(len(group)):
        present[group[g]] = g
        d, y = group[g] // k, group[g] % k
        for j in range(m):
            single[d, j, y] = group_sum[g, j]
            for other in range(j):
                group_pair[g, other, j] = group_pair[g, j, other]
        for j in range(m):
            for other in range(m):
                reduced[j * k + y, other * k + y] += group_pair[g, j, other]
    gradient_v = np.zeros((m, k))
    cross = np.empty((r, q + 1))
    block = np.empty((r, r))
    for d in range(n_blocks):
        total = 0.0
        for j in range(m):
            for y in range(k):
                total += expected[d, j, y]
                gradient_v[j, y] += single[d, j, y] - expected[d, j, y]
        lack = max(total - block_count[d], 0.0)
        for a in range(p):
            right[mk + a] += design[d, a] * (block_count[d] - total)
            for b in range(p):
                reduced[mk + a, mk + b] += design[d, a] * design[d, b] * (block_count[d] + lack)
            for j in range(m):
                for y in range(k):
                    reduced[j * k + y, mk + a] += single[d, j, y] * design[d, a]
        block[:] = 0.0
        cross[:] = 0.0
        block[0, 0] = block_count[d] + lack + 1.0 / scale[0]
        cross[0, q] = block_count[d] - total - rho[d, 0] / scale[0]
        for a in range(p):
            cross[0, mk + a] = block_count[d] * design[d, a]
        for j in range(m):
            for y in range(k):
                cross[0, j * k + y] = single[d, j, y]
        for y in range(k):
            owned = 0.0
            wanted = 0.0
            for j in range(n_background):
                owned += single[d, j, y]
                wanted += expected[d, j, y]
            within = max(wanted - owned, 0.0)
            g = present[d * k + y]
            if g >= 0:
                for j in range(n_background):
                    for other in range(m):
                        pair = group_pair[g, j, other]
                        cross[1 + y, other * k + y] += pair
                        if other < n_background:
                            within += pair
            block[1 + y, 1 + y] = within + 1.0 / scale[1]
            block[0, 1 + y] = owned
            block[1 + y, 0] = owned
            cross[1 + y, q] = owned - wanted - rho[d, 1 + y] / scale[1]
            for a in range(p):
                cross[1 + y, mk + a] = owned * design[d, a]
        if split:
            s = 1 + k
            owned = 0.0
            wanted = 0.0
            block[s, s] = 1.0 / scale[2]
            for y in range(k):
                owned += single[d, 0, y]
                wanted += expected[d, 0, y]
                g = present[d * k + y]
                if g >= 0:
                    for other in range(m):
                        pair = group_pair[g, 0, other]
                        cross[s, other * k + y] += pair
                        if other < n_background:
                            block[1 + y, s] += pair
                            block[s, 1 + y] += pair
                    block[s, s] += group_pair[g, 0, 0]
            block[0, s] = owned
            block[s, 0] = owned
            cross[s, q] = owned - wanted - rho[d, s] / scale[2]
            for a in range(p):
                cross[s, mk + a] = owned * design[d, a]
        # Cholesky of the block, then forward substitution of all cross terms at once
        for a in range(r):
            for b in range(a + 1):
                held = block[a, b]
                for c in range(b):
                    held -= factors[d, a, c] * factors[d, b, c]
                if a == b:
                    factors[d, a, a] = math.sqrt(max(held, 1e-12))
                else:
                    factors[d, a, b] = held / factors[d, b, b]
            log_det += 2.0 * math.log(factors[d, a, a])
        for a in range(r):
            for b in range(a):
                if factors[d, a, b] != 0.0:
                    for c in range(q + 1):
                        cross[a, c] -= factors[d, a, b] * cross[b, c]
            for c in range(q + 1):
                cross[a, c] /= factors[d, a, a]
                solved[d, a, c] = cross[a, c]
    for j in range(m):
        for y in range(k):
            for a in range(p):
                reduced[mk + a, j * k + y] = reduced[j * k + y, mk + a]
    for a in range(p):
        reduced[mk + a, mk + a] += design_precision[a] + 1e-9
        right[mk + a] -= design_precision[a] * (design_offset[a] + delta[a])
    for j in range(m):
        for y in range(k):
            reduced[j * k + y, j * k + y] += max(-gradient_v[j, y], 0.0)
    for j in range(n_background):
        for y in range(k):
            gradient_v[j, y] -= scale[3] * v[j, y]
            reduced[j * k + y, j * k + y] += scale[3]
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
        for y in range(k):
            at = (n_background + e) * k + y
            gradient_v[n_background + e, y] += alpha[e, y] - total * weight[y] - z * weight[y]
            reduced[at, at] += bend * weight[y]
            for other in range(k):
                reduced[at, (n_background + e) * k + other] += (1.0 / variance - bend) * weight[y] * weight[other]
    right[:mk] = gradient_v.ravel()
    flat = solved.reshape(n_blocks * r, q + 1)
    product = flat.T @ flat
    right -= product[:q, q]
    reduced -= product[:q, :q]
    return log_det


@compiled
def climb(
    count: Floats, group: Ints, start: Ints, size: Ints, column: Floats, mass: Floats, n_background: int,
    split: bool, block_count: Floats, design: Floats, design_precision: Floats, design_offset: Floats,
    scale: Floats, alpha: Floats, v: Floats, delta: Floats, rho: Floats, iterations: int, tolerance: float,
) -> tuple[Floats, Floats, Floats, Floats, Floats, float, float, float, int]:  # fmt: skip
    """Newton's way to the mode; returns (v, delta, rho, share, reduced Hessian, joint, likelihood, log det, steps)."""
    n_blocks, m, k = mass.shape
    p = design.shape[1]
    r = rho.shape[1]
    q = m * k + p
    n_groups = len(group)
    log_mass = np.empty(m - n_background)
    for e in range(m - n_background):
        log_mass[e] = math.log(max(mass[:, n_background + e, 0].sum(), TINY))
    share = np.empty(column.shape)
    group_sum = np.empty((n_groups, m))
    group_pair = np.empty((n_groups, m, m))
    expected = np.empty(mass.shape)
    share_new = np.empty(column.shape)
    sum_new = np.empty((n_groups, m))
    pair_new = np.empty((n_groups, m, m))
    expected_new = np.empty(mass.shape)
    factors = np.zeros((n_blocks, r, r))
    solved = np.empty((n_blocks, r, q + 1))
    reduced = np.empty((q, q))
    right = np.empty(q)
    likelihood = evaluate(
        count, group, start, size, column, mass, n_background, split, block_count, design, v, delta, rho,
        share, group_sum, group_pair, expected,
    )  # fmt: skip
    joint = likelihood + log_prior(
        v, delta, rho, n_background, split, scale, alpha, log_mass, design_precision, design_offset,
    )  # fmt: skip
    damping = 1e-4
    used = 0
    log_det = 0.0
    while True:
        log_det = reduce_system(
            group, mass, n_background, split, block_count, design, v, delta, rho, group_sum, group_pair,
            expected, scale, alpha, log_mass, design_precision, design_offset, factors, solved, reduced, right,
        )  # fmt: skip
        if used >= iterations:
            break
        used += 1
        moved = False
        gain = 0.0
        largest = 0.0
        for _ in range(6):
            move = solve_damped(reduced, right, damping)
            if len(move) == 0:
                damping = max(damping * 10, 1e-2)
                continue
            rho_new = rho.copy()
            back = np.empty(r)
            for d in range(n_blocks):
                for a in range(r):
                    held = solved[d, a, q]
                    for c in range(q):
                        held -= solved[d, a, c] * move[c]
                    back[a] = held
                for a in range(r - 1, -1, -1):
                    for b in range(a + 1, r):
                        back[a] -= factors[d, b, a] * back[b]
                    back[a] /= factors[d, a, a]
                for a in range(r):
                    rho_new[d, a] = min(max(rho[d, a] + min(max(back[a], -1.5), 1.5), -8.0), 8.0)
            largest = 0.0
            for a in range(q):
                move[a] = min(max(move[a], -1.5), 1.5)
                largest = max(largest, abs(move[a]))
            v_new = np.empty((m, k))
            for j in range(m):
                for y in range(k):
                    v_new[j, y] = min(max(v[j, y] + move[j * k + y], -LARGE), LARGE)
            delta_new = delta + move[m * k :]
            likelihood_new = evaluate(
                count, group, start, size, column, mass, n_background, split, block_count, design, v_new,
                delta_new, rho_new, share_new, sum_new, pair_new, expected_new,
            )  # fmt: skip
            joint_new = likelihood_new + log_prior(
                v_new, delta_new, rho_new, n_background, split, scale, alpha, log_mass, design_precision,
                design_offset,
            )  # fmt: skip
            if joint_new > joint - 1e-6:
                moved = True
                damping = max(damping / 10, 1e-6)
                gain = joint_new - joint
                v, delta, rho = v_new, delta_new, rho_new
                likelihood, joint = likelihood_new, joint_new
                share, share_new = share_new, share
                group_sum, sum_new = sum_new, group_sum
                group_pair, pair_new = pair_new, group_pair
                expected, expected_new = expected_new, expected
                break
            damping = max(damping * 10, 1e-2)
        if not moved:
            break
        if gain < tolerance and largest < 0.5:
            log_det = reduce_system(
                group, mass, n_background, split, block_count, design, v, delta, rho, group_sum, group_pair,
                expected, scale, alpha, log_mass, design_precision, design_offset, factors, solved, reduced,
                right,
            )  # fmt: skip
            break
    return v, delta, rho, share, reduced, joint, likelihood, log_det, used
