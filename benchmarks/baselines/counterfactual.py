"""One structural time series per change, as CausalImpact does (Brodersen and others 2015, doi:10.1214/14-AOAS788).

Daily complaints in scope before the change, explained by a local level, a week where three are seen, and the complaints
out of scope as a control; forecast to its end plus three days. Maximum likelihood takes the place of the Bayesian fit.
"""

import warnings

import numpy as np
from statsmodels.tsa.statespace.structural import UnobservedComponents

from benchmarks.baselines.cells import membership
from benchmarks.baselines.claims import Z90, Claims, named_at, one_sided
from benchmarks.scoring import Floats
from incidents.stats.attribution import CaseEvidence
from incidents.stats.attribution.counting import tally

LEAST_DAYS, WEEKS_FROM = 7, 21
DAYS_AFTER_END = 3
FEWEST_CONTROLS = 20.0


def structural_forecast(evidence: CaseEvidence) -> Claims:
    """Compare complaints in scope with their forecast; named at 10 % false discovery."""
    inside = membership(evidence, evidence.patterns)[:, evidence.cell_pattern]
    day = (evidence.day - evidence.day[0])[evidence.cell_bin]
    n_days = int(evidence.day[-1] - evidence.day[0]) + 1
    n = len(evidence.changes)
    score, excess, error, part = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros((n, len(day)))
    first_day = float(evidence.edges[0]) / 24.0
    for j, change in enumerate(evidence.changes):
        start = int(change.started / 24.0 - first_day)
        stop = n_days
        if change.ended is not None:
            stop = min(n_days, int(change.ended / 24.0 - first_day) + DAYS_AFTER_END)
        if start < LEAST_DAYS or stop - start < 1:
            continue
        own = tally(day, evidence.cell_count * inside[j], n_days)
        others = tally(day, evidence.cell_count * (1 - inside[j]), n_days)
        mean, spread = forecast(own, others if others.sum() > FEWEST_CONTROLS else None, start, stop)
        excess[j] = own[start:stop].sum() - mean
        error[j] = spread
        score[j] = excess[j] / max(spread, 1.0)
        rise = max(0.0, excess[j] / max(own[start:stop].sum(), 1.0))
        part[j] = inside[j] * ((day >= start) & (day < stop)) * rise
    named = named_at(one_sided(score)) * (excess > 0)
    return Claims(
        score=score,
        named=named,
        excess=np.maximum(excess, 0),
        low=excess - Z90 * error,
        high=excess + Z90 * error,
        part=part,
    )


def forecast(series: Floats, control: Floats | None, start: int, stop: int) -> tuple[float, float]:
    """Return the expected sum of `series[start:stop]` from what came before, and its standard deviation.

    The steps of a level add up, so their standard deviations are added; those of single days are independent.
    """
    season = 7 if start >= WEEKS_FROM else None
    before = None if control is None else control[:start, None]
    after = None if control is None else control[start:stop, None]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = UnobservedComponents(series[:start], level="local level", seasonal=season, exog=before)
        fit = model.fit(disp=0, maxiter=60)
        ahead = fit.get_forecast(stop - start, exog=after)
    variance = np.asarray(ahead.var_pred_mean)
    irregular = float(fit.params[list(model.param_names).index("sigma2.irregular")])
    level = np.sqrt(np.maximum(variance - irregular, 0.0)).sum()
    return float(np.sum(ahead.predicted_mean)), float(np.sqrt(level**2 + irregular * (stop - start)))
