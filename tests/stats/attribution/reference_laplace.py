"""The mixture problem in vectorised NumPy, written apart from the compiled kernel that it checks."""

from dataclasses import dataclass, field

import numpy as np
from scipy.special import gammaln

from incidents.stats.attribution.evidence import Floats
from incidents.stats.attribution.laplace import Mixture

LARGE = 30.0


@dataclass(slots=True, kw_only=True)
class Mode:
    """The mode and Laplace's approximation around it."""

    v: Floats  # (m, K)
    delta: Floats  # (p,)
    level: Floats  # (D,)
    mix: Floats  # (D, K)
    scope: Floats  # (D,)
    log_joint: float
    log_determinant: float
    covariance: Floats  # of (v, delta), random effects integrated out
    share: Floats  # (N, m) share of each column in each cell
    iterations: int
    log_likelihood: float = field(default=0.0)

    @property
    def evidence(self) -> float:
        """Laplace's log marginal likelihood up to what all problems on the same cells share."""
        return self.log_joint - 0.5 * self.log_determinant + 0.5 * np.log(2 * np.pi) * self.v.size


@dataclass(slots=True)
class _Point:
    v: Floats
    delta: Floats
    rho: Floats  # (D, r) level, mix by symptom, scope


class _Evaluated:
    """Value and derivatives at a point."""

    __slots__ = ("group_share", "joint", "likelihood", "mass", "point", "share", "total")

    def __init__(self, problem: Mixture, point: _Point) -> None:
        self.point = point
        n_blocks, m, n_symptoms = problem.mass.shape
        level, mix = point.rho[:, 0], point.rho[:, 1 : 1 + n_symptoms]
        eta = np.broadcast_to(point.v, (n_blocks, m, n_symptoms)).copy()
        eta[:, : problem.n_background] += mix[:, None, :]
        if problem.split:
            eta[:, 0] += point.rho[:, -1][:, None]
        weight = np.exp(np.minimum(eta, LARGE))
        tau = problem.design @ point.delta + level
        height = np.exp(np.clip(tau, -LARGE, LARGE))
        self.mass = height[:, None, None] * weight * problem.mass
        self.total = self.mass.sum((1, 2))
        table = weight.transpose(0, 2, 1).reshape(n_blocks * n_symptoms, m)[problem.group]
        part = np.repeat(table, problem.size, axis=0)
        part *= problem.column.T
        rate = part.sum(1)
        np.maximum(rate, 1e-300, out=rate)
        self.likelihood = float(problem.count @ np.log(rate) + problem.block_count @ tau - self.total.sum())
        part /= rate[:, None]
        self.share = part
        self.joint = self.likelihood + _log_prior(problem, point)


def _log_prior(problem: Mixture, point: _Point) -> float:
    n_symptoms = problem.mass.shape[2]
    rho = point.rho
    out = -0.5 * float((problem.design_precision * (problem.design_offset + point.delta) ** 2).sum())
    out -= 0.5 * float((rho[:, 0] ** 2).sum()) / problem.level_variance
    out -= 0.5 * float((rho[:, 1 : 1 + n_symptoms] ** 2).sum()) / problem.mix_variance
    if problem.split:
        out -= 0.5 * float((rho[:, -1] ** 2).sum()) / problem.scope_variance
    level = point.v[: problem.n_background].ravel()
    out += float(problem.known_pull @ level - 0.5 * level @ problem.known @ level)
    total = problem.mass.sum((0, 2)) / n_symptoms
    for k, alpha in enumerate(problem.profiles, problem.n_background):
        v = point.v[k]
        log_sum = v.max() + np.log(np.exp(v - v.max()).sum())
        z = (log_sum + np.log(max(total[k], 1e-300)) - problem.log_total_mean) / problem.log_total_spread
        out += float(gammaln(alpha.sum()) - gammaln(alpha).sum() + alpha @ (v - log_sum))
        out += -0.5 * z * z - np.log(problem.log_total_spread) - 0.5 * np.log(2 * np.pi)
    return float(out)


