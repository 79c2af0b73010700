"""All changes at once in an additive Poisson model, fitted by expectation-maximisation.

    rate(d, o, y) = time(d) [ background(o, y) + sum_j theta_j(y) exposure_j(d, o) ]      day d, pattern o, symptom y

Like the engine it adds excesses to a background and shares each complaint out; unlike it, it takes every change for
harmful, knows one delay, no over-dispersion and no doubt about which change owns a rise.
"""

import numpy as np

from benchmarks.baselines.cells import day_table
from benchmarks.baselines.claims import Z90, Claims
from benchmarks.scoring import Floats
from incidents.stats.attribution import CaseEvidence

DIMENSIONS = 4
ROUNDS = 150
PROFILE = 0.5  # pseudo-counts that keep a change's symptoms off zero
MIX = 10.0  # pseudo-counts that draw a pattern's symptoms to those of all
DEVIATIONS, LEAST_SHARE = 3.0, 0.01


def additive(evidence: CaseEvidence) -> Claims:
    """Fit all changes together; named above three standard errors and 1 % of all complaints."""
    table = day_table(evidence, DIMENSIONS)
    counts, exposure = table.counts, table.exposure
    n_changes, total = len(exposure), float(counts.sum())
    use = counts.sum((0, 2)) / max(total, 1.0)  # a pattern's share of complaints stands for its use
    reach = exposure * use[None, None, :]
    design = np.column_stack([np.ones(len(counts)), table.time_columns()])
    slope, time = np.zeros(design.shape[1]), np.ones(len(counts))
    background = counts.sum(0) / len(counts) + 1e-6
    theta = np.full((n_changes, counts.shape[2]), 0.02 * total) / np.maximum(reach.sum((1, 2)), 1e-6)[:, None]
    theta /= counts.shape[2]
    for _ in range(ROUNDS):
        parts = np.einsum("jk,jdp->jdpk", theta, reach)
        share = counts / np.maximum(background + parts.sum(0), 1e-300)
        owned = (share * background).sum(0)
        raised = np.einsum("jdpk,dpk->jk", parts, share)
        level = owned.sum(1, keepdims=True)
        mix = owned.sum(0) / max(owned.sum(), 1e-9)
        background = level * (owned + MIX * mix) / (level + MIX) / time.sum() + 1e-9
        mass = np.einsum("d,jdp->j", time, reach)[:, None]
        all_raised = raised.sum(1, keepdims=True)
        profile = (raised + PROFILE / counts.shape[2]) / (all_raised + PROFILE)
        theta = np.where(mass > 1e-9, all_raised * profile / np.maximum(mass, 1e-9), 0.0)
        slope, time = _times(design, slope, counts.sum((1, 2)), (background + parts.sum(0)).sum((1, 2)))
    parts = np.einsum("jk,jdp->jdpk", theta, reach)
    share = parts / np.maximum(background + parts.sum(0), 1e-300)
    excess = (share * counts).sum((1, 2, 3))
    information = (share**2 * counts).sum((1, 2, 3))
    error = excess / np.sqrt(np.maximum(information, 1e-6))
    score = excess / np.maximum(error, 1e-9)
    return Claims(
        score=score,
        named=((score > DEVIATIONS) & (excess > LEAST_SHARE * total)).astype(float),
        excess=excess,
        low=excess - Z90 * error,
        high=excess + Z90 * error,
        part=share[:, table.cell_day, table.cell_pattern, evidence.cell_symptom],
    )


def _times(design: Floats, slope: Floats, counts: Floats, expected: Floats) -> tuple[Floats, Floats]:
    """One Newton step of the Poisson regression of day totals on time, given what a day at rate 1 would bring."""
    time = np.exp(np.clip(design @ slope, -10, 10))
    mean = time * expected
    bend = design.T @ (mean[:, None] * design) + 1e-2 * np.eye(design.shape[1])
    step = np.linalg.solve(bend, design.T @ (counts - mean) - 1e-2 * slope)
    slope = slope + np.clip(step, -0.5, 0.5)
    return slope, np.exp(np.clip(design @ slope, -10, 10))
