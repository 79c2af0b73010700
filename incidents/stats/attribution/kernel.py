"""The compiled way to the mode of a mixture problem: damped Newton steps.

What is computed is told in `laplace`; the same mathematics in vectorised NumPy stands in
tests/stats/attribution/reference_laplace.py, against which it is tested.
"""

import math

import numpy as np

from incidents.stats.attribution.cells import CHUNK, LARGE, TINY, evaluate, heights
from incidents.stats.attribution.elimination import factorise, forward, move_blocks, reduce_system, solve
from incidents.stats.attribution.evidence import Floats, Ints
from incidents.stats.attribution.owned import slope_of_owned
from incidents.stats.attribution.seeding import seed
from incidents.stats.compiled import compiled


@compiled(reorder=True)
def log_prior(
    v: Floats, delta: Floats, rho: Floats, n_background: int, scale: Floats, alpha: Floats,
    log_mass: Floats, design_precision: Floats, design_offset: Floats, known: Floats, known_pull: Floats,
) -> float:  # fmt: skip
    """Log density of the priors; `scale` holds (level, mix, scope variance, log mean, spread).

    `rho` (1 + K + 1, D), the last row where a scope is under test. The background's levels have precision `known`
    (b, b) and linear term `known_pull` (b,), b = n_background * K.
    """
    m, k = v.shape
    value = 0.0
    for q in range(len(delta)):
        value -= 0.5 * design_precision[q] * (design_offset[q] + delta[q]) ** 2
    for a in range(len(rho)):
        square = 0.0
        for d in range(rho.shape[1]):
            square += rho[a, d] * rho[a, d]
        value -= 0.5 * square / (scale[0] if a == 0 else scale[1] if a <= k else scale[2])
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
def climb(
    count: Floats, group: Ints, start: Ints, size: Ints, column: Floats, mass: Floats, n_background: int,
    split: bool, block_count: Floats, design: Floats, design_precision: Floats, design_offset: Floats,
    scale: Floats, alpha: Floats, known: Floats, known_pull: Floats, v: Floats, delta: Floats, rho: Floats,
    iterations: int, tolerance: float, faint: bool,
) -> tuple[
    Floats, Floats, Floats, Floats, Floats, Floats, float, float, float, float, float, int, Floats, float
]:  # fmt: skip
    """Newton's way to the mode.

    `mass` (m, K, D), `design` (p, D), `rho` (1 + K + 1, D). Returns v, delta, rho, complaints that each column owns
    (m, K), the same with a complaint's share squared, the reduced Hessian, joint density, likelihood, log determinant
    of the blocks, that of the rest (NaN where rounding made it indefinite), variance of the last column's log total,
    steps, slope of `slope_of_owned`, and the variance of what the last column owns (where that rest is NaN, without the
    slope's part). If `faint`, the last column starts so low that it owns nothing, and a better start is found for it.
    """
    m, k, n_blocks = mass.shape
    p = len(design)
    q = m * k + p
    log_mass = np.empty(m - n_background)
    for e in range(m - n_background):
        log_mass[e] = math.log(max(mass[n_background + e, 0].sum(), TINY))
    place = group % k * n_blocks + group // k
    single, single_new = np.zeros((m, k, n_blocks)), np.zeros((m, k, n_blocks))
    n_pairs = m * (m + 1) // 2
    pair, pair_new = np.zeros((n_pairs, k, n_blocks)), np.zeros((n_pairs, k, n_blocks))
    weight, expected, expected_new = np.empty(mass.shape), np.empty(mass.shape), np.empty(mass.shape)
    flat = weight.reshape(m, k * n_blocks)
    scratch = np.empty((m + 3, max(CHUNK, size.max() if len(size) else 0)))
    mixed = np.empty((k, m + 4, n_blocks))
    shared = np.zeros((q + 3, 2 * n_blocks if split else n_blocks))
    reduced, factor, right = np.empty((q, q)), np.zeros((q, q)), np.empty(q)
    rho_new = np.empty(rho.shape)
    v_new = np.empty((m, k))
    likelihood = heights(mass, n_background, split, block_count, design, v, delta, rho, weight, expected)
    likelihood += evaluate(
        count, place, start, size, column, flat, single.reshape(m, k * n_blocks), pair.reshape(n_pairs, k * n_blocks),
        scratch,
    )  # fmt: skip
    if faint:
        v, delta = v.copy(), delta.copy()
        reduce_system(
            n_background, split, block_count, design, v, delta, rho, single, pair, expected, scale, alpha[:-1],
            log_mass, design_precision, design_offset, known, known_pull, mixed, shared, reduced, right, False,
        )  # fmt: skip
        steep, move = np.empty(k), np.empty(q)
        for y in range(k):
            steep[y] = single[m - 1, y].sum() - expected[m - 1, y].sum()
        seed(reduced, right, steep, v, move, alpha[-1], log_mass[-1], scale)
        move_blocks(rho, split, design, mixed, shared, move, rho_new)
        rho, rho_new = rho_new, rho.copy()
        for j in range(m - 1):
            for y in range(k):
                v[j, y] += move[j * k + y]
        delta += move[m * k :]
        likelihood = heights(mass, n_background, split, block_count, design, v, delta, rho, weight, expected)
        likelihood += evaluate(
            count, place, start, size, column, flat, single.reshape(m, k * n_blocks),
            pair.reshape(n_pairs, k * n_blocks), scratch,
        )  # fmt: skip
    joint = likelihood + log_prior(
        v, delta, rho, n_background, scale, alpha, log_mass, design_precision, design_offset, known, known_pull
    )
    damping = 1e-4
    used = 0
    log_det = 0.0
    settled = False
    exact = iterations > 0
    while True:
        log_det, gain_blocks = reduce_system(
            n_background, split, block_count, design, v, delta, rho, single, pair, expected, scale, alpha, log_mass,
            design_precision, design_offset, known, known_pull, mixed, shared, reduced, right, exact,
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
        shrink = 1.0  # damping holds back the levels alone, not what blocks do
        for turn in range(8):
            definite = math.isfinite(factorise(reduced, damping, factor))
            if exact and (not definite or turn == 2):  # or bent so that no step of it leads up
                exact = False
                shrink = 1.0
                log_det, gain_blocks = reduce_system(
                    n_background, split, block_count, design, v, delta, rho, single, pair, expected, scale, alpha,
                    log_mass, design_precision, design_offset, known, known_pull, mixed, shared, reduced, right, False,
                )  # fmt: skip
                continue
            if not definite:
                damping = max(damping * 10, 1e-2)
                continue
            move = solve(factor, right)
            gain = gain_blocks
            largest = 0.0
            for a in range(q):
                gain += 0.5 * right[a] * move[a]
                largest = max(largest, abs(move[a]))
            if gain < 0.2 * tolerance and largest < 0.5:  # nothing to be had by a step
                break
            move_blocks(rho, split, design, mixed, shared, move, rho_new)
            largest = 0.0
            for a in range(q):
                if move[a] < -0.7 and n_background * k <= a < m * k:  # on its way to nothing: in proportion
                    move[a] = math.log(1.0 + max(move[a], -0.95))
                else:
                    move[a] = min(max(move[a], -1.5), 1.5)
                largest = max(largest, abs(move[a]))
            if shrink < 1.0:
                move *= shrink
                for a in range(len(rho)):
                    for d in range(n_blocks):
                        rho_new[a, d] = rho[a, d] + shrink * (rho_new[a, d] - rho[a, d])
            for j in range(m):
                for y in range(k):
                    v_new[j, y] = min(max(v[j, y] + move[j * k + y], -LARGE), LARGE)
            delta_new = delta + move[m * k :]
            likelihood_new = heights(
                mass, n_background, split, block_count, design, v_new, delta_new, rho_new, weight, expected_new,
            )  # fmt: skip
            likelihood_new += evaluate(
                count, place, start, size, column, flat, single_new.reshape(m, k * n_blocks),
                pair_new.reshape(n_pairs, k * n_blocks), scratch,
            )  # fmt: skip
            joint_new = likelihood_new + log_prior(
                v_new, delta_new, rho_new, n_background, scale, alpha, log_mass, design_precision, design_offset, known,
                known_pull,
            )  # fmt: skip
            if joint_new > joint - 1e-6:
                moved = True
                damping = max(damping / 10, 1e-6)
                gain = joint_new - joint
                v, delta = v_new.copy(), delta_new
                rho, rho_new = rho_new, rho.copy()
                likelihood, joint = likelihood_new, joint_new
                single, single_new = single_new, single
                pair, pair_new = pair_new, pair
                expected, expected_new = expected_new, expected
                break
            damping = max(damping * 10, 1e-2)
            shrink *= 0.4
        settled = not moved or (gain < tolerance and largest < 0.5)
        exact = not settled
    for a in range(q):
        for b in range(a):
            reduced[b, a] = reduced[a, b]
    rest = factorise(reduced, 0.0, factor)
    variance = 0.0
    if math.isfinite(rest):
        part = np.zeros(q)
        part[(m - 1) * k : m * k] = np.exp(v[m - 1] - v[m - 1].max())
        part /= part.sum()
        forward(factor, part)
        for a in range(q):
            variance += part[a] * part[a]
    owned, squared = np.empty((m, k)), np.empty((m, k))
    for j in range(m):
        for y in range(k):
            owned[j, y] = single[j, y].sum()
            squared[j, y] = pair[j * (j + 3) // 2, y].sum()
    slope = np.empty(q)
    apart = slope_of_owned(n_background, split, design, single, pair, mixed, shared, slope)
    if math.isfinite(rest):
        through = slope.copy()
        forward(factor, through)
        for a in range(q):
            apart += through[a] * through[a]
    return v, delta, rho, owned, squared, reduced, joint, likelihood, log_det, rest, variance, used, slope, apart