def _derivatives(problem: Mixture, at: _Evaluated) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Return gradient and (negated, positive) Hessian blocks."""
    n_blocks, m, n_symptoms = problem.mass.shape
    p = problem.design.shape[1]
    r = at.point.rho.shape[1]
    n_groups = n_blocks * n_symptoms
    weighted = at.share * problem.count[:, None]
    pair = np.zeros((n_groups, m, m))
    single = np.zeros((n_groups, m))
    if len(problem.start):
        single[problem.group] = np.add.reduceat(weighted, problem.start, axis=0)
        product = weighted[:, :, None] * at.share[:, None, :]
        pair[problem.group] = np.add.reduceat(product.reshape(len(product), m * m), problem.start, axis=0).reshape(
            -1, m, m
        )
    pair = pair.reshape(n_blocks, n_symptoms, m, m)
    single = single.reshape(n_blocks, n_symptoms, m).transpose(0, 2, 1)  # (D, m, K)
    slope = single - at.mass
    b = problem.n_background
    # gradient
    gradient_v = slope.sum(0)
    gradient_rho = np.empty((n_blocks, r))
    gradient_rho[:, 0] = problem.block_count - at.total - at.point.rho[:, 0] / problem.level_variance
    mix = at.point.rho[:, 1 : 1 + n_symptoms]
    gradient_rho[:, 1 : 1 + n_symptoms] = slope[:, :b].sum(1) - mix / problem.mix_variance
    if problem.split:
        gradient_rho[:, -1] = slope[:, 0].sum(1) - at.point.rho[:, -1] / problem.scope_variance
    gradient_delta = problem.design.T @ (problem.block_count - at.total) - problem.design_precision * (
        problem.design_offset + at.point.delta
    )
    # Hessian, random effects
    block = np.zeros((n_blocks, r, r))
    lack = np.maximum(at.total - problem.block_count, 0.0)
    background_single = single[:, :b].sum(1)  # (D, K)
    background_pair = pair[:, :, :b, :].sum(2)  # (D, K, m)
    block[:, 0, 0] = problem.block_count + lack + 1.0 / problem.level_variance
    block[:, 0, 1 : 1 + n_symptoms] = block[:, 1 : 1 + n_symptoms, 0] = background_single
    index = np.arange(1, 1 + n_symptoms)
    short = np.maximum((at.mass - single)[:, :b].sum(1), 0.0)
    block[:, index, index] = background_pair[:, :, :b].sum(2) + short + 1.0 / problem.mix_variance
    cross = np.zeros((n_blocks, r, m * n_symptoms + p))
    cross[:, 0, : m * n_symptoms] = single.reshape(n_blocks, -1)
    cross_mix = cross[:, 1 : 1 + n_symptoms, : m * n_symptoms].reshape(n_blocks, n_symptoms, m, n_symptoms)
    symptom = np.arange(n_symptoms)
    cross_mix[:, symptom, :, symptom] = background_pair.transpose(1, 0, 2)
    if problem.split:
        block[:, 0, -1] = block[:, -1, 0] = single[:, 0].sum(1)
        block[:, 1:-1, -1] = block[:, -1, 1:-1] = background_pair[:, :, 0]
        block[:, -1, -1] = pair[:, :, 0, 0].sum(1) + 1.0 / problem.scope_variance
        cross[:, -1, : m * n_symptoms] = pair[:, :, 0, :].transpose(0, 2, 1).reshape(n_blocks, -1)
    own = block[:, :, 0].copy()
    own[:, 0] -= 1.0 / problem.level_variance + lack
    cross[:, :, m * n_symptoms :] = own[:, :, None] * problem.design[:, None, :]
    # Hessian, the rest
    q = m * n_symptoms + p
    rest = np.zeros((q, q))
    full = rest[: m * n_symptoms, : m * n_symptoms].reshape(m, n_symptoms, m, n_symptoms)
    full[:, symptom, :, symptom] = pair.sum(0)
    crossed = np.einsum("dc,dp->cp", single.reshape(n_blocks, -1), problem.design)
    rest[: m * n_symptoms, m * n_symptoms :] = crossed
    rest[m * n_symptoms :, : m * n_symptoms] = crossed.T
    rest[m * n_symptoms :, m * n_symptoms :] = problem.design.T @ (
        (problem.block_count + lack)[:, None] * problem.design
    )
    diagonal = np.arange(q)
    rest[diagonal[m * n_symptoms :], diagonal[m * n_symptoms :]] += problem.design_precision + 1e-9
    extra = np.maximum(-gradient_v, 0.0)
    _add_prior(problem, at.point, gradient_v, rest)
    rest[diagonal[: m * n_symptoms], diagonal[: m * n_symptoms]] += extra.ravel()
    gradient = np.concatenate([gradient_v.ravel(), gradient_delta])
    return gradient, gradient_rho, rest, cross, block


def _add_prior(problem: Mixture, point: _Point, gradient_v: Floats, rest: Floats) -> None:
    """Add the priors of v to gradient and Hessian in place."""
    n_symptoms = point.v.shape[1]
    b = problem.n_background
    pulled = problem.known_pull - problem.known @ point.v[:b].ravel()
    gradient_v[:b] += pulled.reshape(b, n_symptoms)
    rest[: b * n_symptoms, : b * n_symptoms] += problem.known
    total = problem.mass.sum((0, 2)) / n_symptoms
    for k, alpha in enumerate(problem.profiles, b):
        v = point.v[k]
        p = np.exp(v - v.max())
        log_sum = v.max() + np.log(p.sum())
        p /= p.sum()
        variance = problem.log_total_spread**2
        z = (log_sum + np.log(max(total[k], 1e-300)) - problem.log_total_mean) / variance
        gradient_v[k] += alpha - alpha.sum() * p - z * p
        part = slice(k * n_symptoms, (k + 1) * n_symptoms)
        bend = alpha.sum() + max(z, -0.8 * alpha.sum())
        rest[part, part] += bend * (np.diag(p) - np.outer(p, p)) + np.outer(p, p) / variance


def find_mode(
    problem: Mixture,
    v: Floats,
    *,
    delta: Floats | None = None,
    rho: Floats | None = None,
    iterations: int = 12,
    tolerance: float = 0.02,
) -> Mode:
    """Return the mode from a start; damped Newton steps, each of which raises the joint density."""
    n_blocks, m, n_symptoms = problem.mass.shape
    p = problem.design.shape[1]
    r = 1 + n_symptoms + (1 if problem.split else 0)
    point = _Point(
        v.copy(),
        np.zeros(p) if delta is None else delta.copy(),
        np.zeros((n_blocks, r)) if rho is None or rho.shape[1] != r else rho.copy(),
    )
    at = _Evaluated(problem, point)
    damping = 1e-4
    used = 0
    while used < iterations:
        used += 1
        gradient, gradient_rho, rest, cross, block = _derivatives(problem, at)
        moved = False
        for _ in range(6):
            solved = np.linalg.solve(block, np.concatenate([cross, gradient_rho[:, :, None]], axis=2))
            reduced = rest - np.tensordot(cross, solved[:, :, :-1], axes=((0, 1), (0, 1)))
            right = gradient - np.tensordot(cross, solved[:, :, -1], axes=((0, 1), (0, 1)))
            diagonal = np.einsum("ii->i", reduced)
            diagonal += damping * np.maximum(diagonal, 1e-3)
            try:
                move = np.linalg.solve(reduced, right)
            except np.linalg.LinAlgError:
                damping = max(damping * 10, 1e-2)
                continue
            move_rho = solved[:, :, -1] - solved[:, :, :-1] @ move
            move = np.clip(move, -1.5, 1.5)
            nxt = _Point(
                np.clip(point.v + move[: m * n_symptoms].reshape(m, n_symptoms), -LARGE, LARGE),
                point.delta + move[m * n_symptoms :],
                np.clip(point.rho + np.clip(move_rho, -1.5, 1.5), -8.0, 8.0),
            )
            trial = _Evaluated(problem, nxt)
            if trial.joint > at.joint - 1e-6:
                moved = True
                damping = max(damping / 10, 1e-6)
                break
            damping = max(damping * 10, 1e-2)
        if not moved:
            break
        gain = trial.joint - at.joint
        point, at = nxt, trial
        if gain < tolerance and np.abs(move).max() < 0.5:
            break
    _, _, rest, cross, block = _derivatives(problem, at)
    factor = np.linalg.cholesky(block)
    log_det = 2.0 * float(np.log(np.einsum("dii->di", factor)).sum())
    reduced = rest - np.tensordot(cross, np.linalg.solve(block, cross), axes=((0, 1), (0, 1)))
    values, vectors = np.linalg.eigh(reduced)
    values = np.maximum(values, 1e-6)
    log_det += float(np.log(values).sum())
    return Mode(
        v=point.v,
        delta=point.delta,
        level=point.rho[:, 0],
        mix=point.rho[:, 1 : 1 + n_symptoms],
        scope=point.rho[:, -1] if problem.split else np.zeros(n_blocks),
        log_joint=at.joint,
        log_determinant=log_det,
        covariance=(vectors / values) @ vectors.T,
        share=at.share,
        iterations=used,
        log_likelihood=at.likelihood,
    )
