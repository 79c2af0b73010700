"""The textbook models against statsmodels and against arithmetic that can be done by hand."""

import warnings

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import false_discovery_control
from sklearn.metrics import average_precision_score
from statsmodels.discrete.conditional_models import ConditionalPoisson

from benchmarks import scoring
from benchmarks.baselines import BASELINES, answer
from benchmarks.baselines.cells import DayTable, day_table, membership
from benchmarks.baselines.claims import named_at
from benchmarks.baselines.regressions import fit_conditional, fit_negative_binomial
from benchmarks.simulated import TROUBLES, simulate


def table(seed: int, *, beta: float = 0.7) -> DayTable:
    """Thirty days, four patterns, two of them exposed from day 15."""
    random = np.random.default_rng(seed)
    exposure = np.zeros((1, 30, 4))
    exposure[0, 15:, :2] = 1.0
    mean = np.array([20.0, 30.0, 25.0, 40.0]) * np.exp(beta * exposure[0] + 0.3 * (np.arange(30)[:, None] - 15) / 30)
    return DayTable(
        counts=random.poisson(mean)[:, :, None].astype(float),
        exposure=exposure,
        cell_day=np.zeros(0, int),
        cell_pattern=np.zeros(0, int),
        publicity=(),
    )


class WithoutTime(DayTable):
    def time_columns(self) -> np.ndarray:
        return np.zeros((len(self.counts), 0))


def test_self_controlled_series_agrees_with_statsmodels_conditional_poisson() -> None:
    case = table(1)
    counts = case.counts.sum(2)
    day, pattern = (a.ravel() for a in np.indices(counts.shape))
    design = np.column_stack([case.time_columns()[day], case.exposure[0][day, pattern]])
    theirs = ConditionalPoisson(counts.ravel(), design, groups=pattern).fit(disp=0)
    ours = fit_conditional(case, ridge=1e-9)
    assert ours.beta[0] == pytest.approx(theirs.params[-1], abs=1e-5)
    scale = ours.error[0] / theirs.bse[-1]  # ours carries the quasi-likelihood scale, at least 1
    assert 1.0 - 1e-3 <= scale < 1.4


def test_self_controlled_series_of_one_person_time_is_the_ratio_of_rates() -> None:
    """One stratum, one exposure, no time: the estimate is the log of the rate in against out of the risk period."""
    case = table(2)
    exposure = np.zeros((1, 30, 1))
    exposure[0, 20:] = 1.0
    counts = np.full((30, 1, 1), 3.0)
    counts[20:] = 9.0

    bare = WithoutTime(
        counts=counts, exposure=exposure, cell_day=case.cell_day, cell_pattern=case.cell_pattern, publicity=()
    )
    found = fit_conditional(bare, ridge=1e-9)
    assert found.beta[0] == pytest.approx(np.log(3.0), abs=1e-6)
    assert found.error[0] == pytest.approx(np.sqrt(1 / 90 + 1 / 60), rel=1e-3)  # of the log of two Poisson counts


def test_self_controlled_series_gives_the_published_worked_example() -> None:
    """Viral meningitis after vaccination, ten children of Oxford: Whitaker and others 2006, doi:10.1002/sim.2302.

    Ages in days from 366 to 730, a second age group from 548, a risk period of 15 to 35 days. Published: relative
    incidence 12.04 (3.00 to 48.26) in the risk period.
    """
    ill = np.array([398, 413, 449, 455, 472, 474, 485, 524, 700, 399])
    vaccinated = np.array([458, 392, 429, 433, 432, 395, 470, 496, 428, 716])
    age = np.arange(366, 731)[:, None]
    risk = (age >= vaccinated + 15) & (age <= vaccinated + 35)
    older = np.broadcast_to(age >= 548, risk.shape)
    series = WithoutTime(
        counts=(age == ill)[:, :, None].astype(float),
        exposure=np.array([older, risk], float),
        cell_day=np.zeros(0, int),
        cell_pattern=np.zeros(0, int),
        publicity=(),
    )
    found = fit_conditional(series, ridge=1e-9)
    assert np.exp(found.beta[1]) == pytest.approx(12.04, abs=0.005)
    assert np.exp(found.beta[0]) == pytest.approx(0.225, abs=0.001)
    assert found.error[1] == pytest.approx(np.log(48.26 / 3.00) / (2 * 1.96), rel=0.03)


def test_negative_binomial_regression_is_statsmodels_own() -> None:
    case = table(3)
    counts = case.counts.sum(2)
    day, pattern = (a.ravel() for a in np.indices(counts.shape))
    design = np.column_stack([np.eye(4)[pattern], case.time_columns()[day], case.exposure[0][day, pattern]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        poisson = sm.GLM(counts.ravel(), design, family=sm.families.Poisson()).fit()
    found = fit_negative_binomial(case)
    assert found.beta[0] == pytest.approx(poisson.params[-1], abs=0.02)  # Poisson counts: nearly the same
    assert found.beta[0] == pytest.approx(0.7, abs=3 * found.error[0])
    assert found.fitted.sum() == pytest.approx(counts.sum(), rel=0.01)


@pytest.mark.parametrize("seed", range(5))
def test_false_discovery_rate_is_scipys(seed: int) -> None:
    p = np.random.default_rng(seed).random(12) ** 3
    np.testing.assert_array_equal(named_at(p) > 0, false_discovery_control(p) <= 0.1)


@pytest.mark.parametrize("seed", range(5))
def test_average_precision_is_sklearns(seed: int) -> None:
    random = np.random.default_rng(seed)
    harmful, score = random.random(50) < 0.3, random.random(50)
    assert scoring.average_precision(harmful, score) == pytest.approx(average_precision_score(harmful, score))


def test_membership_is_one_inside_zero_outside_and_a_share_where_unknown() -> None:
    case = simulate(TROUBLES[0], 5)
    evidence = case.evidence
    assert evidence.usage is not None
    scoped = next(j for j, c in enumerate(evidence.changes) if len(c.scope) == 1)
    dim, values = evidence.changes[scoped].scope[0]
    rows = np.full((3, len(evidence.dimensions)), -1)
    rows[0, dim] = values[0]
    rows[1, dim] = next(v for v in range(len(evidence.dimensions[dim].values)) if v not in values)
    inside = membership(evidence, rows)[scoped]
    share = evidence.usage.share / evidence.usage.share.sum()
    held = share[np.isin(evidence.usage.segments[:, dim], values)].sum()
    np.testing.assert_allclose(inside, [1.0, 0.0, held])
    assert day_table(evidence, 2).counts.sum() == evidence.n_tickets


@pytest.mark.parametrize("name", list(BASELINES))
def test_each_finds_one_large_clear_effect_and_shares_out_every_ticket(name: str) -> None:
    case = simulate(TROUBLES[0], 61, n_harmful=1)
    said = answer(case, BASELINES[name](case.evidence))
    np.testing.assert_allclose(said.tickets.sum(1), 1.0)
    assert (said.tickets >= -1e-9).all()
    assert np.isfinite([said.estimate, said.low, said.high]).all()
    order = [said.keys[j] for j in np.argsort(-said.probability)]
    harmful = [key for key, harm in zip(case.truth.keys, case.truth.harmful, strict=True) if harm]
    assert order[0] == harmful[0]
