"""The compiled way to the mode of a mixture problem: damped Newton steps.

What is computed is told in `laplace`; the same mathematics in vectorised NumPy stands in
tests/stats/attribution/reference_laplace.py, against which it is tested.
"""

import math

import numpy as np

from incidents.stats.attribution.cells import LARGE, TINY, evaluate, heights, shares
from incidents.stats.attribution.elimination import factorise, move_blocks, reduce_system, solve
from incidents.stats.attribution.evidence import Floats, Ints
from incidents.stats.compiled import compiled


@compiled(reorder=True)
def log_prior(
    v: Floats, delta: Floats, rho: Floats, n_background: int, split: bool, scale: Floats, alpha: Floats,
    log_mass: Floats, design_precision: Floats, design_offset: Floats, known: Floats, known_pull: Floats,
) -> float:  # fmt: skip
    """Log density of the priors; `scale` holds (level, mix, scope variance, log mean, spread).

    The background's levels have precision `known` (b, b) and linear term `known_pull` (b,), b = n_background * K.
    """
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
    for a in range(n_background * k):
        level = v[a // k, a % k]
        value += known_pull[a] * level
        for b in range(n_background * k):
            value -= 0.5 * level * known[a, b] * v[b // k, b % k]
    for e in range(m - n_background):
        row = v[n_background + e]
        top = row.max()
        log_sum = top + math.log(np.exp(row - top).sum())
        z = (log_sum + log_mass[e] - scale[3]) / scale[4]
        total = 0.0
        for y in range(k):
            total += alpha[e, y]
            value += alpha[e, y] * (row[y] - log_sum) - math.lgamma(alpha[e, y])
        value += math.lgamma(total) - 0.5 * z * z - math.log(scale[4]) - 0.5 * math.log(2 * math.pi)
    return value


@compiled(reorder=True)
def seed(group: Ints, group_sum: Floats, group_pair: Floats, mass: Floats, v: Floats, pull: Floats) -> None:
    """Set the last column's heights near their mode, from sums taken where it is so faint that it owns nothing.

    For each symptom a quadratic in its rate, what the first background column could take from it eliminated, times the
    rate to the power `pull` (K,).
    """
    _, m, k = mass.shape
    last = m - 1
    for y in range(k):
        faint = math.exp(v[last, y])
        slope, square, met, first = 0.0, 0.0, 0.0, 2.0
        for g in range(len(group)):
            if group[g] % k == y:
                slope += group_sum[g, last]
                square += group_pair[g, last, last]
                met += group_pair[g, last, 0]
                first += group_pair[g, 0, 0]
        total = mass[:, last, y].sum()
        slope = slope / faint - total
        square = max(square / faint**2 - (met / faint) ** 2 / first, 1e-3 * square / faint**2 + 1e-12)
        peak = slope / square
        rate = 0.5 * (peak + math.sqrt(peak * peak + 4.0 * pull[y] / square))
        if peak < 0.0:  # the same root, written so that nothing cancels
            rate = 2.0 * pull[y] / square / (math.sqrt(peak * peak + 4.0 * pull[y] / square) - peak)
        v[last, y] = min(max(math.log(max(rate, TINY)), -LARGE), LARGE)


@compiled(reorder=True)
def climb(
    count: Floats, group: Ints, start: Ints, size: Ints, column: Floats, mass: Floats, n_background: int,
    split: bool, block_count: Floats, design: Floats, design_precision: Floats, design_offset: Floats,
    scale: Floats, alpha: Floats, known: Floats, known_pull: Floats, v: Floats, delta: Floats, rho: Floats,
    iterations: int, tolerance: float, faint: bool,
) -> tuple[Floats, Floats, Floats, Floats, Floats, float, float, float, int]:  # fmt: skip
    """Newton's way to the mode; returns (v, delta, rho, share, reduced Hessian, joint, likelihood, log det, steps).

    The log determinant is that of the blocks. If `faint`, the last column starts so low that it owns nothing, and the
    first step is to find a better start for it.
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
    if faint:
        v = v.copy()
        seed(group, group_sum, group_pair, mass, v, alpha[-1])
        likelihood = heights(mass, n_background, split, block_count, design, v, delta, rho, weight, expected)
        likelihood += evaluate(count, group, start, size, column, weight, group_sum, group_pair, scratch)
    joint = likelihood + log_prior(
        v, delta, rho, n_background, split, scale, alpha, log_mass, design_precision, design_offset,
        known, known_pull,
    )  # fmt: skip
    damping = 1e-4
    used = 0
    log_det = 0.0
    settled = False
    exact = iterations > 0
    while True:
        log_det = reduce_system(
            group, n_background, split, block_count, design, v, delta, rho, group_sum, group_pair, expected, scale,
            alpha, log_mass, design_precision, design_offset, known, known_pull, mixed, shared, reduced, right,
            exact,
        )  # fmt: skip
        if not exact and (settled or used >= iterations):
            break
        if settled or used >= iterations:
            exact = False
            continue
        used += 1
        moved = False
        gain = 0.0
        largest = 0.0
        for _ in range(6):
            if not math.isfinite(factorise(reduced, damping, factor)):
                if exact:
                    exact = False
                    reduce_system(
                        group, n_background, split, block_count, design, v, delta, rho, group_sum, group_pair,
                        expected, scale, alpha, log_mass, design_precision, design_offset, known, known_pull,
                        mixed, shared, reduced, right, False,
                    )  # fmt: skip
                else:
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
            likelihood_new += evaluate(count, group, start, size, column, weight_new, sum_new, pair_new, scratch)
            joint_new = likelihood_new + log_prior(
                v_new, delta_new, rho_new, n_background, split, scale, alpha, log_mass, design_precision,
                design_offset, known, known_pull,
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
        settled = not moved or (gain < tolerance and largest < 0.5)
        exact = not settled
    for a in range(q):
        for b in range(a):
            reduced[b, a] = reduced[a, b]
    share = shares(group, start, size, column, weight)
    return v, delta, rho, share, reduced, joint, likelihood, log_det, used
