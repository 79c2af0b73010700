"""Marginal likelihood of a mixture of background and excesses, random effects of time blocks integrated
out.

Cell i in block d with symptom y has the rate

    h_d exp(w_d) [ sum over background columns k of exp(v_ky + z_dy + s_d 1{k = in scope}) x_ik
                   + sum over excess columns k of exp(v_ky) x_ik ]

with h_d = exp(X_d delta) and Gaussian w, z, s: a block's level, its mix of symptoms, and its share of the
scope under test. Newton's method finds the mode of all of them; the blocks are independent given the
rest, so their part is eliminated block by block (Schur complement), and the same factors give Laplace's
approximation of the marginal likelihood (Tierney and Kadane 1986, doi:10.1080/01621459.1986.10478240).
"""

import math
from dataclasses import dataclass, field

import numpy as np

from incidents.stats.attribution.evidence import Floats, Ints
from incidents.stats.attribution.kernel import climb


@dataclass(slots=True, kw_only=True)
class Mixture:
    """One problem. N cells sorted by (block, symptom), m columns of which the first `n_background` are
    background.

    `column` (m, N) exposures relative to the background's shape; `mass` (D, m, K) expected complaints per
    block, column and symptom at v = 0; `split`: the first of two background columns is the scope under
    test.
    """

    count: Floats  # (N,)
    group: Ints  # (G,) block * K + symptom of each group of cells, increasing
    start: Ints  # (G,) first cell of each group
    size: Ints  # (G,)
    column: Floats
    mass: Floats
    n_background: int
    split: bool
    block_count: Floats  # (D,)
    design: Floats  # (D, p) regression of the blocks' log level
    design_precision: Floats  # (p,)
    design_offset: Floats  # (p,) current value of the coefficients, to which the prior refers
    level_variance: float
    mix_variance: float
    scope_variance: float
    profiles: list[Floats]  # Dirichlet parameters (K,) of each excess column
    log_total_mean: float
    log_total_spread: float
    known: Floats  # (q, q) prior precision of the background's levels, q = n_background * K
    known_pull: Floats  # (q,) its linear term: the prior's mean times its precision


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
    precision: Floats  # of (v, delta), random effects integrated out
    owned: Floats  # (m, K) complaints that each column owns
    squared: Floats  # (m, K) the same, each complaint's share squared
    total_variance: float  # of the logarithm of the last column's total
    iterations: int
    log_likelihood: float = field(default=0.0)
    owned_variance: float = 0.0  # of the number of complaints that the last column owns, see `owned`

    @property
    def evidence(self) -> float:
        """Laplace's log marginal likelihood up to what all problems on the same cells share."""
        return float(self.log_joint - 0.5 * self.log_determinant + 0.5 * np.log(2 * np.pi) * self.v.size)


def find_mode(
    problem: Mixture,
    v: Floats,
    *,
    delta: Floats | None = None,
    rho: Floats | None = None,
    iterations: int = 12,
    tolerance: float = 0.02,
    faint: bool = False,
) -> Mode:
    """Return the mode from a start; damped Newton steps, each of which raises the joint density.

    If `faint`, the last column starts so low that it owns nothing; a better start for it is found from there.
    """
    n_blocks, _, n_symptoms = problem.mass.shape
    r = 1 + n_symptoms + (1 if problem.split else 0)
    scale = _scale(problem)
    v, delta, rho, owned, squared, reduced, joint, likelihood, log_det, rest, variance, used, slope, apart = climb(
        problem.count,
        problem.group,
        problem.start,
        problem.size,
        np.ascontiguousarray(problem.column),
        np.ascontiguousarray(problem.mass.transpose(1, 2, 0)),
        problem.n_background,
        problem.split,
        problem.block_count,
        np.ascontiguousarray(problem.design.T),  # one layout: another would be compiled anew, for half a minute
        problem.design_precision,
        problem.design_offset,
        scale,
        np.array(problem.profiles, dtype=np.float64).reshape(-1, n_symptoms),
        problem.known,
        problem.known_pull,
        np.ascontiguousarray(v, dtype=np.float64),
        np.zeros(problem.design.shape[1]) if delta is None else np.ascontiguousarray(delta),
        np.zeros((r, n_blocks)) if rho is None or rho.shape[1] != r else np.ascontiguousarray(rho.T),
        iterations,
        tolerance,
        faint,
    )
    if not math.isfinite(rest):
        reduced, rest, variance = _raised(reduced, v)
        apart += float(slope @ np.linalg.solve(reduced, slope))
    return Mode(
        v=v,
        delta=delta,
        level=rho[0],
        mix=rho[1 : 1 + n_symptoms].T,
        scope=rho[-1] if problem.split else np.zeros(n_blocks),
        log_joint=joint,
        log_determinant=log_det + rest,
        precision=reduced,
        total_variance=variance,
        owned=owned,
        squared=squared,
        iterations=used,
        log_likelihood=likelihood,
        owned_variance=apart,
    )


def _scale(problem: Mixture) -> Floats:
    """Variances and prior constants in the order in which the kernel reads them."""
    return np.array(
        [
            problem.level_variance,
            problem.mix_variance,
            problem.scope_variance,
            problem.log_total_mean,
            problem.log_total_spread,
        ]
    )


def _raised(reduced: Floats, v: Floats) -> tuple[Floats, float, float]:
    """Return a Hessian that rounding made indefinite with its diagonal raised, its log determinant, total variance."""
    part = np.zeros(len(reduced))
    part[v.size - len(v[-1]) : v.size] = np.exp(v[-1] - v[-1].max())
    part /= part.sum()
    scale = float(np.abs(np.diag(reduced)).max())
    for power in range(-12, 0):
        raised = reduced + scale * 10.0**power * np.eye(len(reduced))
        try:
            factor = np.linalg.cholesky(raised)
        except np.linalg.LinAlgError:
            continue
        return raised, 2.0 * float(np.log(np.diag(factor)).sum()), float(part @ np.linalg.solve(raised, part))
    raise np.linalg.LinAlgError("The Hessian at the mode is not definite.")
