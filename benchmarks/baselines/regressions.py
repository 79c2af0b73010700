"""Log-linear models of daily counts: negative binomial regression and the self-controlled case series."""

import warnings
from dataclasses import dataclass

import numpy as np
import statsmodels.api as sm

from benchmarks.baselines.cells import DayTable, day_table
from benchmarks.baselines.claims import Z90, Claims, named_at, one_sided
from benchmarks.scoring import Floats
from incidents.stats.attribution import CaseEvidence

DIMENSIONS = 2
MOVES = 1e-6  # an exposure that varies less cannot be estimated
UNKNOWN_ERROR = 9.0
RIDGE = 1e-2


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLinear:
    """Coefficients of the changes (J,) with standard errors, and fitted counts (D, P)."""

    beta: Floats
    error: Floats
    fitted: Floats


def negative_binomial(evidence: CaseEvidence) -> Claims:
    """Negative binomial regression on day and pattern, dispersion by moments; named at 10 % false discovery."""
    table = day_table(evidence, DIMENSIONS)
    return _claims(table, fit_negative_binomial(table))


def self_controlled(evidence: CaseEvidence) -> Claims:
    """Conditional Poisson within patterns (Farrington 1995), quasi-likelihood scale; named at 10 % false discovery."""
    table = day_table(evidence, DIMENSIONS)
    return _claims(table, fit_conditional(table))


def fit_negative_binomial(table: DayTable) -> LogLinear:
    """Fit log mean = pattern + time + changes by statsmodels' GLM; symptoms share covariates and are added up."""
    counts = table.counts.sum(2)
    day, pattern = (a.ravel() for a in np.indices(counts.shape))
    moves = table.exposure.std((1, 2)) > MOVES
    design = np.column_stack(
        [
            np.eye(counts.shape[1])[pattern],
            table.time_columns()[day],
            *(table.exposure[j][day, pattern] for j in np.flatnonzero(moves)),
        ]
    )
    observed, dispersion = counts.ravel(), 0.05
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(2):
            model = sm.GLM(observed, design, family=sm.families.NegativeBinomial(alpha=dispersion))
            fit = model.fit(maxiter=25)
            mean = np.asarray(fit.mu)
            dispersion = float(np.clip(((observed - mean) ** 2 - mean).sum() / (mean**2).sum(), 1e-3, 2.0))
    beta, error = np.zeros(len(moves)), np.full(len(moves), UNKNOWN_ERROR)
    first = design.shape[1] - int(moves.sum())
    beta[moves], error[moves] = fit.params[first:], fit.bse[first:]
    return LogLinear(beta=beta, error=error, fitted=mean.reshape(counts.shape))


def fit_conditional(table: DayTable, *, rounds: int = 25, ridge: float = RIDGE) -> LogLinear:
    """Fit the days' shares of each pattern's total by Newton's method: each pattern is its own control.

    Symptoms of a pattern share their covariates, so their strata add up to the pattern's.
    """
    time = table.time_columns()
    counts = table.counts.sum(2)  # (D, P)
    n_days, n_patterns = counts.shape
    n_time, n_changes = time.shape[1], len(table.exposure)
    size = n_time + n_changes
    total = counts.sum(0)
    beta = np.zeros(size)
    fixed = np.zeros(size)
    fixed[n_time:] = np.where(table.exposure.std((1, 2)) > MOVES, 0.0, 1e3)
    for _ in range(rounds):
        score, bend = -ridge * beta, np.diag(ridge + fixed)
        fitted = np.zeros_like(counts)
        for p in range(n_patterns):
            columns = np.column_stack([time, table.exposure[:, :, p].T])
            height = np.exp(np.clip(columns @ beta, -20, 20))
            share = height / height.sum()
            centred = columns - share @ columns
            score = score + columns.T @ (counts[:, p] - total[p] * share)
            bend = bend + total[p] * centred.T @ (share[:, None] * centred)
            fitted[:, p] = total[p] * share
        step = np.clip(np.linalg.solve(bend, score), -1, 1)
        beta = beta + step
        if np.abs(step).max(initial=0.0) < 1e-6:
            break
    left = ((counts - fitted) ** 2 / np.maximum(fitted, 1e-9)).sum()
    scale = max(1.0, float(left) / max((n_days - 1) * n_patterns - size, 1))
    error = np.sqrt(np.diag(np.linalg.inv(bend)) * scale)
    return LogLinear(beta=beta[n_time:], error=error[n_time:], fitted=fitted)


def _claims(table: DayTable, fit: LogLinear) -> Claims:
    """Turn rate ratios into excess counts: what the fit expects with the change less what it expects without."""

    def excess(beta: Floats) -> Floats:
        effect = np.maximum(beta, 0.0)[:, None, None] * table.exposure
        return np.asarray((fit.fitted * -np.expm1(-effect)).sum((1, 2)))

    score = fit.beta / np.maximum(fit.error, 1e-9)
    part = -np.expm1(-np.maximum(fit.beta, 0.0)[:, None, None] * table.exposure)
    return Claims(
        score=score,
        named=named_at(one_sided(score)) * (fit.beta > 0),
        excess=excess(fit.beta),
        low=excess(fit.beta - Z90 * fit.error),
        high=excess(np.minimum(fit.beta + Z90 * fit.error, 5.0)),
        part=table.of_cells(part),
    )
